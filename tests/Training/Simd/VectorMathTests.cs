using System.Globalization;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>The largest error of every vector function over the whole range, on every width, against double.</summary>
[TestClass]
[TestCategory("Kernels")]
public unsafe class VectorMathTests
{
    private const int Mantissas = 24;

    [TestMethod] public void Exp_WholeRange_Within1Point5Ulp() => Check<ExpCase>(1.5);
    [TestMethod] public void Expm1_WholeRange_Within2Ulp() => Check<Expm1Case>(2);
    [TestMethod] public void Log_WholeRange_Within1Ulp() => Check<LogCase>(1);
    [TestMethod] public void Log1p_WholeRange_Within2Ulp() => Check<Log1pCase>(2);
    [TestMethod] public void Sigmoid_WholeRange_Within2Point5Ulp() => Check<SigmoidCase>(2.5);
    [TestMethod] public void Softplus_WholeRange_Within2Ulp() => Check<SoftplusCase>(2);
    [TestMethod] public void Silu_WholeRange_Within3Ulp() => Check<SiluCase>(3, 1e-41);
    [TestMethod] public void Mish_WholeRange_Within4Ulp() => Check<MishCase>(4, 1e-41);
    [TestMethod] public void Tanh_WholeRange_Within3Ulp() => Check<TanhCase>(3);
    [TestMethod] public void Sinh_WholeRange_Within2Ulp() => Check<SinhCase>(2);
    [TestMethod] public void Cosh_WholeRange_Within2Ulp() => Check<CoshCase>(2);
    [TestMethod] public void Asinh_WholeRange_Within3Ulp() => Check<AsinhCase>(3);
    [TestMethod] public void Acosh_WholeRange_Within3Ulp() => Check<AcoshCase>(3);
    [TestMethod] public void Atanh_WholeRange_Within3Ulp() => Check<AtanhCase>(3);
    [TestMethod] public void Sin_WholeRange_Within2Point5Ulp() => Check<SinCase>(2.5);
    [TestMethod] public void Cos_WholeRange_Within2Point5Ulp() => Check<CosCase>(2.5);
    [TestMethod] public void Tan_WholeRange_Within4Ulp() => Check<TanCase>(4);
    [TestMethod] public void Asin_WholeRange_Within3Ulp() => Check<AsinCase>(3);
    [TestMethod] public void Acos_WholeRange_Within3Ulp() => Check<AcosCase>(3);
    [TestMethod] public void Atan_WholeRange_Within2Ulp() => Check<AtanCase>(2);
    [TestMethod] public void Erf_WholeRange_Within2Ulp() => Check<ErfCase>(2);
    [TestMethod] public void Gelu_WholeRange_WithinStatedError() => SimdTesting.OnEveryWidth(default(GeluBody));
    [TestMethod] public void GeluTanh_WholeRange_WithinStatedError() => SimdTesting.OnEveryWidth(default(GeluTanhBody));
    [TestMethod] public void Pow_Grid_Within2Ulp() => SimdTesting.OnEveryWidth(default(PowBody));
    [TestMethod] public void Pow_Specials_AreIeee754() => SimdTesting.OnEveryWidth(default(PowSpecialsBody));
    [TestMethod] public void Mod_KnownValues_AreExact() => SimdTesting.OnEveryWidth(default(ModBody));

    private static void Check<TCase>(double limit, double absolute = 0) where TCase : struct, IFunctionCase =>
        SimdTesting.OnEveryWidth(new Body<TCase>(limit, absolute));

    private interface IFunctionCase
    {
        static abstract V Invoke<V>(V x) where V : struct, IVector<V>;
        static abstract double Exact(double x);

        /// <summary>Where the interesting arguments are, next to the sweep over all exponents.</summary>
        static abstract (float Low, float High) Dense { get; }
    }

    private readonly struct Body<TCase>(double limit, double absolute) : IWidthBody where TCase : struct, IFunctionCase
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            var (low, high) = TCase.Dense;
            var values = SimdTesting.WholeRange(Mantissas).Concat(SimdTesting.Random(1 << 14, low, high)).ToArray();
            var results = new float[values.Length];
            fixed (float* source = values, destination = results)
            {
                for (var i = 0; i < values.Length; i += V.Count) V.Store(TCase.Invoke(V.Load(source + i)), destination + i);
            }

            var worst = 0.0;
            var worstAt = 0f;
            for (var i = 0; i < values.Length; i++)
            {
                var distance = SimdTesting.UlpDistance(TCase.Exact(values[i]), results[i]);
                if (distance <= worst || Math.Abs(TCase.Exact(values[i]) - results[i]) <= absolute) continue;
                worst = distance;
                worstAt = values[i];
                if (double.IsInfinity(worst)) break;
            }

            var message = string.Create(CultureInfo.InvariantCulture, $"{typeof(TCase).Name} on {typeof(V).Name}: {worst:F3} ULP at {worstAt:R}");
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

        // Kummer's form of the series: all terms are positive, nothing cancels.
        double term = x, sum = x;
        for (var n = 1; n < 200; n++)
        {
            term *= 2 * x * x / ((2 * n) + 1);
            sum += term;
        }

