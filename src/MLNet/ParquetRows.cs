using OnnxFunctional.MLNet.Tables;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.MLNet;

/// <summary>Opens Parquet files whose rows are read while they are used: for tables larger than memory.</summary>
/// <remarks>
/// Only the columns that are used are read, of one row group at a time, whose memory is needed. Null and NaN are missing values. A column of lists, bytes or
/// structures must be left out; the fields of a structure are columns: <c>address/town</c>.
/// </remarks>
/// <example><code>
/// var rows = ParquetRows.Open("houses.parquet", new TableOptions
/// {
///     Targets = ["price"],
///     Columns = { ["town"] = TableColumn.OneHot() },
/// });
/// trainer.Fit(rows.Samples.Shuffle(50_000).Batch(256), epochs: 3);
/// </code></example>
public static class ParquetRows
{
    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">What its columns become.</param>
    /// <exception cref="ArgumentException">The file has no column of a name.</exception>
    /// <exception cref="DataException">The file is missing or damaged, or a category or mean cannot be found out.</exception>
    /// <exception cref="ModelException">Options do not go together.</exception>
    public static TableRows Open(string path, TableOptions options) => Open([path], options);

    /// <summary>Opens files that have the same columns, in any order.</summary>
    /// <remarks>Reads all rows of all files once if there are vocabularies or means to be found.</remarks>
    /// <param name="paths">The files, in the order of their rows.</param>
    /// <param name="options">What their columns become.</param>
    /// <exception cref="ArgumentException">The first file has no column of a name.</exception>
    /// <exception cref="DataException">A file is missing or damaged, or a category or mean cannot be found out.</exception>
    /// <exception cref="ModelException">Options do not go together.</exception>
    public static TableRows Open(IReadOnlyList<string> paths, TableOptions options)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(options);
        if (paths.Count == 0) throw new ArgumentException("ParquetRows has no files. Give at least one.", nameof(paths));
        return new([.. paths.Select(path => new ParquetSource(path))], options);
    }
}
