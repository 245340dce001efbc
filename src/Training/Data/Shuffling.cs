namespace OnnxFunctional.Training.Data;

/// <summary>Shuffles by counter-based random numbers: an order depends on the seed and nothing else, so resuming needs no state.</summary>
internal static class Shuffling
{
    /// <summary>Shuffles in place (Fisher-Yates).</summary>
    /// <param name="items">What is shuffled.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="stream">What is shuffled with this seed, so that other things get other orders.</param>
    /// <param name="round">The epoch, class or other number within the stream.</param>
    public static void Shuffle(Span<int> items, ulong seed, uint stream, uint round)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var word = Philox.Block((uint)i, round, stream, 0, seed).X;
            var j = (int)(((ulong)word * (ulong)(i + 1)) >> 32);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
