using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>Compares softmax, cross-entropy and the normalizations with their definitions in double precision, and gradients with finite differences.</summary>
[TestClass]
[TestCategory("Kernels")]
public class NormalizationLoopsTests
{
    private static readonly (int Outer, int Count, int Inner)[] Sizes =
        [(1, 1, 1), (3, 2, 1), (5, 10, 1), (2, 17, 1), (4, 64, 1), (2, 130, 1), (2, 3, 5), (2, 7, 17), (1, 5, 64), (3, 1, 4)];

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Softmax_matches_double_forward_and_backward(bool logarithm)
    {
        foreach (var (outer, count, inner) in Sizes)
        {
            var x = SimdTesting.Random(outer * count * inner, -30, 30);
            var dy = SimdTesting.Random(x.Length, seed: 5);
            var y = SimdTesting.Poisoned(x.Length);
            var dx = SimdTesting.Poisoned(x.Length);
            SoftmaxLoops.Forward(x, count, inner, logarithm, SimdTesting.Middle(y));
            SoftmaxLoops.Backward(dy, SimdTesting.Middle(y), count, inner, logarithm, SimdTesting.Middle(dx));
            SimdTesting.AssertUntouchedOutside(y);
            SimdTesting.AssertUntouchedOutside(dx);
            for (var o = 0; o < outer; o++)
            {
                for (var i = 0; i < inner; i++)
                {
                    var at = Enumerable.Range(0, count).Select(n => (((o * count) + n) * inner) + i).ToArray();
                    var largest = at.Max(a => (double)x[a]);
                    var sum = at.Sum(a => Math.Exp(x[a] - largest));
                    var p = at.Select(a => Math.Exp(x[a] - largest) / sum).ToArray();
                    var dot = at.Select((a, n) => dy[a] * (logarithm ? 1 : p[n])).Sum();
                    for (var n = 0; n < count; n++)
                    {
                        var exact = logarithm ? x[at[n]] - largest - Math.Log(sum) : p[n];
                        Assert.AreEqual(exact, SimdTesting.Middle(y)[at[n]], 2e-6 * Math.Max(Math.Abs(exact), logarithm ? 1 : 1e-7), $"{count} x {inner}");
                        Assert.AreEqual(logarithm ? dy[at[n]] - (p[n] * dot) : p[n] * (dy[at[n]] - dot), SimdTesting.Middle(dx)[at[n]], 1e-5);
                    }
                }
            }

            // In place.
            var copy = x.ToArray();
            SoftmaxLoops.Forward(copy, count, inner, logarithm, copy);
            CollectionAssert.AreEqual(SimdTesting.Middle(y).ToArray(), copy);
        }
    }

    [TestMethod]
    public void Sparse_cross_entropy_matches_double_for_all_label_types()
    {
        foreach (var (classes, shift) in new[] { (1, 0f), (2, 0f), (10, 0f), (17, 0f), (100, 0f), (17, 1e8f), (4, -1e8f) })
        {
            const int rows = 5;
            var logits = SimdTesting.Random(rows * classes, -20, 20).Select(v => v + shift).ToArray();
            var labels = Enumerable.Range(0, rows).Select(r => (r * 7) % classes).ToArray();
            var dloss = SimdTesting.Random(rows, seed: 9);
            float[] loss = new float[rows], largest = new float[rows], sums = new float[rows], gradient = new float[logits.Length];
            Assert.AreEqual(-1, CrossEntropyLoops.SparseForward<int>(logits, labels, loss, largest, sums));
            CrossEntropyLoops.SparseBackward<long>(logits, Array.ConvertAll(labels, l => (long)l), largest, sums, dloss, gradient);
            for (var r = 0; r < rows; r++)
            {
                var row = logits.Skip(r * classes).Take(classes).Select(v => (double)v).ToArray();
                var sum = Math.Log(row.Sum(v => Math.Exp(v - row.Max()))) + row.Max();
                Assert.AreEqual(sum - row[labels[r]], loss[r], 1e-5);
                for (var c = 0; c < classes; c++)
                {
                    Assert.AreEqual((Math.Exp(row[c] - sum) - (c == labels[r] ? 1 : 0)) * dloss[r], gradient[(r * classes) + c], 1e-5);
                }
            }
        }
    }

