using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>Compares Philox with its authors' known answers, the vector form with the scalar one, and the distributions with their moments.</summary>
[TestClass]
[TestCategory("Kernels")]
public unsafe class PhiloxTests
{
    [TestMethod]
    [DataRow(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [DataRow(~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [DataRow(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Blocks_are_the_known_answers_of_Random123(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint w0, uint w1, uint w2, uint w3) =>
        Assert.AreEqual((w0, w1, w2, w3), Philox.Block(c0, c1, c2, c3, ((ulong)k1 << 32) | k0));

    [TestMethod]
    public void Vectors_of_every_width_and_range_have_the_scalar_bits() => SimdTesting.OnEveryWidth(default(RangesBody));

    [TestMethod]
    public void Uniform_numbers_have_the_moments_of_the_distribution()
    {
        var values = new float[1 << 17];
        PhiloxReference.FillUniform(42, 1, 0, values);
        Assert.IsTrue(values.All(v => v is >= 0 and < 1));
        var (mean, variance) = Moments(values);
        Assert.AreEqual(0.5, mean, 0.003);
        Assert.AreEqual(1.0 / 12, variance, 0.001);
    }

    [TestMethod]
    public void Normal_numbers_have_the_moments_of_the_distribution()
    {
        var values = new float[1 << 17];
        PhiloxReference.FillNormal(42, 2, 0, values);
        var (mean, variance) = Moments(values);
        Assert.AreEqual(0, mean, 0.01);
        Assert.AreEqual(1, variance, 0.015);
        Assert.AreEqual(3, values.Average(v => Math.Pow(v, 4)), 0.1);
        Assert.AreEqual(0.6827, values.Count(v => Math.Abs(v) < 1) / (double)values.Length, 0.005);
    }

    [TestMethod]
    public void Streams_of_another_seed_node_or_step_are_unrelated()
    {
        var values = new float[4][];
        for (var i = 0; i < 4; i++)
        {
            values[i] = new float[4096];
            PhiloxReference.FillUniform(i == 1 ? 8UL : 7UL, i == 2 ? 2u : 1u, i == 3 ? 1UL : 0UL, values[i]);
        }

        for (var i = 1; i < 4; i++)
        {
            Assert.AreEqual(0, values[0].Zip(values[i]).Average(p => (p.First - 0.5) * (p.Second - 0.5)), 0.005);
        }
    }

    private static (double Mean, double Variance) Moments(float[] values)
    {
        var mean = values.Average(v => (double)v);
        return (mean, values.Average(v => (v - mean) * (v - mean)));
    }

    private readonly struct RangesBody : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            const int length = 700;
            var expected = new float[length];
            foreach (var distribution in Enum.GetValues<PhiloxVectors.Distribution>())
            {
                if (distribution == PhiloxVectors.Distribution.Uniform) PhiloxReference.FillUniform(ulong.MaxValue - 5, 9, 1UL << 40, expected);
                else PhiloxReference.FillNormal(ulong.MaxValue - 5, 9, 1UL << 40, expected);
                foreach (var (first, count) in new[] { (0, 700), (0, 1), (1, 5), (63, 2), (64, 64), (17, 400), (699, 1), (5, 0) })
                {
                    var buffer = SimdTesting.Poisoned(count);
                    fixed (float* target = SimdTesting.Middle(buffer))
                    {
                        PhiloxVectors.Fill<V>(distribution, ulong.MaxValue - 5, 9, 1UL << 40, first, target, count);
                    }
                    SimdTesting.AssertUntouchedOutside(buffer);
                    CollectionAssert.AreEqual(expected[first..(first + count)], SimdTesting.Middle(buffer).ToArray(), $"{distribution} from {first}");
                }
            }
        }
    }
}
