namespace OnnxFunctional;

/// <summary>Philox 4x32-10: four random 32-bit words as a pure function of a 128-bit counter and a 64-bit key.</summary>
/// <remarks>Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. No state, so any element can be drawn by any thread.</remarks>
internal static class Philox
{
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;

    public static (uint X, uint Y, uint Z, uint W) Block(uint x, uint y, uint z, uint w, ulong key)
    {
        var (k0, k1) = ((uint)key, (uint)(key >> 32));
        for (var round = 0; round < 10; round++)
        {
            var p0 = (ulong)Multiplier0 * x;
            var p1 = (ulong)Multiplier1 * z;
            (x, y, z, w) = ((uint)(p1 >> 32) ^ y ^ k0, (uint)p1, (uint)(p0 >> 32) ^ w ^ k1, (uint)p0);
            k0 += Weyl0;
            k1 += Weyl1;
        }

        return (x, y, z, w);
    }

    /// <summary>The upper 24 bits as a number from 0 (inclusive) to 1 (exclusive).</summary>
    public static float ToUniform(uint bits) => (bits >> 8) * (1f / (1 << 24));
}
