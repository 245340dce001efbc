using System.Globalization;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>Measures the largest error of every vector function over the whole range, on every width, against double precision.</summary>
[TestClass]
[TestCategory("Kernels")]
public unsafe class VectorMathTests
{
    private const int Mantissas = 24;

    [TestMethod] public void Exp_is_within_1_point_5_ulp_for_the_whole_range() => Check<ExpOperator>(Math.Exp, (-105, 90), 1.5);
    [TestMethod] public void Expm1_is_within_2_ulp_for_the_whole_range() => Check<Expm1Operator>(Expm1Exact, (-3, 3), 2);
    [TestMethod] public void Log_is_within_1_ulp_for_the_whole_range() => Check<LogOperator>(Math.Log, (0, 3), 1);
    [TestMethod] public void Log1p_is_within_2_ulp_for_the_whole_range() => Check<Log1pOperator>(Log1pExact, (-1, 3), 2);
    [TestMethod] public void Sigmoid_is_within_2_point_5_ulp_for_the_whole_range() => Check<SigmoidOperator>(SigmoidExact, (-30, 20), 2.5);
    [TestMethod] public void Softplus_is_within_2_ulp_for_the_whole_range() => Check<SoftplusOperator>(SoftplusExact, (-30, 20), 2);
    [TestMethod] public void Silu_is_within_3_ulp_for_the_whole_range() => Check<SiluOperator>(SiluExact, (-30, 20), 3, absolute: 1e-41);
    [TestMethod] public void Mish_is_within_4_ulp_for_the_whole_range() => Check<MishOperator>(MishExact, (-30, 21), 4, absolute: 1e-41);
    [TestMethod] public void Tanh_is_within_3_ulp_for_the_whole_range() => Check<TanhOperator>(TanhExact, (-4, 4), 3);
    [TestMethod] public void Sinh_is_within_2_ulp_for_the_whole_range() => Check<SinhOperator>(SinhExact, (-10, 10), 2);
    [TestMethod] public void Cosh_is_within_2_ulp_for_the_whole_range() => Check<CoshOperator>(Math.Cosh, (-10, 10), 2);
    [TestMethod] public void Asinh_is_within_3_ulp_for_the_whole_range() => Check<AsinhOperator>(AsinhExact, (-3, 3), 3);
    [TestMethod] public void Acosh_is_within_3_ulp_for_the_whole_range() => Check<AcoshOperator>(AcoshExact, (1, 3), 3);
    [TestMethod] public void Atanh_is_within_3_ulp_for_the_whole_range() => Check<AtanhOperator>(AtanhExact, (-1, 1), 3);
    [TestMethod] public void Sin_is_within_2_point_5_ulp_for_the_whole_range() => Check<SinOperator>(Math.Sin, (-20, 20), 2.5);
    [TestMethod] public void Cos_is_within_2_point_5_ulp_for_the_whole_range() => Check<CosOperator>(Math.Cos, (-8200, 8200), 2.5);
    [TestMethod] public void Tan_is_within_4_ulp_for_the_whole_range() => Check<TanOperator>(Math.Tan, (-300, 300), 4);
    [TestMethod] public void Asin_is_within_3_ulp_for_the_whole_range() => Check<AsinOperator>(Math.Asin, (-1, 1), 3);
    [TestMethod] public void Acos_is_within_3_ulp_for_the_whole_range() => Check<AcosOperator>(Math.Acos, (-1, 1), 3);
    [TestMethod] public void Atan_is_within_2_ulp_for_the_whole_range() => Check<AtanOperator>(Math.Atan, (-5, 5), 2);
    [TestMethod] public void Erf_is_within_2_ulp_for_the_whole_range() => Check<ErfOperator>(ErfExact, (-4, 4), 2);
    [TestMethod] public void Gelu_is_within_the_stated_error_for_the_whole_range() => SimdTesting.OnEveryWidth(default(GeluBody));
    [TestMethod] public void GeluTanh_is_within_the_stated_error_for_the_whole_range() => SimdTesting.OnEveryWidth(default(GeluTanhBody));
    [TestMethod] public void Pow_is_within_2_ulp_on_a_grid() => SimdTesting.OnEveryWidth(default(PowBody));
    [TestMethod] public void Special_values_of_Pow_are_those_of_IEEE_754() => SimdTesting.OnEveryWidth(default(PowSpecialsBody));
    [TestMethod] public void Known_values_of_Mod_are_exact() => SimdTesting.OnEveryWidth(default(ModBody));

