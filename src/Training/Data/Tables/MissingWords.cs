namespace OnnxFunctional.Training.Data;

/// <summary>The words that stand for a missing value.</summary>
internal sealed class MissingWords(CsvOptions options)
{
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _words =
        new HashSet<string>(options.NaValues, StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Whether numbers stand for missing values, like -999.</summary>
    public bool HaveNumbers { get; } =
        options.NaValues.Any(word => CellNumber.Parse(word, options.Decimal, options.Thousands, out var value) == CellKind.Number && float.IsFinite(value));

    /// <summary>Whether a cell holds nothing.</summary>
    public bool Contains(ReadOnlySpan<char> cell)
    {
        var text = cell.Trim();
        return text.IsEmpty || text.Equals("nan", StringComparison.OrdinalIgnoreCase) || _words.Contains(text);
    }
}
