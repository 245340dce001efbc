namespace OnnxFunctional.Training.Data;

/// <summary>What a column of a table holds, and so which numbers it becomes.</summary>
/// <example><code>
/// var color = TableColumn.Category(["red", "green", "blue"], numOovIndices: 1);    // 1, 2, 3; other words are 0
/// var size = TableColumn.Number with { Missing = MissingValues.Fill(0) };
/// </code></example>
public sealed record TableColumn
{
    private TableColumn(ColumnKind kind) => Kind = kind;

    /// <summary>Numbers, float32.</summary>
    public static TableColumn Number { get; } = new(ColumnKind.Number);

    /// <summary>Whole numbers: as a target class indices, int64.</summary>
    public static TableColumn Integer { get; } = new(ColumnKind.Integer);

    /// <summary>Text, for an input of DType.String.</summary>
    public static TableColumn Text { get; } = new(ColumnKind.Text);

    /// <summary>What becomes of missing values; by default what <see cref="TableOptions.Missing"/> says.</summary>
    public MissingValues? Missing { get; init; }

    internal ColumnKind Kind { get; }

    internal IReadOnlyList<string>? Vocabulary { get; private init; }

    internal int NumOovIndices { get; private init; }

    internal DateParts Parts { get; private init; }

    internal string? Format { get; private init; }

    /// <summary>Words as indices in a vocabulary, as <c>StringLookup</c> gives them: as a target class indices, int64.</summary>
    /// <param name="vocabulary">The words by index; by default those of the column in ordinal order, which a first pass over the files finds.</param>
    /// <param name="numOovIndices">0 refuses other words; with 1 they have index 0, and the vocabulary begins with 1.</param>
    /// <exception cref="ModelException">numOovIndices is neither 0 nor 1, or a word stands twice in the vocabulary.</exception>
    public static TableColumn Category(IReadOnlyList<string>? vocabulary = null, int numOovIndices = 0) =>
        Words(ColumnKind.Category, vocabulary, numOovIndices);

    /// <summary>Words as vectors of zeros with a one at the index of <see cref="Category"/>.</summary>
    /// <param name="vocabulary">The words by index; by default those of the column in ordinal order, which a first pass over the files finds.</param>
    /// <param name="numOovIndices">0 refuses other words; with 1 they have index 0, and the vocabulary begins with 1.</param>
    /// <exception cref="ModelException">numOovIndices is neither 0 nor 1, or a word stands twice in the vocabulary.</exception>
    public static TableColumn OneHot(IReadOnlyList<string>? vocabulary = null, int numOovIndices = 0) => Words(ColumnKind.OneHot, vocabulary, numOovIndices);

    /// <summary>Dates and times as numbers, a feature for each part; a part of a time is as the text says, whatever its time zone.</summary>
    /// <param name="parts">The parts.</param>
    /// <param name="format">How dates are written, as in <c>dd.MM.yyyy</c>; by default ISO 8601: 2026-11-30, 2026-11-30 08:15, 2026-11-30T08:15:00Z.</param>
    /// <exception cref="ModelException">There are no parts.</exception>
    public static TableColumn Date(DateParts parts, string? format = null) => parts != DateParts.None
        ? new(ColumnKind.Date) { Parts = parts, Format = format }
        : throw new ModelException("TableColumn.Date has no parts; expected at least one, like DateParts.Month | DateParts.DayOfWeek.");

    private static TableColumn Words(ColumnKind kind, IReadOnlyList<string>? vocabulary, int numOovIndices)
    {
        if (numOovIndices is not (0 or 1)) throw new ModelException($"TableColumn.{kind} has numOovIndices {numOovIndices}; expected 0 or 1.");
        if (vocabulary is null) return new(kind) { NumOovIndices = numOovIndices };
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var word in vocabulary)
        {
            if (!seen.Add(word)) throw new ModelException($"TableColumn.{kind} has '{word}' twice in its vocabulary. Give each word once.");
        }

        return new(kind) { Vocabulary = [.. vocabulary], NumOovIndices = numOovIndices };
    }
}
