using OnnxFunctional.Tests.Training.Simd;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Kernels;

namespace OnnxFunctional.Tests.Training.Kernels;

/// <summary>Reductions over every set of axes against loops in double; the same bits for one and for three threads.</summary>
[TestClass]
[TestCategory("Kernels")]
public class ReductionTests
{
    public static IEnumerable<object[]> Kinds => Enum.GetNames<ReduceKind>().Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void Small_shapes_match_double_for_every_set_of_axes(string kindName)
    {
        var kind = Enum.Parse<ReduceKind>(kindName);
        int[][] shapes = [[1], [7], [3, 5], [17, 1], [1, 33], [2, 3, 70], [3, 1, 5, 2], [2, 5, 3, 19], [300, 3], [3, 300]];
        foreach (var shape in shapes)
        {
            for (var set = 0; set < 1 << shape.Length; set++)
            {
                int[] axes = [.. Enumerable.Range(0, shape.Length).Where(axis => (set >> axis & 1) != 0)];
                Check(kind, shape, axes);
            }
        }
    }

    [TestMethod]
    [DataRow("300007", "0")]
    [DataRow("5000,64", "0")]
    [DataRow("70000,3", "0")]
    [DataRow("2,90001", "1")]
    [DataRow("3,70000", "0")]
    [DataRow("3,257,200", "1")]
    [DataRow("3,257,200", "0,2")]
    [DataRow("4,100,200,3", "1,2")]
    [DataRow("40,2500", "1")]
    [DataRow("300,3,300", "0,2")]
    public void Large_shapes_cut_into_parts_match_double_on_any_threads(string shapeText, string axesText)
    {
        int[] shape = Parse(shapeText), axes = Parse(axesText);
        foreach (var kind in new[] { ReduceKind.Sum, ReduceKind.Mean, ReduceKind.Max, ReduceKind.L2, ReduceKind.LogSumExp }) Check(kind, shape, axes);
    }

    [TestMethod]
    public void A_long_sum_of_ones_is_exact()
    {
        // Added one by one in float32, the sum would stop at 2^24.
        var source = new float[16_777_220];
        Array.Fill(source, 1f);
        Assert.AreEqual(16_777_220f, Run(Reduction.Create(ReduceKind.Sum, [source.Length], []), source, 1, 2)[0]);
    }

    [TestMethod]
    public void Nothing_to_reduce_gives_the_identity()
    {
        CollectionAssert.AreEqual(new float[] { 0, 0 }, Run(Reduction.Create(ReduceKind.Sum, [2, 0], [1]), [], 2, 1));
        CollectionAssert.AreEqual(new float[] { 0, 0 }, Run(Reduction.Create(ReduceKind.Sum, [0, 2], [0]), [], 2, 1));
        CollectionAssert.AreEqual(new[] { float.NegativeInfinity }, Run(Reduction.Create(ReduceKind.Max, [0], [0]), [], 1, 1));
        Assert.IsEmpty(Run(Reduction.Create(ReduceKind.Sum, [0, 3], [1]), [], 0, 1));
    }

    [TestMethod]
    public void Max_and_LogSumExp_propagate_special_values()
    {
        float[] row = [1, float.NaN, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18];
        Assert.IsTrue(float.IsNaN(Run(Reduction.Create(ReduceKind.Max, [18], [0]), row, 1, 1)[0]));
        float[] infinities = [float.NegativeInfinity, float.NegativeInfinity];
        Assert.AreEqual(float.NegativeInfinity, Run(Reduction.Create(ReduceKind.LogSumExp, [2], [0]), infinities, 1, 1)[0]);
        Assert.AreEqual(float.NegativeInfinity, Run(Reduction.Create(ReduceKind.LogSumExp, [2, 1, 2], [0]), [.. infinities, .. infinities], 2, 1)[1]);
        Assert.AreEqual(1000f + MathF.Log(2), Run(Reduction.Create(ReduceKind.LogSumExp, [2], [0]), [1000, 1000], 1, 1)[0]);
    }

    private static void Check(ReduceKind kind, int[] shape, int[] axes)
    {
        var length = shape.Aggregate(1, (a, b) => a * b);
        var source = kind == ReduceKind.Product ? SimdTesting.Random(length, 0.8f, 1.25f) : SimdTesting.Random(length);
        var kept = Enumerable.Range(0, shape.Length).Where(axis => axes.Length > 0 && !axes.Contains(axis)).ToArray();
        var results = kept.Aggregate(1, (a, axis) => a * shape[axis]);
        var groups = new List<double>[results];
        for (var i = 0; i < results; i++) groups[i] = [];
        for (var i = 0; i < length; i++)
        {
            int place = 0, stride = 1, rest = i;
            for (var axis = shape.Length - 1; axis >= 0; axis--)
            {
                if (kept.Contains(axis))
                {
                    place += rest % shape[axis] * stride;
                    stride *= shape[axis];
                }

                rest /= shape[axis];
            }

            groups[place].Add(source[i]);
        }

        var reduction = Reduction.Create(kind, shape, axes);
        var actual = Run(reduction, source, results, 1);
        for (var i = 0; i < results; i++)
        {
            var expected = Exact(kind, groups[i]);
            var magnitude = kind switch
            {
                ReduceKind.Sum or ReduceKind.Mean => Exact(kind, groups[i].ConvertAll(Math.Abs)),
                ReduceKind.LogSumExp => Math.Max(1, Math.Abs(expected)),
                _ => Math.Abs(expected),
            };
            var what = $"{kind} of [{string.Join(",", shape)}] over [{string.Join(",", axes)}] [{i}]";
            Assert.AreEqual(expected, actual[i], 3e-6 * Math.Max(magnitude, 1e-3), what);
        }

        CollectionAssert.AreEqual(actual, Run(reduction, source, results, 3), "threads changed the bits");
    }

    private static double Exact(ReduceKind kind, List<double> values) => kind switch
    {
        ReduceKind.Sum => values.Sum(),
        ReduceKind.Mean => values.Average(),
        ReduceKind.SumSquare => values.Sum(v => v * v),
        ReduceKind.L1 => values.Sum(Math.Abs),
        ReduceKind.L2 => Math.Sqrt(values.Sum(v => v * v)),
        ReduceKind.Max => values.Max(),
        ReduceKind.Min => values.Min(),
        ReduceKind.Product => values.Aggregate(1.0, (a, b) => a * b),
        _ => Math.Log(values.Sum(Math.Exp)),
    };

    private static float[] Run(Reduction reduction, float[] source, int results, int threads)
    {
        using var pool = new WorkerPool(threads);
        var destination = SimdTesting.Poisoned(results);
        reduction.Run(pool, source, destination.AsMemory(16, results), new float[reduction.ScratchLength]);
        SimdTesting.AssertUntouchedOutside(destination);
        return SimdTesting.Middle(destination).ToArray();
    }

    private static int[] Parse(string text) => [.. text.Split(',').Select(s => int.Parse(s, System.Globalization.CultureInfo.InvariantCulture))];
}
