namespace OnnxFunctional.Training.Execution;

/// <summary>Equal items cut into parts by their cost, never by the number of threads.</summary>
/// <param name="Items">The number of rows, slices or other independent items.</param>
/// <param name="Parts">The number of parts.</param>
internal readonly record struct Cut(int Items, int Parts)
{
    private const double NanosecondsPerPart = 20_000;
    private const int MaxParts = 64;

    /// <summary>Parts of about 20 microseconds; a single part if there is less to do.</summary>
    public static Cut By(int items, double nanosecondsPerItem) =>
        new(items, items == 0 ? 0 : (int)Math.Clamp(items * nanosecondsPerItem / NanosecondsPerPart, 1, Math.Min(MaxParts, items)));

    /// <summary>The items of one part.</summary>
    public (int First, int End) Range(int part) => ((int)((long)Items * part / Parts), (int)((long)Items * (part + 1) / Parts));
}
