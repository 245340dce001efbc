using System.Globalization;
using System.Numerics.Tensors;

namespace OnnxFunctional.Training.Data;

/// <summary>A text table (CSV, TSV), plain or compressed with gzip, whose columns are read as numbers, classes or text.</summary>
/// <remarks>
/// <para>
/// The text is UTF-8. Cells may be quoted as in RFC 4180. Numbers use a decimal point, whatever the machine's language. Empty lines are skipped.
/// </para>
/// <para>
/// A table holds no cells: <see cref="Read"/> goes through the file once and checks it, and what is asked for is parsed from the file straight into its result.
/// So the file must stay as it is; one that has changed is refused. What is larger than memory is read in batches by <see cref="CsvRows"/>.
/// </para>
/// </remarks>
/// <example><code>
/// var table = CsvTable.Read("iris.csv");
/// NDArray x = table.GetFloatsExcept("species");
/// NDArray y = table.GetClasses("species", out var names);
/// </code></example>
public sealed class CsvTable
{
    private readonly string _path;
    private readonly string _name;
    private readonly CsvOptions _options;
    private readonly FileStamp _stamp;
    private readonly TableHeader _header;

    private CsvTable(string path, CsvOptions options, FileStamp stamp, TableHeader header, int rows)
    {
        // The current folder may be another one when the file is read again.
        (_path, _name, _options, _stamp, _header, Rows) = (Path.GetFullPath(path), "'" + path + "'", options, stamp, header, rows);
    }

    /// <summary>The names in the header; without a header <c>0</c>, <c>1</c>, <c>2</c> ...</summary>
    public IReadOnlyList<string> Columns => _header.Names;

    /// <summary>The number of rows, without the header.</summary>
    public int Rows { get; }

    /// <summary>Opens a table: checks that all its rows have as many cells as the first, and counts them.</summary>
    /// <param name="path">The file.</param>
    /// <param name="hasHeader">Whether the first row holds the column names.</param>
    /// <param name="separator">The character between cells.</param>
    /// <param name="quote">The character that may enclose cells; null if quotes are ordinary text.</param>
    /// <param name="skipLines">The number of lines before the table.</param>
    /// <exception cref="DataException">
    /// The file is missing, not UTF-8 or empty, or a line has more or fewer cells than the first; the message names the line.
    /// </exception>
    public static CsvTable Read(string path, bool hasHeader = true, char separator = ',', char? quote = '"', int skipLines = 0)
    {
        var options = new CsvOptions { HasHeader = hasHeader, Separator = separator, Quote = quote, SkipLines = skipLines };
        options.Check();
        return DataFile.Read(path, file =>
        {
            var stamp = FileStamp.Of(path);
            using var cursor = new CsvCursor(file, options);
            var rows = 0;
            while (cursor.MoveNext())
            {
                if (rows++ == Array.MaxLength) throw new DataException($"{file.Name} has more than {Array.MaxLength} rows. Read it by CsvRows.");
            }

            if (rows == 0) throw new DataException($"{file.Name} has a header and no rows. Set hasHeader: false if the first line is data.");
            return new CsvTable(path, options, stamp, new TableHeader(file.Name, cursor.Names), rows);
        });
    }

    /// <summary>Columns as float32 [rows, columns]; all of them if none is named.</summary>
    /// <param name="columns">Their names, in the order of the result.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    /// <exception cref="DataException">A cell is not a number; the message names line and column.</exception>
    public Tensor<float> GetFloats(params ReadOnlySpan<string> columns)
    {
        var indices = new int[columns.Length == 0 ? Columns.Count : columns.Length];
        for (var i = 0; i < indices.Length; i++) indices[i] = columns.Length == 0 ? i : _header.IndexOf(columns[i]);
        return GetFloats(indices);
    }

