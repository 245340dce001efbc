namespace OnnxFunctional.Training.Data;

/// <summary>The rows of a table as batches, read while they are used: for tables larger than memory.</summary>
/// <remarks>
/// <para>
/// Features are one float32 array [rows, features], or several by the names of inputs (<see cref="TableOptions.Inputs"/>). Targets are float32 [rows, targets],
/// or class indices, int64 [rows], if the target is a category or a whole number.
/// </para>
/// <para>
/// <see cref="Batches"/> come in the order of the table. <c>rows.Samples.Shuffle(50_000).Batch(256)</c> shuffles rows: the more, the better they are mixed; the
/// memory is that of about four times as many rows. <see cref="ReadAll"/> reads all rows into memory.
/// </para>
/// </remarks>
public sealed class TableRows
{
    // A block is kept while a shuffle holds one of its rows: small ones waste less.
    private const int BlockRows = 64;
    private const int MostRowsAhead = 1 << 14;
    private const int PartElements = 1 << 20;

    private readonly IReadOnlyList<TableSource> _sources;
    private readonly RowPlan _plan;

    /// <summary>Finds out what the columns become; reads all rows once if there are vocabularies or means to be found.</summary>
    /// <param name="sources">The parts of the table, in the order of their rows.</param>
    /// <param name="options">What the columns become.</param>
    /// <exception cref="ArgumentException">The first part has no column of a name.</exception>
    /// <exception cref="DataException">A part cannot be read, or a category or mean cannot be found out.</exception>
    /// <exception cref="ModelException">Options do not go together.</exception>
    internal TableRows(IReadOnlyList<TableSource> sources, TableOptions options)
    {
        options.Check();
        (_sources, _plan) = (sources, new RowPlan(options, sources[0].ReadHeader()));
        FirstPass.Run(sources, _plan);
        _plan.Place();
        var stage = sources[0].Stage;
        Batches = Dataset.Timed(_ => Read(options.BatchSize, options.DropRemainder), stage);
        var rowsAhead = Math.Clamp(PartRows, BlockRows, MostRowsAhead);
        var blocks = Dataset.Timed(_ => Read(BlockRows, dropRemainder: false).Select(rows => new SampleBlock(rows.X, rows.Y, null)), stage)
            .Prefetch(rowsAhead / BlockRows);
        Samples = Dataset.Samples(blocks.Elements, Ahead.On(1, rowsAhead), blocks.Counts);
    }

    /// <summary>The rows of a few megabytes.</summary>
    private int PartRows => Math.Max(1, PartElements / Math.Max(1, _plan.Arrays.Sum(array => array.Width)));

    /// <summary>The rows in batches, in the order of the table; each enumeration reads them from the beginning.</summary>
    public Dataset<Batch> Batches { get; }

    /// <summary>The rows one by one, to be shuffled and put into batches; another thread reads ahead.</summary>
    public Dataset<Batch> Samples { get; }

    /// <summary>The names of the features, in the order of the array, input after input: <c>size</c>, <c>city=Rome</c>, <c>sold.Month</c>.</summary>
    public IReadOnlyList<string> FeatureNames => _plan.FeatureNames;

    /// <summary>The words of a category by index, without the index of other words.</summary>
    /// <param name="column">The name of the column.</param>
    /// <exception cref="ArgumentException">The column is no category.</exception>
    public IReadOnlyList<string> Categories(string column) => _plan.ReaderOf(column) is CategoryCell words
        ? words.Vocabulary
        : throw new ArgumentException($"Column '{column}' is no category. Say so in TableOptions.Columns: TableColumn.Category().", nameof(column));

    /// <summary>Reads all rows into memory, of which up to twice as much is needed: <c>var (x, y, _) = rows.ReadAll();</c></summary>
    /// <exception cref="DataException">A file is missing or damaged, a cell is not what it should be, or there are no rows.</exception>
    /// <exception cref="ModelException">The rows are too many for an array.</exception>
    public Batch ReadAll()
    {
        var parts = Read(PartRows, dropRemainder: false).ToList();
        return new(NDArrays.Concatenate([.. parts.Select(part => part.X)]), NDArrays.Concatenate([.. parts.Select(part => part.Y)]));
    }

    private IEnumerable<Batch> Read(int size, bool dropRemainder)
    {
        var maker = new BatchMaker(_plan, size);
        var any = false;
        foreach (var source in _sources)
        {
            using var table = source.Open(_plan.Columns);
            while (source.Guarded(() => maker.Fill(table)))
            {
                any = true;
                yield return maker.Take();
            }
        }

        if (maker.Rows > 0 && !dropRemainder) yield return maker.Take();
        else if (!any) throw new DataException($"{_sources[0].Name} has no rows that can be used{(_sources.Count > 1 ? ", nor have the other files" : "")}.");
    }
}
