namespace OnnxFunctional.Training.Data;

/// <summary>How a table of text is written, and what its columns become.</summary>
/// <example><code>
/// var options = new CsvOptions
/// {
///     Targets = ["price"],
///     Columns =
///     {
///         ["city"] = TableColumn.OneHot(),
///         ["sold"] = TableColumn.Date(DateParts.Month | DateParts.DayOfWeek),
///         ["size"] = TableColumn.Number with { Missing = MissingValues.Mean },
///     },
///     BatchSize = 64,
/// };
/// </code></example>
public sealed class CsvOptions : TableOptions
{
    /// <summary>Whether the first row holds the column names; without it they are <c>0</c>, <c>1</c>, <c>2</c> ...</summary>
    public bool HasHeader { get; init; } = true;

    /// <summary>The character between cells.</summary>
    public char Separator { get; init; } = ',';

    /// <summary>The character that may enclose cells; null if quotes are ordinary text.</summary>
    public char? Quote { get; init; } = '"';

    /// <summary>The number of lines before the table.</summary>
    public int SkipLines { get; init; }

    /// <summary>The character before decimals: '.', or ',' as in 1,5.</summary>
    public char Decimal { get; init; } = '.';

    /// <summary>A character that may stand between digits before the decimals, as in 1,000,000; none by default.</summary>
    public char? Thousands { get; init; }

    /// <summary>The words that stand for a missing value, besides NaN and an empty cell.</summary>
    public IReadOnlyCollection<string> NaValues { get; init; } = ["#N/A", "<NA>", "N/A", "NA", "NULL", "None", "n/a", "null"];

    internal override char Point => Decimal;

    internal override char? GroupSeparator => Thousands;

    internal override void Check()
    {
        base.Check();
        ArgumentOutOfRangeException.ThrowIfNegative(SkipLines);
        if (Separator is '\r' or '\n' || Separator == Quote)
            throw new ArgumentException("The separator cannot be a line end or the quote. Use ',', ';' or a tab.", nameof(Separator));
        if (Quote is '\r' or '\n') throw new ArgumentException("The quote cannot be a line end. Use '\"', or null if quotes are ordinary text.", nameof(Quote));
        if (Decimal == Thousands || char.IsAsciiDigit(Decimal) || Thousands is >= '0' and <= '9')
            throw new ArgumentException($"Decimal is '{Decimal}' and Thousands '{Thousands}'; expected two characters that are no digits.", nameof(Decimal));
    }
}
