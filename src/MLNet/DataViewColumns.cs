using System.ComponentModel;
using System.Numerics.Tensors;
using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxFunctional.MLNet.Tables;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.MLNet;

/// <summary>Columns of ML.NET's data as arrays to train on, by the names that <see cref="CsvTable"/> has for them.</summary>
/// <remarks>
/// A <c>DataFrame</c> is such data too; its empty cells are refused. ML.NET's missing numbers are NaN and are read as they are: replace them before, with
/// <c>ReplaceMissingValues</c>.
/// </remarks>
/// <example>
/// <code>
/// IDataView data = context.Data.LoadFromTextFile("iris.csv", options);
/// var x = data.GetFloatsExcept("Species");
/// var y = data.GetClasses("Species", out var names);
/// trainer.Fit(x, y);
/// </code>
/// </example>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class DataViewColumns
{
    /// <summary>Columns of numbers, truth values and vectors side by side, float32 [rows, total size]; all columns if none is named.</summary>
    /// <param name="data">The data.</param>
    /// <param name="columns">Their names, in the order of the result.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    /// <exception cref="DataException">A column holds text, keys, dates or vectors of unknown size, or a number is beyond the range of float.</exception>
    public static Tensor<float> GetFloats(this IDataView data, params ReadOnlySpan<string> columns)
    {
        ArgumentNullException.ThrowIfNull(data);
        var found = new List<DataViewSchema.Column>();
        foreach (var name in columns) found.Add(Column(data, name));
        if (columns.IsEmpty) found.AddRange(data.Schema.Where(column => !column.IsHidden));
        return Floats(data, found);
    }

    /// <summary>All columns except some, side by side, float32 [rows, total size].</summary>
    /// <param name="data">The data.</param>
    /// <param name="columns">The names of the columns to leave out.</param>
    /// <exception cref="ArgumentException">There is no such column, or none is left.</exception>
    /// <exception cref="DataException">A column holds text, keys, dates or vectors of unknown size, or a number is beyond the range of float.</exception>
    public static Tensor<float> GetFloatsExcept(this IDataView data, params ReadOnlySpan<string> columns)
    {
        ArgumentNullException.ThrowIfNull(data);
        var left = data.Schema.Where(column => !column.IsHidden).ToList();
        foreach (var name in columns)
        {
            var column = Column(data, name);
            left.RemoveAll(other => other.Index == column.Index);
        }

        if (left.Count == 0) throw new ArgumentException("No column of the data is left. Name fewer columns.", nameof(columns));
        return Floats(data, left);
    }

    /// <summary>A column of whole numbers, truth values or keys as int64 [rows]. A key is its place among the keys, from 0.</summary>
    /// <param name="data">The data.</param>
    /// <param name="column">Its name.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    /// <exception cref="DataException">The column holds other than single whole numbers, or a key is missing; the message names the row.</exception>
    public static Tensor<long> GetLabels(this IDataView data, string column)
    {
        ArgumentNullException.ThrowIfNull(data);
        var labels = ColumnReader.Integers(data, Column(data, column));
        return Tensor.Create(labels, [labels.Length]);
    }

    /// <summary>
    /// A column of names as class indices, int64 [rows]. Text: the names in ordinal order are 0, 1, 2 ...; keys with names: in the order of the keys.
    /// </summary>
    /// <param name="data">The data.</param>
    /// <param name="column">Its name.</param>
    /// <param name="classes">The names by class index.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    /// <exception cref="DataException">The column holds neither text nor keys with names, or a key is missing.</exception>
    public static Tensor<long> GetClasses(this IDataView data, string column, out IReadOnlyList<string> classes)
    {
        ArgumentNullException.ThrowIfNull(data);
        var found = Column(data, column);
        if (found.Type is KeyDataViewType)
        {
            classes = ColumnNames.OfKeys(found)
                ?? throw new DataException($"The keys of column '{column}' have no names. Use GetLabels, or map from text with MapValueToKey.");
            return data.GetLabels(column);
        }

        var texts = data.GetTexts(column);
        string[] names = [.. texts.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        classes = names;
        return Tensor.Create([.. texts.Select(text => (long)Array.BinarySearch(names, text, StringComparer.Ordinal))], [texts.Count]);
    }

    /// <summary>A column of text.</summary>
    /// <param name="data">The data.</param>
    /// <param name="column">Its name.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    /// <exception cref="DataException">The column holds no text, or a cell of a <c>DataFrame</c> is empty.</exception>
    public static IReadOnlyList<string> GetTexts(this IDataView data, string column)
    {
        ArgumentNullException.ThrowIfNull(data);
        return ColumnReader.Texts(data, Column(data, column));
    }

    /// <summary>
    /// The rows as batches, read while they are used: for data larger than memory, with categories, dates and missing values as of a table of text.
    /// </summary>
    /// <remarks>
    /// A vector is a column of each of its numbers, by the names of its slots: <c>Features.size</c>, or <c>Features.0</c>; its own name stands for all. A key
    /// is its place among the keys as <c>TableColumn.Integer</c>, and its name as a category. NaN, a missing key, an empty text, and an empty cell of a
    /// <c>DataFrame</c> are missing values. Reads all rows once if there are vocabularies or means to be found.
    /// </remarks>
    /// <param name="data">The data.</param>
    /// <param name="options">What its columns become.</param>
    /// <exception cref="ArgumentException">The data has no column of a name.</exception>
    /// <exception cref="DataException">A column holds what is neither number nor text nor date, or a category or mean cannot be found out.</exception>
    /// <exception cref="ModelException">Options do not go together.</exception>
    /// <example><code>
    /// IDataView data = context.Data.LoadFromBinary("houses.idv");
    /// var rows = data.GetRows(new TableOptions { Targets = ["price"], Columns = { ["town"] = TableColumn.OneHot() } });
    /// trainer.Fit(rows.Batches, epochs: 3);
    /// </code></example>
    public static TableRows GetRows(this IDataView data, TableOptions options)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(options);
        return new([new DataViewSource(data)], options);
    }

    private static Tensor<float> Floats(IDataView data, IReadOnlyList<DataViewSchema.Column> columns)
    {
        var (values, width) = ColumnReader.Floats(data, columns);
        return Tensor.Create(values, [values.Length / width, width]);
    }

    private static DataViewSchema.Column Column(IDataView data, string name) => data.Schema.GetColumnOrNull(name)
        ?? throw new ArgumentException($"The data has no column '{name}'. It has {string.Join(", ", data.Schema.Select(column => column.Name))}.");
}
