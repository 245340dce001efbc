namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>The engine's random numbers one element at a time, with the same operations as the vector form.</summary>
internal static class PhiloxReference
{
    private const int Row = Philox.Group / 4;
    private const float Unit = 1f / 16777216f;

    /// <summary>Uniform in [0, 1).</summary>
    public static void FillUniform(ulong seed, uint node, ulong step, Span<float> destination)
    {
        for (var i = 0; i < destination.Length; i++) destination[i] = (Word(seed, node, step, i) >> 8) * Unit;
    }

    /// <summary>Standard normal: of each 64 elements, rows of 16 are radius, angle, radius, angle and give cosine, sine, cosine, sine.</summary>
    public static void FillNormal(ulong seed, uint node, ulong step, Span<float> destination)
    {
        for (var i = 0; i < destination.Length; i++)
        {
            var first = i - (i % Philox.Group / Row % 2 * Row);
            var radius = MathF.Sqrt(-2f * Log(((Word(seed, node, step, first) >> 8) + 1) * Unit));
            var (sine, cosine) = SinCosTurns((Word(seed, node, step, first + Row) >> 8) * (4f * Unit));
            destination[i] = radius * (first == i ? cosine : sine);
        }
    }

    // Element e is word e % 64 / 16 of block e / 64 * 16 + e % 16.
    private static uint Word(ulong seed, uint node, ulong step, int element)
    {
        var (x, y, z, w) = Philox.Block((uint)((element / Philox.Group * Row) + (element % Row)), node, (uint)step, (uint)(step >> 32), seed);
        return (element % Philox.Group / Row) switch { 0 => x, 1 => y, 2 => z, _ => w };
    }

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