    /// <summary>Sweeps all exponents, and more densely the range in which the function varies.</summary>
    private static void Check<TOperator>(Func<double, double> exact, (float Low, float High) dense, double limit, double absolute = 0)
        where TOperator : struct, IUnaryOperator =>
        SimdTesting.OnEveryWidth(new Sweep<TOperator>(exact, dense, limit, absolute));

    private readonly struct Sweep<TOperator>(Func<double, double> exact, (float Low, float High) dense, double limit, double absolute) : IVectorLoop
        where TOperator : struct, IUnaryOperator
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            var op = default(TOperator);
            var values = SimdTesting.WholeRange(Mantissas).Concat(SimdTesting.Random(1 << 14, dense.Low, dense.High)).ToArray();
            var results = new float[values.Length];
            fixed (float* source = values, destination = results)
            {
                for (var i = 0; i < values.Length; i += V.Count) V.Store(op.Invoke(V.Load(source + i)), destination + i);
            }

            var worst = 0.0;
            var worstAt = 0f;
            for (var i = 0; i < values.Length; i++)
            {
                var expected = exact(values[i]);
                var distance = SimdTesting.UlpDistance(expected, results[i]);
                if (distance <= worst || Math.Abs(expected - results[i]) <= absolute) continue;
                worst = distance;
                worstAt = values[i];
                if (double.IsInfinity(worst)) break;
            }

