namespace OnnxFunctional.Training.Data;

/// <summary>How a table of text is written, and what its columns become.</summary>
/// <example><code>
/// var options = new CsvOptions
/// {
///     Targets = ["price"],
///     Columns =
///     {
///         ["city"] = CsvColumn.OneHot(),
///         ["sold"] = CsvColumn.Date(DateParts.Month | DateParts.DayOfWeek),
///         ["size"] = CsvColumn.Number with { Missing = MissingValues.Mean },
///     },
///     BatchSize = 64,
/// };
/// </code></example>
public sealed class CsvOptions
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

    /// <summary>What becomes of missing values in columns that do not say it themselves.</summary>
    public MissingValues Missing { get; init; } = MissingValues.Refuse;

    /// <summary>The columns that are features, in the order wanted; by default all but the targets.</summary>
    public IReadOnlyList<string>? Features { get; init; }

    /// <summary>Features by the name of the input that takes them, for models with several inputs; then <see cref="Features"/> is not used.</summary>
    public IDictionary<string, IReadOnlyList<string>> Inputs { get; } = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);

    /// <summary>The columns that are targets; none for data to predict.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>What columns hold; those that are not named hold numbers.</summary>
    public IDictionary<string, CsvColumn> Columns { get; } = new Dictionary<string, CsvColumn>(StringComparer.Ordinal);

    /// <summary>The number of rows in a batch.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Whether a smaller last batch is left out.</summary>
    public bool DropRemainder { get; init; }

    /// <summary>Refuses options that contradict each other.</summary>
    /// <exception cref="ArgumentException">A character has two meanings.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(SkipLines);
        if (Separator is '\r' or '\n' || Separator == Quote)
            throw new ArgumentException("The separator cannot be a line end or the quote. Use ',', ';' or a tab.", nameof(Separator));
        if (Quote is '\r' or '\n') throw new ArgumentException("The quote cannot be a line end. Use '\"', or null if quotes are ordinary text.", nameof(Quote));
        if (Decimal == Thousands || char.IsAsciiDigit(Decimal) || Thousands is >= '0' and <= '9')
            throw new ArgumentException($"Decimal is '{Decimal}' and Thousands '{Thousands}'; expected two characters that are no digits.", nameof(Decimal));
        if (BatchSize < 1) throw new ModelException($"CsvOptions has BatchSize {BatchSize}; expected at least 1.");
    }
}