    /// <summary>All columns except some as float32 [rows, columns].</summary>
    /// <param name="columns">The names of the columns to leave out.</param>
    /// <exception cref="ArgumentException">There is no such column, or none is left.</exception>
    /// <exception cref="DataException">A cell is not a number; the message names line and column.</exception>
    public Tensor<float> GetFloatsExcept(params ReadOnlySpan<string> columns)
    {
        var isLeftOut = new bool[Columns.Count];
        foreach (var column in columns) isLeftOut[_header.IndexOf(column)] = true;
        int[] left = [.. Enumerable.Range(0, isLeftOut.Length).Where(column => !isLeftOut[column])];
        if (left.Length == 0) throw new ArgumentException($"No column of {_name} is left. Name fewer columns.", nameof(columns));
        return GetFloats(left);
    }

    /// <summary>A column of integers as int64 [rows].</summary>
    /// <param name="column">Its name.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    /// <exception cref="DataException">A cell is not an integer; the message names line and column.</exception>
    public Tensor<long> GetLabels(string column)
    {
        var index = _header.IndexOf(column);
        var result = new long[Rows];
        ReadRows((cursor, row) =>
        {
            if (!long.TryParse(cursor[index].Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out result[row]))
                throw cursor.Bad(index, "not an integer", "Use GetClasses for a column of names");
        });
        return Tensor.Create(result, [result.Length]);
    }

    /// <summary>A column of names as class indices, int64 [rows]: the names in ordinal order are 0, 1, 2 ...</summary>
    /// <param name="column">Its name.</param>
    /// <param name="classes">The names by class index.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    public Tensor<long> GetClasses(string column, out IReadOnlyList<string> classes)
    {
        var index = _header.IndexOf(column);
        var result = new long[Rows];
        var found = new Categories();
        ReadRows((cursor, row) => result[row] = found.Add(cursor[index]));
        classes = found.Sort(out var order);
        for (var row = 0; row < result.Length; row++) result[row] = order[result[row]];
        return Tensor.Create(result, [result.Length]);
    }

    /// <summary>A column as text.</summary>
    /// <param name="column">Its name.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    public IReadOnlyList<string> GetTexts(string column)
    {
        var index = _header.IndexOf(column);
        var result = new string[Rows];
        ReadRows((cursor, row) => result[row] = cursor[index].ToString());
        return result;
    }

    /// <summary>Goes through the file again.</summary>
    /// <exception cref="DataException">It has changed.</exception>
    internal void ReadRows(Action<CsvCursor, int> read) => DataFile.Read(_path, file =>
    {
        if (FileStamp.Of(_path) != _stamp) throw Changed();
        using var cursor = new CsvCursor(file, _options, _name);
        if (!cursor.Names.AsSpan().SequenceEqual(_header.Names.ToArray())) throw Changed();
        for (var row = 0; row < Rows; row++)
        {
            if (!cursor.MoveNext()) throw Changed();
            read(cursor, row);
        }

        if (cursor.MoveNext() || FileStamp.Of(_path) != _stamp) throw Changed();
        return true;
    });

    private Tensor<float> GetFloats(int[] columns)
    {
        if ((long)Rows * columns.Length > Array.MaxLength)
            throw new DataException($"{_name} has {Rows} rows of {columns.Length} columns, more than a tensor can hold. Split the file.");
        var result = GC.AllocateUninitializedArray<float>(Rows * columns.Length);
        ReadRows((cursor, row) => ReadFloats(cursor, columns, result.AsSpan(row * columns.Length, columns.Length)));
        return Tensor.Create(result, [Rows, columns.Length]);
    }

    private static void ReadFloats(CsvCursor cursor, int[] columns, Span<float> values)
    {
        for (var i = 0; i < columns.Length; i++)
        {
            if (CellNumber.TryParseUsual(cursor.Raw(columns[i]), '.', out values[i])) continue;
            var cell = cursor[columns[i]];
            var kind = CellNumber.Parse(cell, '.', null, out values[i]);
            if (kind == CellKind.Number) continue;
            throw kind == CellKind.Beyond ? cursor.Bad(columns[i], "beyond the range of float", "Scale the column")
                : cell.Trim().IsEmpty ? cursor.Bad(columns[i], "empty", "Fill in a number, or leave the column out")
                : cursor.Bad(columns[i], "not a number", "Write numbers with a decimal point, like 1.5, or leave the column out");
        }
    }

    private DataException Changed() => new($"{_name} has changed since it was opened. Read it again.");
}
