namespace OnnxFunctional.Tests.Parity;

/// <summary>One row of the table in <c>docs/keras-signatures.md</c>: where a constructor of ours differs from Keras', and why.</summary>
/// <param name="Section">The kind of class: <c>optimizers</c>.</param>
/// <param name="Class">Keras' name of the class, ours if Keras has none, or * for all of the section.</param>
/// <param name="Argument">Keras' name of the argument, ours if Keras has none; empty if the whole class differs.</param>
/// <param name="Kind">What differs: see the page.</param>
/// <param name="Why">The reason.</param>
internal sealed record SignatureDifference(string Section, string Class, string Argument, string Kind, string Why)
{
    public const string NoClass = "not here", OnlyHere = "only here", Absent = "absent", Added = "added", Default = "default", Named = "named ";

    /// <summary>All rows of the page.</summary>
    public static IReadOnlyList<SignatureDifference> All { get; } =
    [
        .. Repository.Read("docs/keras-signatures.md").Split('\n')
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Skip(1)
            .Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim()).ToArray())
            .Select(cells => new SignatureDifference(cells[0], cells[1], cells[2].Trim('`'), cells[3], cells[4])),
    ];

    public bool IsOf(string section, string @class) => Section == section && (Class == "*" || Class == @class);

    public override string ToString() => $"{Section} | {Class} | {Argument} | {Kind}";
}