            var message = string.Create(CultureInfo.InvariantCulture, $"{typeof(TOperator).Name} on {typeof(V).Name}: {worst:F3} ULP at {worstAt:R}");
            Console.WriteLine(message);
            if (!(worst <= limit)) Assert.Fail(message);
        }
    }

    private static double Log1pExact(double x)
    {
        var sum = 1 + x;
        return sum == 1 || double.IsPositiveInfinity(sum) ? x : Math.Log(sum) * (x / (sum - 1));
    }

    private static double Expm1Exact(double x)
    {
        if (Math.Abs(x) > 0.1) return Math.Exp(x) - 1;
        double term = x, sum = 0;
        for (var i = 2; i < 20; i++)
        {
            sum += term;
            term *= x / i;
        }

        return x == 0 ? x : sum;
    }

    private static double SinhExact(double x) => Math.Abs(x) < 0.1 ? x == 0 ? x : (Expm1Exact(x) - Expm1Exact(-x)) / 2 : Math.Sinh(x);

    private static double SigmoidExact(double x) => x < 0 ? Math.Exp(x) / (1 + Math.Exp(x)) : 1 / (1 + Math.Exp(-x));

    private static double ErfExact(double x)
    {
        if (double.IsNaN(x)) return x;
        if (Math.Abs(x) > 6) return Math.Sign(x);

        // Kummer's form of the series: all terms are positive, so nothing cancels.
        double term = x, sum = x;
        for (var n = 1; n < 200; n++)
        {
            term *= 2 * x * x / ((2 * n) + 1);
            sum += term;
        }

        return x == 0 ? x : 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    private static double SoftplusExact(double x) => Math.Max(x, 0) + Log1pExact(Math.Exp(-Math.Abs(x)));

    private static double SiluExact(double x) => double.IsNegativeInfinity(x) ? -0.0 : x * SigmoidExact(x);

    private static double MishExact(double x)
    {
        if (double.IsNegativeInfinity(x)) return -0.0;
        var e = Math.Exp(Math.Min(x, 300));
        return x * (e * (e + 2) / ((e * (e + 2)) + 2));
    }

    private static double TanhExact(double x) => Math.Abs(x) < 0.1 ? x == 0 ? x : -Expm1Exact(-2 * x) / (Expm1Exact(-2 * x) + 2) : Math.Tanh(x);

    private static double AsinhExact(double x)
    {
        var m = Math.Abs(x);
        var value = m > 1e7 ? Math.Log(m) + Math.Log(2) : Log1pExact(m + (m * m / (1 + Math.Sqrt((m * m) + 1))));
        return Math.CopySign(value, x);
    }

    private static double AcoshExact(double x) => x < 1 ? double.NaN : x > 1e7 ? Math.Log(x) + Math.Log(2) : Log1pExact(x - 1 + Math.Sqrt((x - 1) * (x + 1)));

    private static double AtanhExact(double x) => x == 0 ? x : 0.5 * Log1pExact(2 * x / (1 - x));

    private readonly struct GeluBody : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            foreach (var x in SimdTesting.WholeRange(4).Concat(SimdTesting.Random(4096, -14, 8)))
            {
                var exact = float.IsNegativeInfinity(x) ? 0 : 0.5 * x * (1 + ErfExact(x / Math.Sqrt(2)));
                var actual = V.MaxLane(VectorMath.Gelu(V.Create(x)));
                if (float.IsNaN(x) || float.IsInfinity(x)) Assert.AreEqual((float)exact, actual);
                else
                {
                    Assert.IsLessThanOrEqualTo(
                        1e-44 + 3e-7 * Math.Max(Math.Min(Math.Abs((double)x), 14), Math.Abs(exact)), Math.Abs(exact - actual),
                        $"gelu({x:R}) = {actual:R}, exact {exact:R}");
                }
            }
        }
    }

    private readonly struct GeluTanhBody : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            foreach (var x in SimdTesting.WholeRange(4).Concat(SimdTesting.Random(4096, -9, 8)))
            {
                var d = (double)x;
                var exact = float.IsNegativeInfinity(x) ? -0.0 : d * SigmoidExact(2 * Math.Sqrt(2 / Math.PI) * (d + (0.044715 * d * d * d)));
                var actual = V.MaxLane(VectorMath.GeluTanh(V.Create(x)));
                Assert.IsLessThanOrEqualTo(
                    x > -4 || !(x < 0) ? 16.0 : 128.0, SimdTesting.UlpDistance(exact, actual), $"gelu_tanh({x:R}) = {actual:R}, exact {exact:R}");
            }
        }
    }

    private readonly struct PowBody : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            var bases = SimdTesting.WholeRange(2).Select(MathF.Abs).Concat(SimdTesting.Random(400, 0, 4)).ToArray();
            float[] exponents = [.. SimdTesting.Random(60, -12, 12), 0.5f, -0.5f, 2f, 3f, 0.1f, 100f, -60f, 1e-3f, 1e6f, 1e20f];
            var worst = 0.0;
            var at = "";
            foreach (var x in bases)
            {
                foreach (var y in exponents)
                {
                    var distance = SimdTesting.UlpDistance(Math.Pow(x, y), V.MaxLane(VectorMath.Pow(V.Create(x), V.Create(y))));
                    if (distance > worst) (worst, at) = (distance, $"{x:R} ^ {y:R}");
                }
            }

            Console.WriteLine($"pow on {typeof(V).Name}: {worst:F3} ULP at {at}");
            Assert.IsLessThanOrEqualTo(2.0, worst, $"{typeof(V).Name}: {worst:F3} ULP at {at}");
        }
    }

    private readonly struct PowSpecialsBody : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            float[] values =
            [
                0f, -0f, 1f, -1f, 2f, -2f, 3f, -3f, 0.5f, -0.5f, 1e-40f, -1e-40f, 1e38f, -1e38f, 16777215f, 16777216f, -16777217f,
                float.PositiveInfinity, float.NegativeInfinity, float.NaN,
            ];
            foreach (var x in values)
            {
                foreach (var y in values)
                {
                    var expected = (float)Math.Pow(x, y);
                    var actual = V.MaxLane(VectorMath.Pow(V.Create(x), V.Create(y)));
                    Assert.IsLessThanOrEqualTo(2.0, SimdTesting.UlpDistance(expected, actual), $"{x:R} ^ {y:R}: {expected:R}, was {actual:R}");
                    if (expected == 0) Assert.AreEqual(float.IsNegative(expected), float.IsNegative(actual), $"sign of {x:R} ^ {y:R}");
                }
            }
        }
    }

    private readonly struct ModBody : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            (float X, float Y, float Floor)[] rows =
            [
                (7, 3, 1), (-7, 3, 2), (7, -3, -2), (-7, -3, -1), (5.5f, 2, 1.5f), (6, 3, 0), (1e30f, 7, 1e30f % 7), (1, 0, float.NaN),
            ];
            foreach (var (x, y, floor) in rows)
            {
                Assert.AreEqual(floor, V.MaxLane(VectorMath.FloorMod(V.Create(x), V.Create(y))));
            }
        }
    }
}
