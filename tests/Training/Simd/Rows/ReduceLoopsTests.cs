using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>Compares rows, columns, indices, cumulative sums and the k largest with plain loops, at every length.</summary>
[TestClass]
[TestCategory("Kernels")]
public unsafe class ReduceLoopsTests
{
    [TestMethod]
    public void Runs_and_columns_of_every_length_and_width_match_double() => SimdTesting.OnEveryWidth(default(LengthsBody));

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void ArgReduce_gives_the_first_of_equals_for_every_length(bool smallest)
    {
        foreach (var count in SimdTesting.Lengths.Where(l => l > 0))
        {
            foreach (var inner in new[] { 1, 3, 17, 33 })
            {
                // Few distinct values, so that there are ties.
                var x = SimdTesting.Random(2 * count * inner).Select(v => MathF.Round(v * 2)).ToArray();
                if (count > 3) (x[0], x[inner]) = (float.NaN, float.NegativeInfinity);
                var positions = new long[2 * inner];
                ArgReduce.Run(x, count, inner, smallest, positions);
                for (var o = 0; o < 2; o++)
                {
                    for (var i = 0; i < inner; i++)
                    {
                        var column = Enumerable.Range(0, count).Select(n => x[(((o * count) + n) * inner) + i]).ToArray();
                        var numbers = Enumerable.Range(0, count).Where(n => !float.IsNaN(column[n]));
                        var best = numbers.OrderBy(n => smallest ? column[n] : -column[n]).ThenBy(n => n).First();
                        Assert.AreEqual(best, positions[(o * inner) + i], $"{count} x {inner}");
                    }
                }
            }
        }
    }

    [TestMethod]
    public void ArgReduce_of_infinities_or_NaN_is_in_range()
    {
        var positions = new long[1];
        var x = new float[20];
        Array.Fill(x, float.NaN);
        ArgReduce.Run(x, 20, 1, false, positions);
        Assert.AreEqual(0, positions[0]);
        x[18] = float.NegativeInfinity;
        ArgReduce.Run(x, 20, 1, false, positions);
        Assert.AreEqual(18, positions[0]);
        positions = new long[2];
        ArgReduce.Run([.. x, .. x], 20, 2, false, positions);
        Assert.AreEqual(9, positions[0]);
        Assert.AreEqual(0, positions[1]);
    }

    [TestMethod]
    [DataRow(false, false)]
    [DataRow(false, true)]
    [DataRow(true, false)]
    [DataRow(true, true)]
    public void Every_form_of_the_cumulative_sum_matches_a_loop(bool exclusive, bool reverse)
    {
        foreach (var (count, inner) in new[] { (1, 1), (5, 1), (70, 1), (7, 3), (3, 33) })
        {
            var x = SimdTesting.Random(2 * count * inner);
            var y = new float[x.Length];
            RowScans.CumulativeSum(x, count, inner, exclusive, reverse, y);
            for (var o = 0; o < 2; o++)
            {
                for (var i = 0; i < inner; i++)
                {
                    var sum = 0.0;
                    for (var n = 0; n < count; n++)
                    {
                        var at = (((o * count) + (reverse ? count - 1 - n : n)) * inner) + i;
                        Assert.AreEqual(exclusive ? sum : sum + x[at], y[at], 1e-5);
                        sum += x[at];
                    }
                }
            }
        }
    }

    [TestMethod]
    public void TopK_is_the_sorted_beginning_for_any_k()
    {
        foreach (var (columns, k) in new[] { (1, 1), (5, 2), (5, 5), (40, 3), (40, 17), (300, 100), (3, 0) })
        {
            var x = SimdTesting.Random(3 * columns).Select(v => MathF.Round(v * 4)).ToArray();
            if (columns == 40) x[7] = float.NaN;
            var values = new float[3 * k];
            var positions = new long[3 * k];
            RowScans.TopK(x, columns, k, values, positions);
            for (var row = 0; row < 3; row++)
            {
                var expected = Enumerable.Range(0, columns)
                    .OrderBy(c => float.IsNaN(x[(row * columns) + c]) ? 1 : 0).ThenByDescending(c => x[(row * columns) + c]).ThenBy(c => c).Take(k).ToArray();
                CollectionAssert.AreEqual(expected.Select(c => (long)c).ToArray(), positions[(row * k)..((row + 1) * k)]);
                CollectionAssert.AreEqual(expected.Select(c => x[(row * columns) + c]).ToArray(), values[(row * k)..((row + 1) * k)]);
            }
        }
    }

    private readonly struct LengthsBody : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            Check<V, SumReduce>(v => v.Sum(), v => v.Sum(Math.Abs));
            Check<V, SumSquareReduce>(v => v.Sum(x => x * x), v => v.Sum(x => x * x));
            Check<V, SumAbsReduce>(v => v.Sum(Math.Abs), v => v.Sum(Math.Abs));
            Check<V, MaxReduce>(v => v.DefaultIfEmpty(double.NegativeInfinity).Max(), _ => 1);
            Check<V, MinReduce>(v => v.DefaultIfEmpty(double.PositiveInfinity).Min(), _ => 1);
            Check<V, ProductReduce>(v => v.Aggregate(1.0, (a, b) => a * b), v => Math.Abs(v.Aggregate(1.0, (a, b) => a * b)));
        }

        private static void Check<V, TOperator>(Func<IEnumerable<double>, double> exact, Func<IEnumerable<double>, double> scale)
            where V : struct, IVector<V>
            where TOperator : struct, IReduceOperator
        {
            foreach (var length in SimdTesting.Lengths.Concat([4096, 4097, 9000, 70001]))
            {
                var buffer = SimdTesting.Poisoned(SimdTesting.Random(length, -1.5f, 1.5f));
                var values = SimdTesting.Middle(buffer).ToArray().Select(v => (double)v).ToArray();
                float actual;
                fixed (float* source = SimdTesting.Middle(buffer)) actual = ReduceLoops.Run<V, TOperator>(source, length);
                if (double.IsInfinity(exact(values))) Assert.AreEqual((float)exact(values), actual);
                else Assert.AreEqual(exact(values), actual, 1e-6 * (scale(values) + 1e-6), $"{typeof(TOperator).Name} of {length}");
            }

            foreach (var (rows, columns, stride) in new[] { (0, 5, 5), (1, 1, 1), (3, 7, 9), (65, 17, 17), (200, 64, 64), (130, 83, 90), (9, 257, 257) })
            {
                var x = SimdTesting.Random(rows * stride, -1.2f, 1.2f);
                var buffer = SimdTesting.Poisoned(columns);
                fixed (float* source = x, target = SimdTesting.Middle(buffer)) ReduceLoops.Columns<V, TOperator>(source, rows, stride, target, columns);
                SimdTesting.AssertUntouchedOutside(buffer);
                for (var c = 0; c < columns; c++)
                {
                    var values = Enumerable.Range(0, rows).Select(r => (double)x[(r * stride) + c]).ToArray();
                    if (double.IsInfinity(exact(values))) Assert.AreEqual((float)exact(values), SimdTesting.Middle(buffer)[c]);
                    else
                    {
                        Assert.AreEqual(
                            exact(values), SimdTesting.Middle(buffer)[c], 2e-6 * (scale(values) + 1e-6), $"{typeof(TOperator).Name} of {rows} x {columns}");
                    }
                }
            }
        }
    }
}
