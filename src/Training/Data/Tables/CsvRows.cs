namespace OnnxFunctional.Training.Data;

/// <summary>Opens text tables whose rows are read while they are used: for those larger than memory, in files that may be packed with gzip.</summary>
/// <example><code>
/// var rows = CsvRows.Open(["2025.csv.gz", "2026.csv.gz"], new CsvOptions
/// {
///     Targets = ["price"],
///     Columns = { ["city"] = TableColumn.OneHot() },
///     BatchSize = 256,
/// });
/// trainer.Fit(rows.Batches.Prefetch(2), epochs: 3);
/// </code></example>
public static class CsvRows
{
    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How it is written, and what its columns become.</param>
    /// <exception cref="ArgumentException">The file has no column of a name.</exception>
    /// <exception cref="DataException">The file is missing, damaged or not UTF-8, or a category or mean cannot be found out.</exception>
    /// <exception cref="ModelException">Options do not go together.</exception>
    public static TableRows Open(string path, CsvOptions options) => Open([path], options);

    /// <summary>Opens files that have the same columns, in any order if they have headers.</summary>
    /// <remarks>Reads the first row of the first file; all rows of all files once if there are vocabularies or means to be found.</remarks>
    /// <param name="paths">The files, in the order of their rows.</param>
    /// <param name="options">How they are written, and what their columns become.</param>
    /// <exception cref="ArgumentException">The first file has no column of a name.</exception>
    /// <exception cref="DataException">A file is missing, damaged or not UTF-8, or a category or mean cannot be found out.</exception>
    /// <exception cref="ModelException">Options do not go together.</exception>
    public static TableRows Open(IReadOnlyList<string> paths, CsvOptions options)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(options);
        if (paths.Count == 0) throw new ArgumentException("CsvRows has no files. Give at least one.", nameof(paths));
        return new([.. paths.Select(path => new CsvSource(path, options))], options);
    }
}
