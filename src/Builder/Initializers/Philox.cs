namespace OnnxFunctional;

/// <summary>Counter-based random numbers: each is a function of seed, node, step and element, so any part of a stream can be drawn in any order on any thread.</summary>
/// <remarks>
/// Philox 4x32-10 (J. Salmon, M. Moraes, R. Dror, D. Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011). The key is the seed, the counter is block, node and step.
/// Element e takes word <c>e % 64 / 16</c> of block <c>e / 64 * 16 + e % 16</c>: 16 neighbours lie in 16 blocks, as vectors of any width want them.
/// All float arithmetic is written without fused operations, so the engine's vector form gives the same bits on every machine.
/// </remarks>
internal static class Philox
{
    /// <summary>Elements that share 16 blocks.</summary>
    public const int Group = 64;

    /// <summary>Standard deviation of a standard normal distribution cut off at -2 and 2.</summary>
    public const double TruncatedDeviation = 0.87962566103423978;

    internal const uint Multiplier0 = 0xD2511F53;
    internal const uint Multiplier1 = 0xCD9E8D57;
    internal const uint Weyl0 = 0x9E3779B9;
    internal const uint Weyl1 = 0xBB67AE85;
    internal const int Rounds = 10;

    private const int BlocksPerGroup = Group / 4;
    private const float Unit = 1f / 16777216f;

    /// <summary>The four words of one counter under one key.</summary>
    public static (uint X, uint Y, uint Z, uint W) Block(uint x, uint y, uint z, uint w, ulong key)
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

        return (x, y, z, w);
    }

    /// <summary>The upper 24 bits as a number from 0 (inclusive) to 1 (exclusive).</summary>
    public static float ToUniform(uint bits) => (bits >> 8) * Unit;

    /// <summary>Uniform in [0, 1), multiples of 2^-24.</summary>
    public static void FillUniform(ulong seed, uint node, ulong step, Span<float> destination)
    {
        Span<uint> words = stackalloc uint[Group];
        for (var start = 0; start < destination.Length; start += Group)
        {
            FillWords(seed, node, step, (uint)(start / Group), words);
            var count = Math.Min(Group, destination.Length - start);
            for (var i = 0; i < count; i++) destination[start + i] = ToUniform(words[i]);
        }
    }

    /// <summary>Standard normal, by Box and Muller from two words each pair; at most 5.77 in magnitude.</summary>
    public static void FillNormal(ulong seed, uint node, ulong step, Span<float> destination)
    {
        Span<uint> words = stackalloc uint[Group];
        for (var start = 0; start < destination.Length; start += Group)
        {
            FillWords(seed, node, step, (uint)(start / Group), words);
            var count = Math.Min(Group, destination.Length - start);
            for (var i = 0; i < count; i++)
            {
                // Rows of 16: radius, angle, radius, angle; they give cosine, sine, cosine, sine.
                var first = i - (i / BlocksPerGroup % 2 * BlocksPerGroup);
                var radius = MathF.Sqrt(-2f * Log(((words[first] >> 8) + 1) * Unit));
                var (sine, cosine) = SinCosTurns((words[first + BlocksPerGroup] >> 8) * (4f * Unit));
                destination[start + i] = radius * (first == i ? cosine : sine);
            }
        }
    }

    /// <summary>Normal with mean 0 and variance 1 before it is cut off at -2 and 2, by the inverse of its distribution function.</summary>
    public static void FillTruncatedNormal(ulong seed, uint node, ulong step, Span<float> destination)
    {
        Span<uint> words = stackalloc uint[Group];
        for (var start = 0; start < destination.Length; start += Group)
        {
            FillWords(seed, node, step, (uint)(start / Group), words);
            var count = Math.Min(Group, destination.Length - start);
            for (var i = 0; i < count; i++) destination[start + i] = TruncatedNormal(words[i]);
        }
    }

    private static void FillWords(ulong seed, uint node, ulong step, uint group, Span<uint> words)
    {
        for (var lane = 0; lane < BlocksPerGroup; lane++)
        {
            var block = Block((group * BlocksPerGroup) + (uint)lane, node, (uint)step, (uint)(step >> 32), seed);
            words[lane] = block.X;
            words[BlocksPerGroup + lane] = block.Y;
            words[(2 * BlocksPerGroup) + lane] = block.Z;
            words[(3 * BlocksPerGroup) + lane] = block.W;
        }
    }

    private static float TruncatedNormal(uint word)
    {
        // An odd multiple of 2^-24 in (-1, 1), shrunk to what lies inside two deviations, through the inverse error function (M. Giles 2010, central branch).
        var centred = ((int)((word >> 8 << 1) + 1) - 16777216) * Unit;
        var x = centred * 0.954499736f;
        var w = (0f - Log((1f - x) * (1f + x))) - 2.5f;
        var p = (2.81022636e-8f * w) + 3.43273939e-7f;
        p = (p * w) + -3.5233877e-6f;
        p = (p * w) + -4.39150654e-6f;
        p = (p * w) + 2.1858087e-4f;
        p = (p * w) + -1.25372503e-3f;
        p = (p * w) + -4.17768164e-3f;
        p = (p * w) + 0.246640727f;
        p = (p * w) + 1.50140941f;
        return p * x * 1.41421356f;
    }

    // The natural logarithm for normal numbers up to 1.
    private static float Log(float x)
    {
        var bits = BitConverter.SingleToInt32Bits(x);
        var exponent = (bits - 0x3F3504F3) >> 23;
        var fraction = BitConverter.Int32BitsToSingle(bits - (exponent << 23)) - 1f;
        var square = fraction * fraction;
        var sum = (fraction * 7.0376836292e-2f) + -1.1514610310e-1f;
        sum = (sum * fraction) + 1.1676998740e-1f;
        sum = (sum * fraction) + -1.2420140846e-1f;
        sum = (sum * fraction) + 1.4249322787e-1f;
        sum = (sum * fraction) + -1.6668057665e-1f;
        sum = (sum * fraction) + 2.0000714765e-1f;
        sum = (sum * fraction) + -2.4999993993e-1f;
        sum = (sum * fraction) + 3.3333331174e-1f;
        sum = (sum * (square * fraction)) + (exponent * -2.12194440e-4f);
        sum = (square * -0.5f) + sum;
        return (exponent * 0.693359375f) + (fraction + sum);
    }

    // Sine and cosine of an angle in quarter turns from 0 to 4.
    private static (float Sine, float Cosine) SinCosTurns(float quarters)
    {
        var nearest = MathF.Floor(quarters + 0.5f);
        var quadrant = (int)nearest;
        var angle = (quarters - nearest) * 1.57079633f;
        var square = angle * angle;
        var sine = (square * -1.9515295891e-4f) + 8.3321608736e-3f;
        sine = (sine * square) + -1.6666654611e-1f;
        sine = (sine * square * angle) + angle;
        var cosine = (square * 2.443315711809948e-5f) + -1.388731625493765e-3f;
        cosine = (cosine * square) + 4.166664568298827e-2f;
        cosine = (cosine * square) + -0.5f;
        cosine = (cosine * square) + 1f;
        var (s, c) = (quadrant & 1) == 0 ? (sine, cosine) : (cosine, sine);
        return ((quadrant & 2) == 0 ? s : -s, ((quadrant + 1) & 2) == 0 ? c : -c);
    }
}
