namespace OnnxFunctional.Training.Data;

/// <summary>Which elements of a sequence belong to the first of two parts.</summary>
internal static class DatasetSplit
{
    // Small, so that short sequences have the share too; not regular, because data may be.
    private const int Block = 10;
    private const uint Stream = 0x5350_4C49;

    /// <summary>For each position whether it belongs to the first part: of each block a random choice, of all the given share.</summary>
    public static IEnumerable<bool> Assignment(double share, ulong seed)
    {
        for (var block = 0L; ; block++)
        {
            var wanted = (int)(Quota(block + 1) - Quota(block));
            for (var i = 0; i < Block; i++)
            {
                var position = (ulong)((block * Block) + i);
                var word = Philox.Block((uint)position, (uint)(position >> 32), Stream, 0, seed).X;
                var isFirst = (int)(((ulong)word * (ulong)(Block - i)) >> 32) < wanted;
                if (isFirst) wanted--;
                yield return isFirst;
            }
        }

        long Quota(long blocks) => (long)Math.Round(blocks * Block * share);
    }
}