        return x == 0 ? x : 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    private readonly struct ExpCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Exp(x);
        public static double Exact(double x) => Math.Exp(x);
        public static (float, float) Dense => (-105, 90);
    }

    private readonly struct Expm1Case : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Expm1(x);
        public static double Exact(double x) => Expm1Exact(x);
        public static (float, float) Dense => (-3, 3);
    }

    private readonly struct LogCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Log(x);
        public static double Exact(double x) => Math.Log(x);
        public static (float, float) Dense => (0, 3);
    }

    private readonly struct Log1pCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Log1p(x);
        public static double Exact(double x) => Log1pExact(x);
        public static (float, float) Dense => (-1, 3);
    }

    private readonly struct SigmoidCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Sigmoid(x);
        public static double Exact(double x) => SigmoidExact(x);
        public static (float, float) Dense => (-30, 20);
    }

    private readonly struct SoftplusCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Softplus(x);
        public static double Exact(double x) => Math.Max(x, 0) + Log1pExact(Math.Exp(-Math.Abs(x)));
        public static (float, float) Dense => (-30, 20);
    }

    private readonly struct SiluCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Silu(x);
        public static double Exact(double x) => double.IsNegativeInfinity(x) ? -0.0 : x * SigmoidExact(x);
        public static (float, float) Dense => (-30, 20);
    }

    private readonly struct MishCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Mish(x);
        public static double Exact(double x)
        {
            if (double.IsNegativeInfinity(x)) return -0.0;
            var e = Math.Exp(Math.Min(x, 300));
            return x * (e * (e + 2) / ((e * (e + 2)) + 2));
        }

        public static (float, float) Dense => (-30, 21);
    }

    private readonly struct TanhCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Tanh(x);
        public static double Exact(double x) => Math.Abs(x) < 0.1 ? x == 0 ? x : -Expm1Exact(-2 * x) / (Expm1Exact(-2 * x) + 2) : Math.Tanh(x);
        public static (float, float) Dense => (-4, 4);
    }

    private readonly struct SinhCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Sinh(x);
        public static double Exact(double x) => SinhExact(x);
        public static (float, float) Dense => (-10, 10);
    }

    private readonly struct CoshCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Cosh(x);
        public static double Exact(double x) => Math.Cosh(x);
        public static (float, float) Dense => (-10, 10);
    }

    private readonly struct AsinhCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Asinh(x);
        public static double Exact(double x)
        {
            var m = Math.Abs(x);
            var value = m > 1e7 ? Math.Log(m) + Math.Log(2) : Log1pExact(m + (m * m / (1 + Math.Sqrt((m * m) + 1))));
            return Math.CopySign(value, x);
        }

        public static (float, float) Dense => (-3, 3);
    }

    private readonly struct AcoshCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Acosh(x);
        public static double Exact(double x) => x < 1 ? double.NaN : x > 1e7 ? Math.Log(x) + Math.Log(2) : Log1pExact(x - 1 + Math.Sqrt((x - 1) * (x + 1)));
        public static (float, float) Dense => (1, 3);
    }

    private readonly struct AtanhCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Atanh(x);
        public static double Exact(double x) => x == 0 ? x : 0.5 * Log1pExact(2 * x / (1 - x));
        public static (float, float) Dense => (-1, 1);
    }

    private readonly struct SinCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Sin(x);
        public static double Exact(double x) => Math.Sin(x);
        public static (float, float) Dense => (-20, 20);
    }

    private readonly struct CosCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Cos(x);
        public static double Exact(double x) => Math.Cos(x);
        public static (float, float) Dense => (-8200, 8200);
    }

    private readonly struct TanCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Tan(x);
        public static double Exact(double x) => Math.Tan(x);
        public static (float, float) Dense => (-300, 300);
    }

    private readonly struct AsinCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Asin(x);
        public static double Exact(double x) => Math.Asin(x);
        public static (float, float) Dense => (-1, 1);
    }

    private readonly struct AcosCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Acos(x);
        public static double Exact(double x) => Math.Acos(x);
        public static (float, float) Dense => (-1, 1);
    }

    private readonly struct AtanCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Atan(x);
        public static double Exact(double x) => Math.Atan(x);
        public static (float, float) Dense => (-5, 5);
    }

    private readonly struct ErfCase : IFunctionCase
    {
        public static V Invoke<V>(V x) where V : struct, IVector<V> => VectorMath.Erf(x);
        public static double Exact(double x) => ErfExact(x);
        public static (float, float) Dense => (-4, 4);
    }

    private readonly struct GeluBody : IWidthBody
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            foreach (var x in SimdTesting.WholeRange(4).Concat(SimdTesting.Random(4096, -14, 8)))
            {
                var exact = float.IsNegativeInfinity(x) ? 0 : 0.5 * x * (1 + ErfExact(x / Math.Sqrt(2)));
                var actual = V.MaxLane(VectorMath.Gelu(V.Create(x)));
                if (float.IsNaN(x) || float.IsInfinity(x)) Assert.AreEqual((float)exact, actual);
                else Assert.IsLessThanOrEqualTo(1e-44 + 3e-7 * Math.Max(Math.Min(Math.Abs((double)x), 14), Math.Abs(exact)), Math.Abs(exact - actual), $"gelu({x:R}) = {actual:R}, exact {exact:R}");
            }
        }
    }

    private readonly struct GeluTanhBody : IWidthBody
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            foreach (var x in SimdTesting.WholeRange(4).Concat(SimdTesting.Random(4096, -9, 8)))
            {
                var d = (double)x;
                var exact = float.IsNegativeInfinity(x) ? -0.0 : d * SigmoidExact(2 * Math.Sqrt(2 / Math.PI) * (d + (0.044715 * d * d * d)));
                var actual = V.MaxLane(VectorMath.GeluTanh(V.Create(x)));
                Assert.IsLessThanOrEqualTo(x > -4 || !(x < 0) ? 16.0 : 128.0, SimdTesting.UlpDistance(exact, actual), $"gelu_tanh({x:R}) = {actual:R}, exact {exact:R}");
            }
        }
    }

    private readonly struct PowBody : IWidthBody
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

    private readonly struct PowSpecialsBody : IWidthBody
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

    private readonly struct ModBody : IWidthBody
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
