using System.Globalization;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Cli.Samples;

/// <summary>A column of a table: numbers if every cell that is not missing is one, otherwise text.</summary>
internal sealed class TableColumn
{
    private readonly CsvTable _table;
    private readonly float[]? _numbers;
    private IReadOnlyList<string>? _texts;

    private TableColumn(CsvTable table, string name, NumberColumn column, string[]? texts)
    {
        (_table, Name, _numbers, _texts) = (table, name, column.Values, texts);
        if (_numbers is null && column.Count > table.Rows / 2) Slip = column.FirstText;
    }

    public string Name { get; }

    /// <summary>Whether it holds numbers; a column without any cell does.</summary>
    public bool IsNumeric => _numbers is not null;

    /// <summary>The first row with text, if most cells are numbers: rather a mistake than a column of words. Null for all other columns.</summary>
    public int? Slip { get; }

    /// <summary>Whether all cells are missing.</summary>
    public bool IsEmpty => _numbers is not null && Array.TrueForAll(_numbers, float.IsNaN);

    /// <summary>Whether it holds whole numbers, missing cells aside.</summary>
    public bool IsWhole => _numbers is not null && Array.TrueForAll(_numbers, value => float.IsNaN(value) || float.IsInteger(value));

    /// <summary>Whether a cell holds nothing.</summary>
    public bool IsMissing(int row) => _numbers is not null ? float.IsNaN(_numbers[row]) : _texts![row].Trim().Length == 0;

    /// <summary>The number in a row.</summary>
    /// <exception cref="DataException">There is none; the message names the line.</exception>
    public float NumberAt(int row)
    {
        if (_numbers is not null && float.IsFinite(_numbers[row])) return _numbers[row];

        // The reader's own sentence names the line.
        _table.GetFloats(Name);
        var found = _numbers is null ? TextAt(row) : _numbers[row].ToString(CultureInfo.InvariantCulture);
        throw new DataException($"Row {row + 1} of column '{Name}' holds {found}; expected a number.");
    }

    /// <summary>The text in a row, as it is.</summary>
    public string TextAt(int row) => (_texts ??= _table.GetTexts(Name))[row];

    /// <summary>The text in a row by which a class is named: 1 and 1.0 are the same.</summary>
    public string LabelAt(int row) => _numbers is not null ? _numbers[row].ToString("R", CultureInfo.InvariantCulture) : _texts![row].Trim();

    /// <summary>Reads columns, all in one pass over the file, and those with text in another.</summary>
    /// <exception cref="DataException">The file has changed.</exception>
    public static TableColumn[] Load(CsvTable table, IReadOnlyList<string> names)
    {
        var places = table.Columns.Index().ToDictionary(column => column.Item, column => column.Index, StringComparer.Ordinal);
        int[] indices = [.. names.Select(name => places[name])];
        NumberColumn[] numbers = [.. names.Select(_ => new NumberColumn(table.Rows))];
        table.ReadRows((rows, row) =>
        {
            for (var i = 0; i < indices.Length; i++)
            {
                if (!numbers[i].TryAddUsual(rows.Raw(indices[i]), row)) numbers[i].Add(rows[indices[i]], row);
            }
        });
        int[] words = [.. Enumerable.Range(0, names.Count).Where(i => numbers[i].Values is null)];
        var texts = words.ToDictionary(i => i, _ => new string[table.Rows]);
        if (words.Length > 0) ReadTexts(table, [.. words.Select(i => (indices[i], texts[i]))]);
        return [.. names.Select((name, i) => new TableColumn(table, name, numbers[i], texts.GetValueOrDefault(i)))];
    }

    /// <summary>Reads texts; equal ones in a column are one object, for words recur.</summary>
    private static void ReadTexts(CsvTable table, (int Column, string[] Texts)[] columns)
    {
        var known = Array.ConvertAll(columns, _ => new HashSet<string>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>());
        table.ReadRows((rows, row) =>
        {
            for (var i = 0; i < columns.Length; i++)
            {
                var cell = rows[columns[i].Column];
                if (!known[i].TryGetValue(cell, out var text)) known[i].Set.Add(text = cell.ToString());
                columns[i].Texts[row] = text;
            }
        });
    }
}
