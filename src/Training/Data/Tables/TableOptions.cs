namespace OnnxFunctional.Training.Data;

/// <summary>What the columns of a table become: features, targets, and the numbers that cells are.</summary>
/// <example><code>
/// var options = new TableOptions
/// {
///     Targets = ["price"],
///     Columns =
///     {
///         ["city"] = TableColumn.OneHot(),
///         ["size"] = TableColumn.Number with { Missing = MissingValues.Mean },
///     },
///     BatchSize = 64,
/// };
/// </code></example>
public class TableOptions
{
    /// <summary>What becomes of missing values in columns that do not say it themselves.</summary>
    public MissingValues Missing { get; init; } = MissingValues.Refuse;

    /// <summary>The columns that are features, in the order wanted; by default all but the targets.</summary>
    public IReadOnlyList<string>? Features { get; init; }

    /// <summary>Features by the name of the input that takes them, for models with several inputs; then <see cref="Features"/> is not used.</summary>
    public IDictionary<string, IReadOnlyList<string>> Inputs { get; } = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);

    /// <summary>The columns that are targets; none for data to predict.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>What columns hold; those that are not named hold numbers.</summary>
    public IDictionary<string, TableColumn> Columns { get; } = new Dictionary<string, TableColumn>(StringComparer.Ordinal);

    /// <summary>The number of rows in a batch.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Whether a smaller last batch is left out.</summary>
    public bool DropRemainder { get; init; }

    /// <summary>The character before decimals.</summary>
    internal virtual char Point => '.';

    /// <summary>A character that may stand between digits before the decimals.</summary>
    internal virtual char? GroupSeparator => null;

    /// <summary>Refuses options that contradict each other.</summary>
    /// <exception cref="ArgumentException">A character has two meanings.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    /// <exception cref="ModelException">The batch size is not positive.</exception>
    internal virtual void Check()
    {
        if (BatchSize < 1) throw new ModelException($"{GetType().Name} has BatchSize {BatchSize}; expected at least 1.");
    }
}
