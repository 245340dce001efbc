namespace OnnxFunctional;

/// <summary>
/// Counter-based random numbers: each is a function of seed, node, step and element, so any part of a stream can be drawn in any order on any thread.
/// </summary>
/// <remarks>
/// Philox 4x32-10 (J. Salmon, M. Moraes, R. Dror, D. Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
/// The key is the seed; the counter consists of block, node and step.
/// Element e takes word <c>e % 64 / 16</c> of block <c>e / 64 * 16 + e % 16</c>: 16 neighbours lie in 16 blocks, which suits vectors of any width.
/// </remarks>
internal static class Philox
{
    /// <summary>Elements that share 16 blocks.</summary>
    public const int Group = 64;

    internal const uint Multiplier0 = 0xD2511F53;
    internal const uint Multiplier1 = 0xCD9E8D57;
    internal const uint Weyl0 = 0x9E3779B9;
    internal const uint Weyl1 = 0xBB67AE85;
    internal const int Rounds = 10;

    private const float Unit = 1f / 16777216f;

    /// <summary>The four words of one counter under one key.</summary>
    public static (uint X, uint Y, uint Z, uint W) Block(uint x, uint y, uint z, uint w, ulong key)
    {
        unchecked
        {
            var (k0, k1) = ((uint)key, (uint)(key >> 32));
            for (var round = 0; round < Rounds; round++)
            {
                var p0 = (ulong)Multiplier0 * x;
                var p1 = (ulong)Multiplier1 * z;
                (x, y, z, w) = ((uint)(p1 >> 32) ^ y ^ k0, (uint)p1, (uint)(p0 >> 32) ^ w ^ k1, (uint)p0);
                k0 += Weyl0;
                k1 += Weyl1;
            }
        }

        return (x, y, z, w);
    }

    /// <summary>The upper 24 bits as a number from 0 (inclusive) to 1 (exclusive).</summary>
    public static float ToUniform(uint bits) => (bits >> 8) * Unit;
}
