namespace OnnxFunctional.Training.Data;

/// <summary>Some places of many, evenly spread, because what lies side by side is often alike.</summary>
internal static class EvenSpread
{
    /// <summary>The places, in order; all of them if there are no more than wanted.</summary>
    /// <param name="count">How many places there are.</param>
    /// <param name="most">How many are wanted.</param>
    public static int[] Of(int count, int most)
    {
        var taken = Math.Min(count, most);
        return [.. Enumerable.Range(0, taken).Select(i => (int)((long)i * count / taken))];
    }
}