    [TestMethod]
    public void A_label_outside_the_classes_is_named()
    {
        float[] loss = new float[3], largest = new float[3], sums = new float[3];
        Assert.AreEqual(1, CrossEntropyLoops.SparseForward<long>(new float[12], [3, 4, -1], loss, largest, sums));
        Assert.IsTrue(float.IsNaN(loss[1]) && float.IsNaN(loss[2]) && !float.IsNaN(loss[0]));
        var gradient = new float[12];
        CrossEntropyLoops.SparseBackward<long>(new float[12], [3, 4, -1], largest, sums, [1, 1, 1], gradient);
        Assert.AreEqual(0.25f, gradient[4], 1e-6f);
    }

    [TestMethod]
    public void Dense_cross_entropy_matches_double_for_targets_of_any_sum()
    {
        foreach (var (classes, shift) in new[] { (1, 0f), (3, 0f), (16, 0f), (33, 0f), (33, 1e8f), (5, -1e8f) })
        {
            const int rows = 4;
            var logits = SimdTesting.Random(rows * classes, -5, 5).Select(v => v + shift).ToArray();
            var targets = SimdTesting.Random(rows * classes, 0, 1, 3);
            var dloss = SimdTesting.Random(rows, seed: 9);
            float[] loss = new float[rows], largest = new float[rows], sums = new float[rows], gradient = new float[logits.Length];
            CrossEntropyLoops.DenseForward(logits, targets, loss, largest, sums);
            CrossEntropyLoops.DenseBackward(logits, targets, largest, sums, dloss, gradient);
            for (var r = 0; r < rows; r++)
            {
                var row = logits.Skip(r * classes).Take(classes).Select(v => (double)v).ToArray();
                var wanted = targets.Skip(r * classes).Take(classes).Select(v => (double)v).ToArray();
                var sum = Math.Log(row.Sum(v => Math.Exp(v - row.Max()))) + row.Max();
                Assert.AreEqual(row.Zip(wanted, (x, t) => t * (sum - x)).Sum(), loss[r], 1e-4);
                for (var c = 0; c < classes; c++)
                {
                    Assert.AreEqual(((Math.Exp(row[c] - sum) * wanted.Sum()) - wanted[c]) * dloss[r], gradient[(r * classes) + c], 1e-5);
                }
            }
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Layer_normalization_matches_double_forward_and_backward(bool centred)
    {
        foreach (var columns in new[] { 1, 2, 3, 7, 16, 17, 64, 100, 300 })
        {
            const int rows = 6;
            const float epsilon = 1e-3f;
            var x = SimdTesting.Random(rows * columns, 3, 8);
            float[] scale = SimdTesting.Random(columns, seed: 2), bias = SimdTesting.Random(columns, seed: 3), dy = SimdTesting.Random(x.Length, seed: 4);
            var y = SimdTesting.Poisoned(x.Length);
            var dx = SimdTesting.Poisoned(x.Length);
            float[] means = new float[centred ? rows : 0], inverses = new float[rows], dscale = new float[columns], dbias = new float[columns];
            LayerNormLoops.Forward(x, scale, bias, epsilon, SimdTesting.Middle(y), means, inverses);
            LayerNormLoops.Backward(dy, x, scale, means, inverses, SimdTesting.Middle(dx), dscale, dbias);
            SimdTesting.AssertUntouchedOutside(y);
            SimdTesting.AssertUntouchedOutside(dx);
            double[] scaleSum = new double[columns], biasSum = new double[columns];
            for (var r = 0; r < rows; r++)
            {
                var row = x.Skip(r * columns).Take(columns).Select(v => (double)v).ToArray();
                var mean = centred ? row.Average() : 0;
                var inverse = 1 / Math.Sqrt(row.Average(v => (v - mean) * (v - mean)) + epsilon);
                var normalized = row.Select(v => (v - mean) * inverse).ToArray();
                var g = Enumerable.Range(0, columns).Select(c => (double)dy[(r * columns) + c] * scale[c]).ToArray();
                var meanG = centred ? g.Average() : 0;
                var meanProduct = g.Zip(normalized, (a, b) => a * b).Average();
                Assert.AreEqual(inverse, inverses[r], 1e-5 * inverse);
                for (var c = 0; c < columns; c++)
                {
                    var at = (r * columns) + c;
                    Assert.AreEqual((normalized[c] * scale[c]) + bias[c], SimdTesting.Middle(y)[at], 2e-5 * Math.Max(1, inverse), $"{columns}");
                    Assert.AreEqual(
                        inverse * (g[c] - meanG - (normalized[c] * meanProduct)), SimdTesting.Middle(dx)[at], 3e-5 * Math.Max(1, inverse), $"{columns}");
                    scaleSum[c] += dy[at] * normalized[c];
                    biasSum[c] += dy[at];
                }
            }

            for (var c = 0; c < columns; c++)
            {
                Assert.AreEqual(scaleSum[c], dscale[c], 1e-4);
                Assert.AreEqual(biasSum[c], dbias[c], 1e-5);
            }
        }
    }

    [TestMethod]
    public void Layer_normalization_without_parameters_is_the_normalized_row()
    {
        var x = SimdTesting.Random(33);
        float[] y = new float[33], mean = new float[1], inverse = new float[1];
        LayerNormLoops.Forward(x, [], [], 1e-6f, y, mean, inverse);
        for (var i = 0; i < 33; i++) Assert.AreEqual((x[i] - mean[0]) * inverse[0], y[i], 1e-6);
        LayerNormLoops.Backward(x, x, [], mean, inverse, y, [], []);
        Assert.AreEqual(0, y.Sum(), 1e-4);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Batch_normalization_matches_double_forward_and_backward(bool relu)
    {
        foreach (var (rows, channels) in new[] { (1, 1), (2, 3), (7, 17), (100, 1), (70, 64), (513, 5), (9000, 1), (129, 130) })
        {
            const float epsilon = 1e-3f;

            // A mean far from 0: sums of squares of the values themselves would lose all digits.
            var x = SimdTesting.Random(rows * channels, 999, 1003);
            float[] scale = SimdTesting.Random(channels, 0.5f, 2, 2), bias = SimdTesting.Random(channels, seed: 3), dy = SimdTesting.Random(x.Length, seed: 4);
            float[] means = new float[channels], squares = new float[channels];

            // Statistics in two parts, then joined.
            var split = rows / 3;
            BatchNormLoops.Statistics(x.AsSpan(0, split * channels), means, squares);
            float[] moreMeans = new float[channels], moreSquares = new float[channels];
            BatchNormLoops.Statistics(x.AsSpan(split * channels), moreMeans, moreSquares);
            BatchNormLoops.Join(split, means, squares, rows - split, moreMeans, moreSquares);

            var inverse = squares.Select(s => 1 / MathF.Sqrt((s / rows) + epsilon)).ToArray();
            var factors = scale.Zip(inverse, (s, i) => s * i).ToArray();
            var y = SimdTesting.Poisoned(x.Length);
            if (relu) BatchNormLoops.Normalize(default(ReluOperator), x, means, factors, bias, SimdTesting.Middle(y));
            else BatchNormLoops.Normalize(default(CopyOperator), x, means, factors, bias, SimdTesting.Middle(y));

            float[] sums = new float[channels], products = new float[channels];
            var output = SimdTesting.Middle(y).ToArray();
            BatchNormLoops.GradientSums(dy, x, means, sums, products);
            var gradientMeans = sums.Select(s => s / rows).ToArray();
            var slopes = products.Zip(inverse, (p, i) => p / rows * i * i).ToArray();
            var dx = SimdTesting.Poisoned(x.Length);
            BatchNormLoops.Gradient(dy, x, means, factors, gradientMeans, slopes, SimdTesting.Middle(dx));
            SimdTesting.AssertUntouchedOutside(y);
            SimdTesting.AssertUntouchedOutside(dx);

            for (var c = 0; c < channels; c++)
            {
                var column = Enumerable.Range(0, rows).Select(r => (double)x[(r * channels) + c]).ToArray();
                var mean = column.Average();
                var variance = column.Average(v => (v - mean) * (v - mean));
                var exactInverse = 1 / Math.Sqrt(variance + epsilon);
                Assert.AreEqual(mean, means[c], 2e-4);
                Assert.AreEqual(variance, squares[c] / rows, 1e-5 + (1e-4 * variance), $"{rows} x {channels}");

                // The reference continues with the float statistics, whose error is checked above.
                var normalized = column.Select(v => (v - means[c]) * (double)inverse[c]).ToArray();
                var g = Enumerable.Range(0, rows).Select(r => (double)dy[(r * channels) + c]).ToArray();
                var meanG = g.Average();
                var meanProduct = g.Zip(normalized, (a, b) => a * b).Average();
                for (var r = 0; r < rows; r++)
                {
                    var expected = (normalized[r] * scale[c]) + bias[c];
                    Assert.AreEqual(relu ? Math.Max(expected, 0) : expected, output[(r * channels) + c], 1e-4);
                    Assert.AreEqual(
                        scale[c] * exactInverse * (g[r] - meanG - (normalized[r] * meanProduct)), SimdTesting.Middle(dx)[(r * channels) + c],
                        1e-3 * Math.Max(1, exactInverse));
                }
            }
        }
    }
}
