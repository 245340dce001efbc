using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>What the tests of vector loops share: poisoned buffers, lengths, and distances in units in the last place.</summary>
internal static unsafe class SimdTesting
{
    public const float Poison = float.NaN;

    /// <summary>Lengths that cover all vector widths and tails.</summary>
    public static IEnumerable<int> Lengths => Enumerable.Range(0, 70).Concat([127, 128, 129, 255, 256, 257]);

    /// <summary>The distance of <paramref name="actual"/> from the exact value, in units in the last place at that value.</summary>
    public static double UlpDistance(double exact, float actual)
    {
        if (double.IsNaN(exact)) return float.IsNaN(actual) ? 0 : double.PositiveInfinity;
        if (float.IsNaN(actual)) return double.PositiveInfinity;
        var rounded = (float)exact;
        if (rounded == actual) return 0;
        if (float.IsInfinity(rounded) || float.IsInfinity(actual))
        {
            // Infinity begins one step beyond the largest float.
            var finite = float.IsInfinity(actual) ? Math.CopySign(Math.ScaleB(1, 128), actual) : actual;
            return Math.Abs(finite - exact) / Math.ScaleB(1, 104);
        }

        var magnitude = Math.Max(Math.Abs(exact), 1.17549435e-38);
        return Math.Abs(actual - exact) / Math.ScaleB(1, Math.ILogB(magnitude) - 23);
    }

    /// <summary>Floats of all exponents and both signs, including all special values and their neighbours.</summary>
    public static float[] WholeRange(int mantissas, int seed = 1)
    {
        var random = new Random(seed);
        var values = new List<float>
        {
            0f, -0f, float.Epsilon, -float.Epsilon, float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN,
            1.17549435e-38f, -1.17549435e-38f, 1f, -1f, 2f, -2f, 0.5f, -0.5f,
        };
        for (var exponent = 0; exponent < 255; exponent++)
        {
            for (var i = 0; i < mantissas; i++)
            {
                var bits = (exponent << 23) | random.Next(1 << 23);
                values.Add(BitConverter.Int32BitsToSingle(bits));
                values.Add(BitConverter.Int32BitsToSingle(bits | int.MinValue));
            }
        }

        while (values.Count % 16 != 0) values.Add(values[values.Count % 9]);
        return [.. values];
    }

    /// <summary>Random floats between two limits.</summary>
    public static float[] Random(int count, float low = -2f, float high = 2f, int seed = 7)
    {
        var random = new Random(seed + count);
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = low + ((high - low) * random.NextSingle());
        return values;
    }

    /// <summary>Runs a test body on every vector width; .NET emulates what the machine lacks.</summary>
    public static void OnEveryWidth<TBody>(TBody body) where TBody : IVectorLoop
    {
        body.Run<V128>();
        body.Run<V256>();
        body.Run<V512>();
    }

    /// <summary>A buffer with NaN on both sides, to detect reads and writes outside of the range.</summary>
    public static float[] Poisoned(int count)
    {
        var buffer = new float[count + 32];
        Array.Fill(buffer, Poison);
        return buffer;
    }

    /// <summary>A poisoned buffer holding <paramref name="values"/> from index 16 on.</summary>
    public static float[] Poisoned(ReadOnlySpan<float> values)
    {
        var buffer = Poisoned(values.Length);
        values.CopyTo(buffer.AsSpan(16));
        return buffer;
    }

    /// <summary>The middle of a poisoned buffer.</summary>
    public static Span<float> Middle(float[] buffer) => buffer.AsSpan(16, buffer.Length - 32);

    /// <summary>Fails if a sentinel around the middle of a poisoned buffer was overwritten.</summary>
    public static void AssertUntouchedOutside(float[] buffer)
    {
        for (var i = 0; i < 16; i++)
        {
            Assert.IsTrue(float.IsNaN(buffer[i]), "written before the range");
            Assert.IsTrue(float.IsNaN(buffer[^(i + 1)]), "written after the range");
        }
    }

    /// <summary>Fails at the first element that exceeds the tolerances.</summary>
    public static void AssertClose(
        ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double absolute = 1e-5, double relative = 1e-5, string? what = null)
    {
        Assert.AreEqual(expected.Length, actual.Length, what);
        for (var i = 0; i < expected.Length; i++)
        {
            if (expected[i].Equals(actual[i]) || expected[i] == actual[i]) continue;
            if (Math.Abs((double)expected[i] - actual[i]) <= absolute + (relative * Math.Abs(expected[i]))) continue;
            Assert.Fail($"{what} [{i}]: expected {expected[i]:R}, was {actual[i]:R}");
        }
    }
}
