using System.Globalization;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Cli.Samples;

/// <summary>A column of a table: numbers if every cell that is not missing is one, otherwise text.</summary>
internal sealed class TableColumn
{
    private static readonly string[] s_missing = ["", "NA", "N/A", "NaN", "null", "?"];

    private readonly CsvTable _table;
    private readonly float[]? _numbers;
    private IReadOnlyList<string>? _texts;

    public TableColumn(CsvTable table, string name)
    {
        (_table, Name) = (table, name);
        try
        {
            _numbers = table.GetFloats(name).ToArray();
        }
        catch (DataException)
        {
            _texts = table.GetTexts(name);
            _numbers = Parse(_texts, out var numbers, out var firstText);
            if (_numbers is null && numbers > _texts.Count / 2) Slip = firstText;
        }
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

    private static float[]? Parse(IReadOnlyList<string> texts, out int count, out int? firstText)
    {
        var numbers = new float[texts.Count];
        (count, firstText) = (0, null);
        for (var row = 0; row < numbers.Length; row++)
        {
            var text = texts[row].Trim();
            if (s_missing.Contains(text, StringComparer.OrdinalIgnoreCase)) numbers[row] = float.NaN;
            else if (float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[row])) count++;
            else firstText ??= row;
        }

        return firstText is null ? numbers : null;
    }
}
