namespace OnnxFunctional.Training.Data;

/// <summary>The rows of text tables as batches, read while they are used: for tables larger than memory, in files that may be packed with gzip.</summary>
/// <remarks>
/// <para>
/// Features are one float32 array [rows, features], or several by the names of inputs (<see cref="CsvOptions.Inputs"/>). Targets are float32 [rows, targets],
/// or class indices, int64 [rows], if the target is a category or a whole number.
/// </para>
/// <para>
/// <see cref="Batches"/> come in the order of the files. <c>rows.Samples.Shuffle(50_000).Batch(256)</c> shuffles rows: the more, the better they are mixed; the
/// memory is that of about four times as many rows. <see cref="ReadAll"/> reads all rows into memory.
/// </para>
/// </remarks>
/// <example><code>
/// var rows = CsvRows.Open(["2025.csv.gz", "2026.csv.gz"], new CsvOptions
/// {
///     Targets = ["price"],
///     Columns = { ["city"] = CsvColumn.OneHot() },
///     BatchSize = 256,
/// });
/// trainer.Fit(rows.Batches.Prefetch(2), epochs: 3);
/// </code></example>
public sealed class CsvRows
{
    // A block is kept while a shuffle holds one of its rows: small ones waste less.
    private const int BlockRows = 64;
    private const int MostRowsAhead = 1 << 14;
    private const int PartElements = 1 << 20;

    private readonly string[] _paths;
    private readonly CsvOptions _options;
    private readonly RowPlan _plan;

    private CsvRows(string[] paths, CsvOptions options, RowPlan plan)
    {
        (_paths, _options, _plan) = (paths, options, plan);
        Batches = Dataset.Timed(_ => Read(options.BatchSize, options.DropRemainder), nameof(CsvRows));
        var rowsAhead = Math.Clamp(PartRows, BlockRows, MostRowsAhead);
        var blocks = Dataset.Timed(_ => Read(BlockRows, dropRemainder: false).Select(rows => new SampleBlock(rows.X, rows.Y, null)), nameof(CsvRows))
            .Prefetch(rowsAhead / BlockRows);
        Samples = Dataset.Samples(blocks.Elements, Ahead.On(1, rowsAhead), blocks.Counts);
    }

    /// <summary>The rows of a few megabytes.</summary>
    private int PartRows => Math.Max(1, PartElements / Math.Max(1, _plan.Arrays.Sum(array => array.Width)));

    /// <summary>The rows in batches, in the order of the files; each enumeration reads them from the beginning.</summary>
    public Dataset<Batch> Batches { get; }

    /// <summary>The rows one by one, to be shuffled and put into batches; another thread reads ahead.</summary>
    public Dataset<Batch> Samples { get; }

    /// <summary>The names of the features, in the order of the array, input after input: <c>size</c>, <c>city=Rome</c>, <c>sold.Month</c>.</summary>
    public IReadOnlyList<string> FeatureNames => _plan.FeatureNames;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How it is written, and what its columns become.</param>
    /// <exception cref="ArgumentException">The file has no column of a name.</exception>
    /// <exception cref="DataException">The file is missing, damaged or not UTF-8, or a category or mean cannot be found out.</exception>
    /// <exception cref="ModelException">Options do not go together.</exception>
    public static CsvRows Open(string path, CsvOptions options) => Open([path], options);

    /// <summary>Opens files that have the same columns, in any order if they have headers.</summary>
    /// <remarks>Reads the first row of the first file; all rows of all files once if there are vocabularies or means to be found.</remarks>
    /// <param name="paths">The files, in the order of their rows.</param>
    /// <param name="options">How they are written, and what their columns become.</param>
    /// <exception cref="ArgumentException">The first file has no column of a name.</exception>
    /// <exception cref="DataException">A file is missing, damaged or not UTF-8, or a category or mean cannot be found out.</exception>
    /// <exception cref="ModelException">Options do not go together.</exception>
    public static CsvRows Open(IReadOnlyList<string> paths, CsvOptions options)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(options);
        if (paths.Count == 0) throw new ArgumentException("CsvRows has no files. Give at least one.", nameof(paths));
        options.Check();
        var plan = DataFile.Read(paths[0], file =>
        {
            using var cursor = new CsvCursor(file, options);
            return new RowPlan(options, new CsvHeader(file.Name, cursor.Names));
        });
        FirstPass.Run(paths, options, plan);
        plan.Place();
        return new([.. paths.Select(Path.GetFullPath)], options, plan);
    }

    /// <summary>The words of a category by index, without the index of other words.</summary>
    /// <param name="column">The name of the column.</param>
    /// <exception cref="ArgumentException">The column is no category.</exception>
    public IReadOnlyList<string> Categories(string column) => _plan.ReaderOf(column) is CategoryCell words
        ? words.Vocabulary
        : throw new ArgumentException($"Column '{column}' is no category. Say so in CsvOptions.Columns: CsvColumn.Category().", nameof(column));

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
        var maker = new BatchMaker(_plan, _options, size);
        var any = false;
        foreach (var path in _paths)
        {
            using var file = CsvFile.Open(path, _options, _plan);
            while (DataFile.Guarded(path, () => maker.Fill(file)))
            {
                any = true;
                yield return maker.Take();
            }
        }

        if (maker.Rows > 0 && !dropRemainder) yield return maker.Take();
        else if (!any) throw new DataException($"'{_paths[0]}' has no rows that can be used{(_paths.Length > 1 ? ", nor have the other files" : "")}.");
    }
}
