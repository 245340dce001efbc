using System.Globalization;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Cli.Samples;

/// <summary>The cells of a column as numbers, until one is neither a number nor missing.</summary>
internal sealed class NumberColumn(int rows)
{
    private static readonly string[] s_missing = ["", "NA", "N/A", "NaN", "null", "?"];

    /// <summary>The numbers, NaN where a cell is missing; null if a cell is text.</summary>
    public float[]? Values { get; private set; } = new float[rows];

    /// <summary>How many cells are numbers.</summary>
    public int Count { get; private set; }

    /// <summary>The first row with text.</summary>
    public int? FirstText { get; private set; }

    /// <summary>Takes a cell that is a number in its usual form; false for all others.</summary>
    public bool TryAddUsual(ReadOnlySpan<char> cell, int row)
    {
        if (!CellNumber.TryParseUsual(cell, '.', out var number)) return false;
        Add(number, row);
        return true;
    }

    /// <summary>Takes a cell.</summary>
    public void Add(ReadOnlySpan<char> cell, int row)
    {
        var text = cell.Trim();
        if (IsMissing(text))
        {
            if (Values is not null) Values[row] = float.NaN;
        }
        else if (float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            Add(number, row);
        }
        else
        {
            FirstText ??= row;
            Values = null;
        }
    }

    private void Add(float number, int row)
    {
        Count++;
        if (Values is not null) Values[row] = number;
    }

    private static bool IsMissing(ReadOnlySpan<char> text)
    {
        foreach (var word in s_missing)
        {
            if (text.Equals(word, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }
}
