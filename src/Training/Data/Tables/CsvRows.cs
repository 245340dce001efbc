namespace OnnxFunctional.Training.Data;

/// <summary>The rows of text tables as batches, read while they are used: for tables larger than memory, in files that may be packed with gzip.</summary>
/// <remarks>
/// <para>
/// Features are one float32 array [rows, features], or several by the names of inputs (<see cref="CsvOptions.Inputs"/>). Targets are float32 [rows, targets],
/// or class indices, int64 [rows], if the target is a category or a whole number.
/// </para>
/// <para>
/// Rows come in the order of the files. Batches of many rows, <c>rows.Batches.Shuffle(100)</c>, are shuffled as blocks.
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
    private readonly string[] _paths;
    private readonly CsvOptions _options;
    private readonly RowPlan _plan;

    private CsvRows(string[] paths, CsvOptions options, RowPlan plan)
    {
        (_paths, _options, _plan) = (paths, options, plan);
        Batches = Dataset.From(_ => Read());
    }

    /// <summary>The rows; each enumeration reads the files from the beginning.</summary>
    public Dataset<Batch> Batches { get; }

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

    private IEnumerable<Batch> Read()
    {
        var maker = new BatchMaker(_plan, _options);
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

        if (maker.Rows > 0 && !_options.DropRemainder) yield return maker.Take();
        else if (!any) throw new DataException($"'{_paths[0]}' has no rows that can be used{(_paths.Length > 1 ? ", nor have the other files" : "")}.");
    }
}
