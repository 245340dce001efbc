namespace OnnxFunctional.Training.Distributing;

/// <summary>One of the runs into which things are cut, which differ in length by at most 1: the shards of a rank, the samples of a shard.</summary>
/// <param name="First">The first thing.</param>
/// <param name="Count">How many.</param>
internal readonly record struct EvenRange(int First, int Count)
{
    public int End => First + Count;

    /// <summary>The run of a part.</summary>
    /// <param name="part">The part, such as a rank.</param>
    /// <param name="parts">How many parts there are.</param>
    /// <param name="count">How many things are cut.</param>
    public static EvenRange Of(int part, int parts, int count)
    {
        var first = Start(part, parts, count);
        return new(first, Start(part + 1, parts, count) - first);
    }

    /// <summary>The part that has a thing.</summary>
    public static int Owner(int thing, int parts, int count)
    {
        var part = (int)((long)thing * parts / count);
        while (Start(part + 1, parts, count) <= thing) part++;
        return part;
    }

    private static int Start(int part, int parts, int count) => (int)((long)part * count / parts);
}
