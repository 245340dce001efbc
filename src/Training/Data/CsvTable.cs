using System.Globalization;
using System.Numerics.Tensors;

namespace OnnxFunctional.Training.Data;

/// <summary>A text table (CSV, TSV), plain or compressed with gzip, whose columns are read as numbers, classes or text.</summary>
/// <remarks>
/// The text is UTF-8. Cells may be quoted as in RFC 4180. Numbers use a decimal point, whatever the machine's language. Empty lines are skipped.
/// </remarks>
/// <example><code>
/// var table = CsvTable.Read("iris.csv");
/// NDArray x = table.GetFloatsExcept("species");
/// NDArray y = table.GetClasses("species", out var names);
/// </code></example>
public sealed class CsvTable
{
    private readonly string _name;
    private readonly CsvCells _cells;
    private readonly string[] _columns;
    private readonly int _firstRow;

    private CsvTable(string name, CsvCells cells, bool hasHeader)
    {
        _name = name;
        _cells = cells;
        _firstRow = hasHeader ? 1 : 0;
        _columns =
        [
            .. Enumerable.Range(0, cells.Columns)
                .Select(column => hasHeader ? cells[0, column].ToString() : column.ToString(CultureInfo.InvariantCulture)),
        ];
    }

    /// <summary>The names in the header; without a header <c>0</c>, <c>1</c>, <c>2</c> ...</summary>
    public IReadOnlyList<string> Columns => _columns;

    /// <summary>The number of rows, without the header.</summary>
    public int Rows => _cells.Rows - _firstRow;

    /// <summary>Reads a table.</summary>
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
        ArgumentOutOfRangeException.ThrowIfNegative(skipLines);
        if (separator is '\r' or '\n' || separator == quote)
            throw new ArgumentException("The separator cannot be a line end or the quote. Use ',', ';' or a tab.", nameof(separator));
        return DataFile.Read(path, file =>
        {
            var table = new CsvTable(file.Name, CsvCells.Parse(CsvText.Read(file), file.Name, separator, quote, skipLines), hasHeader);
            if (table.Rows == 0) throw new DataException($"{file.Name} has a header and no rows. Set hasHeader: false if the first line is data.");
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var name in table._columns)
            {
                if (seen.Add(name)) continue;
                throw new DataException($"{file.Name} has two columns called '{name}'. Rename one, or set hasHeader: false if the first line is data.");
            }

            return table;
        });
    }

    /// <summary>Columns as float32 [rows, columns]; all of them if none is named.</summary>
    /// <param name="columns">Their names, in the order of the result.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    /// <exception cref="DataException">A cell is not a number; the message names line and column.</exception>
    public Tensor<float> GetFloats(params ReadOnlySpan<string> columns)
    {
        var indices = new int[columns.Length == 0 ? _columns.Length : columns.Length];
        for (var i = 0; i < indices.Length; i++) indices[i] = columns.Length == 0 ? i : IndexOf(columns[i]);
        return GetFloats(indices);
    }

    /// <summary>All columns except some as float32 [rows, columns].</summary>
    /// <param name="columns">The names of the columns to leave out.</param>
    /// <exception cref="ArgumentException">There is no such column, or none is left.</exception>
    /// <exception cref="DataException">A cell is not a number; the message names line and column.</exception>
    public Tensor<float> GetFloatsExcept(params ReadOnlySpan<string> columns)
    {
        var left = new List<int>(Enumerable.Range(0, _columns.Length));
        foreach (var column in columns) left.Remove(IndexOf(column));
        if (left.Count == 0) throw new ArgumentException($"No column of {_name} is left. Name fewer columns.", nameof(columns));
        return GetFloats([.. left]);
    }

    /// <summary>A column of integers as int64 [rows].</summary>
    /// <param name="column">Its name.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    /// <exception cref="DataException">A cell is not an integer; the message names line and column.</exception>
    public Tensor<long> GetLabels(string column)
    {
        var index = IndexOf(column);
        var result = new long[Rows];
        for (var row = 0; row < result.Length; row++)
        {
            var cell = Cell(row, index).Trim();
            if (!long.TryParse(cell, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out result[row]))
                throw Bad(row, index, "not an integer", "Use GetClasses for a column of names");
        }

        return Tensor.Create(result, [result.Length]);
    }

    /// <summary>A column of names as class indices, int64 [rows]: the names in ordinal order are 0, 1, 2 ...</summary>
    /// <param name="column">Its name.</param>
    /// <param name="classes">The names by class index.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    public Tensor<long> GetClasses(string column, out IReadOnlyList<string> classes)
    {
        var texts = GetTexts(column);
        var names = texts.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var i = 0; i < names.Length; i++) numbers.Add(names[i], i);
        classes = names;
        return Tensor.Create([.. texts.Select(text => numbers[text])], [Rows]);
    }

    /// <summary>A column as text.</summary>
    /// <param name="column">Its name.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    public IReadOnlyList<string> GetTexts(string column)
    {
        var index = IndexOf(column);
        var result = new string[Rows];
        for (var row = 0; row < result.Length; row++) result[row] = Cell(row, index).ToString();
        return result;
    }

    private Tensor<float> GetFloats(int[] columns)
    {
        if ((long)Rows * columns.Length > Array.MaxLength)
            throw new DataException($"{_name} has {Rows} rows of {columns.Length} columns, more than a tensor can hold. Split the file.");
        var result = new float[Rows * columns.Length];
        for (var row = 0; row < Rows; row++)
        {
            for (var i = 0; i < columns.Length; i++) result[(row * columns.Length) + i] = Float(row, columns[i]);
        }

        return Tensor.Create(result, [Rows, columns.Length]);
    }

    private float Float(int row, int column)
    {
        var cell = Cell(row, column).Trim();
        if (!float.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
        {
            throw cell.IsEmpty
                ? Bad(row, column, "empty", "Fill in a number, or leave the column out")
                : Bad(row, column, "not a number", "Write numbers with a decimal point, like 1.5, or leave the column out");
        }

        // Parsing gives infinity if the digits exceed the range of float; written as a word, infinity is intended.
        if (float.IsInfinity(value) && cell.IndexOfAnyInRange('0', '9') >= 0) throw Bad(row, column, "beyond the range of float", "Scale the column");
        return value;
    }

    private DataException Bad(int row, int column, string problem, string remedy)
    {
        var cell = Cell(row, column);
        var shown = cell.Length <= 40 ? cell.ToString() : cell[..40].ToString() + "...";
        return new DataException($"{_name}, line {_cells.Line(_firstRow + row)}, column '{_columns[column]}': '{shown}' is {problem}. {remedy}.");
    }

    private ReadOnlySpan<char> Cell(int row, int column) => _cells[_firstRow + row, column];

    private int IndexOf(string column)
    {
        var index = Array.IndexOf(_columns, column);
        if (index >= 0) return index;
        var known = string.Join(", ", _columns.Take(20)) + (_columns.Length > 20 ? ", ..." : "");
        throw new ArgumentException($"{_name} has no column '{column}'. It has {known}.", nameof(column));
    }
}
