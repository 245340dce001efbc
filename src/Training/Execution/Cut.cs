namespace OnnxFunctional.Training.Execution;

/// <summary>Cuts a number of equal items into parts by their cost, never by the number of threads.</summary>
/// <param name="Items">Rows, slices, or whatever is independent.</param>
/// <param name="Parts">Parts they are cut into.</param>
internal readonly record struct Cut(int Items, int Parts)
{
    private const double NanosecondsAPart = 20_000;
    private const int MostParts = 64;

    /// <summary>Parts of about 20 microseconds, one part if there is not so much to do.</summary>
    public static Cut By(int items, double nanosecondsAnItem) => new(items, items == 0 ? 0 : (int)Math.Clamp(items * nanosecondsAnItem / NanosecondsAPart, 1, Math.Min(MostParts, items)));

    /// <summary>The items of one part.</summary>
    public (int First, int End) Range(int part) => ((int)((long)Items * part / Parts), (int)((long)Items * (part + 1) / Parts));
}
