using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>Compares 16-bit floats with .NET's own Half and with integer rounding, on every vector width.</summary>
[TestClass]
[TestCategory("Kernels")]
public sealed class WordLoopsTests
{
    private static readonly ushort[] s_all = [.. Enumerable.Range(0, 1 << 16).Select(bits => (ushort)bits)];

    /// <summary>Every value of both formats, the midpoints between neighbours and the floats next to those, and the whole range of exponents.</summary>
    private static readonly float[] s_floats =
    [
        .. SimdTesting.WholeRange(40),
        .. s_all.SelectMany(word => Around((float)BitConverter.UInt16BitsToHalf(word), 1 << 12)),
        .. s_all.SelectMany(word => Around(BitConverter.UInt32BitsToSingle((uint)word << 16), 1 << 15)),
    ];

    [TestMethod]
    public void Widening_all_words_gives_their_floats() => SimdTesting.OnEveryWidth(default(WidenAll));

    [TestMethod]
    public void Ties_subnormals_overflow_and_NaN_are_narrowed_to_the_nearest_even() => SimdTesting.OnEveryWidth(default(NarrowAll));

    [TestMethod]
    public void Every_length_touches_nothing_beside() => SimdTesting.OnEveryWidth(default(Lengths));

    [TestMethod]
    public void Spans_take_the_width_of_the_machine()
    {
        float[] values = [1, 1.0005f, -70000, 1e-8f, float.NaN];
        var words = new ushort[5];
        WordLoops.Narrow<HalfFormat>(values, words);
        CollectionAssert.AreEqual(Array.ConvertAll(values, value => BitConverter.HalfToUInt16Bits((Half)value)), words);
        WordLoops.Widen<HalfFormat>(words, values);
        Assert.AreEqual(float.NegativeInfinity, values[2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => WordLoops.Widen<HalfFormat>(new ushort[3], new float[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => WordLoops.Narrow<BFloat16Format>(new float[3], new ushort[4]));
    }

    private static IEnumerable<float> Around(float value, int halfStep)
    {
        if (float.IsNaN(value)) return [value];
        var bits = BitConverter.SingleToInt32Bits(value);
        return new[] { 0, 1, halfStep - 1, halfStep, halfStep + 1 }.Select(step => BitConverter.Int32BitsToSingle(bits + step));
    }

    private static ushort NearestUpper(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        var (kept, rest) = (bits >> 16, bits & 0xFFFF);
        return (ushort)(rest > 0x8000 || (rest == 0x8000 && (kept & 1) == 1) ? kept + 1 : kept);
    }

    private readonly unsafe struct WidenAll : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            var (halves, uppers) = (new float[s_all.Length], new float[s_all.Length]);
            fixed (ushort* source = s_all)
            fixed (float* half = halves, upper = uppers)
            {
                WordLoops.Widen<V, HalfFormat>(source, half, s_all.Length);
                WordLoops.Widen<V, BFloat16Format>(source, upper, s_all.Length);
            }

            for (var i = 0; i < s_all.Length; i++)
            {
                var expected = (float)BitConverter.UInt16BitsToHalf((ushort)i);
                if (float.IsNaN(expected)) Assert.IsTrue(float.IsNaN(halves[i]), $"{i:X4}");
                else Assert.AreEqual(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(halves[i]), $"{i:X4}");
                Assert.AreEqual(i << 16, BitConverter.SingleToInt32Bits(uppers[i]), $"{i:X4}");
            }
        }
    }

    private readonly unsafe struct NarrowAll : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            var (halves, uppers) = (new ushort[s_floats.Length], new ushort[s_floats.Length]);
            fixed (float* source = s_floats)
            fixed (ushort* half = halves, upper = uppers)
            {
                WordLoops.Narrow<V, HalfFormat>(source, 1, half, s_floats.Length);
                WordLoops.Narrow<V, BFloat16Format>(source, 1, upper, s_floats.Length);
            }

            for (var i = 0; i < s_floats.Length; i++)
            {
                var value = s_floats[i];
                if (float.IsNaN(value))
                {
                    Assert.IsTrue(
                        Half.IsNaN(BitConverter.UInt16BitsToHalf(halves[i])) && float.IsNaN(BitConverter.Int32BitsToSingle(Shifted(uppers[i]))), "NaN");
                    continue;
                }

                if (BitConverter.HalfToUInt16Bits((Half)value) != halves[i]) Assert.Fail($"half of {value:R}: {halves[i]:X4}");
                if (NearestUpper(value) != uppers[i]) Assert.Fail($"upper half of {value:R}: {uppers[i]:X4}");
            }

            static int Shifted(ushort word) => word << 16;
        }
    }

    private readonly unsafe struct Lengths : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            foreach (var length in SimdTesting.Lengths)
            {
                var values = SimdTesting.Random(length);
                var words = new ushort[length + 2];
                Array.Fill(words, (ushort)0xBEEF);
                var back = SimdTesting.Poisoned(length);
                fixed (float* source = values, target = back)
                fixed (ushort* word = words)
                {
                    WordLoops.Narrow<V, HalfFormat>(source, 1, word + 1, length);
                    WordLoops.Widen<V, HalfFormat>(word + 1, target + 16, length);
                }

                Assert.IsTrue(words[0] == 0xBEEF && words[^1] == 0xBEEF, "written outside the range");
                SimdTesting.AssertUntouchedOutside(back);
                for (var i = 0; i < length; i++) Assert.AreEqual((float)(Half)values[i], SimdTesting.Middle(back)[i]);
            }
        }
    }
}
