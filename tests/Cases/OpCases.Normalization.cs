using OnnxFunctional.Operators;

namespace OnnxFunctional.Tests.Cases;

/// <content>Normalization, softmax and the losses fused with it.</content>
internal static partial class OpCases
{
    private static IEnumerable<OpCase> Normalizations =>
    [
        .. Normalized("", -1, [5, 7]),
        .. Normalized("image", -1, [3, 4, 5, 2]),
        .. Normalized("axis1", 1, [5, 3, 4]),
        .. Normalized("single", -1, [7, 1]),
        .. LayerNormalized("", -1, [3, 7]),
        .. LayerNormalized("rank3", -1, [3, 5, 7]),
        .. LayerNormalized("two_axes", 1, [3, 4, 5]),
        .. LayerNormalized("wide", -1, [2, 33]),
        Soft("", -1, X(3, 7)),
        Soft("axis1", 1, X(3, 5, 2)),
        Soft("axis0", 0, X(3, 7)),
        Soft("far", -1, X(3, 4).Given(500, 501, 499, 480, -900, -901, -905, -900, 0, 88, -88, 1)) with { Differentiable = false },
        Soft("one", -1, X(3, 1)),
        LogSoft("", -1, X(3, 7)),
        LogSoft("axis1", 1, X(3, 5, 2)),
        LogSoft("far", -1, X(2, 4).Given(500, 501, 499, 480, -900, -901, -905, -900)) with { Differentiable = false },
        LogSoft("huge", -1, X(2, 4).Given(1e8, 1e8, 1e8, 1e8, -3e7, -3e7, -3e7, -3e7)) with { Differentiable = false },
        LogSoft("huge_axis1", 1, X(1, 4, 2).Given(1e8, 5, 1e8, 5, 1e8, 5, 1e8, 5)) with { Differentiable = false },
        SoftBack("", -1, [3, 7]),
        SoftBack("axis1", 1, [3, 5, 2]),
    ];

    private static IEnumerable<OpCase> Losses =>
    [
        CrossEntropy("", false, X(3, 7).Apart(), X(3, 7).In(0.1, 1) with { Probabilities = true }),
        CrossEntropy("rank3", false, X(3, 5, 7).Apart(), X(3, 5, 7).In(0.1, 1) with { Probabilities = true }),
        CrossEntropy("unequal", false, X(3, 7).Apart(), X(3, 7).In(0.1, 1)),
        CrossEntropy("sparse", true, X(3, 7).Apart(), X(3).Ids(7)),
        CrossEntropy("sparse_rank3", true, X(3, 5, 7).Apart(), X(3, 5).Ids(7)),
        CrossEntropy("sparse_int32", true, X(3, 7).Apart(), X(3).Ids(7, DType.Int32)),
        CrossEntropy("sparse_far", true, X(2, 3).Given(900, -900, 3, 0, 50, -3), X(2).Ids(3).Given(1, 1)) with { Differentiable = false },
        CrossEntropy("huge", false, X(2, 4).Given(1e8, 1e8, 1e8, 1e8, -3e7, 5, -3e7, 5), X(2, 4).In(0.1, 1)) with { Differentiable = false },
        CrossEntropy("sparse_huge", true, X(2, 4).Given(1e8, 1e8, 1e8, 1e8, -3e7, -3e7, -3e7, -3e7), X(2).Ids(4)) with { Differentiable = false },
        CrossEntropyBack("", false, X(3, 7), X(3, 7).In(0.1, 1) with { Probabilities = true }),
        CrossEntropyBack("unequal", false, X(3, 7), X(3, 7).In(0.1, 1)),
        CrossEntropyBack("sparse", true, X(3, 7), X(3).Ids(7)),
        CrossEntropyBack("sparse_rank3", true, X(3, 5, 7), X(3, 5).Ids(7)),
    ];

    private const float Epsilon = 1e-3f;

    private static IEnumerable<OpCase> Normalized(string variation, int axis, int[] dims)
    {
        var channel = axis < 0 ? axis + dims.Length : axis;
        int[] others = [.. Enumerable.Range(0, dims.Length).Where(i => i != channel)];
        var c = W(dims[channel]);
        return
        [
            new(variation, new BatchNormalization(axis, Epsilon), X(dims), c, c, c, c.In(0.3, 2))
            {
                Reference = x => [Scaled(Affine(x[0], x[3], x[4]), x[1], x[2])],
            },
            new(variation, new BatchNormalizationTraining(axis, Epsilon), X(dims), c, c)
            {
                Twice = dims.Length == 2 && dims[1] > 1,
                Reference = Trained,
                GradientTolerance = 5e-3,
            },
            new(variation, new BatchNormalizationGradient(axis, Epsilon), X(dims), X(dims), c, c, c.In(0.3, 2))
            {
                Reference = x =>
                {
                    var normalized = Affine(x[1], x[3], x[4]);
                    var product = Plain.Of(dims, place => x[0][place] * normalized[place]);
                    var (mean, slope) = (Fold(x[0], others, false, row => row.Average()), Fold(product, others, false, row => row.Average()));
                    return
                    [
                        Plain.Of(dims, place => x[2].Values[place[channel]] / Math.Sqrt(x[4].Values[place[channel]] + Epsilon)
                            * (x[0][place] - mean.Values[place[channel]] - (normalized[place] * slope.Values[place[channel]]))),
                        Fold(product, others, false, row => row.Sum()),
                        Fold(x[0], others, false, row => row.Sum()),
                    ];
                },
            },
        ];

        Plain Affine(Plain x, Plain mean, Plain variance) =>
            Plain.Of(dims, place => (x[place] - mean.Values[place[channel]]) / Math.Sqrt(variance.Values[place[channel]] + Epsilon));

        Plain Scaled(Plain x, Plain scale, Plain bias) => Plain.Of(dims, place => (x[place] * scale.Values[place[channel]]) + bias.Values[place[channel]]);

        Plain[] Trained(Plain[] x)
        {
            var (mean, variance) = (Fold(x[0], others, false, row => row.Average()), Fold(x[0], others, false, Variance));
            return [Scaled(Affine(x[0], mean, variance), x[1], x[2]), mean, variance];
        }
    }

    private static IEnumerable<OpCase> LayerNormalized(string variation, int axis, int[] dims)
    {
        var first = axis < 0 ? axis + dims.Length : axis;
        int[] axes = [.. Enumerable.Range(first, dims.Length - first)];
        int[] reduced = [.. dims.Select((dim, i) => i < first ? dim : 1)];
        var scale = W(dims[first..]);
        return
        [
            new(variation, new LayerNormalization(axis, Epsilon), X(dims), scale, scale)
            {
                Twice = dims.Length == 2 && dims[1] < 10,
                Reference = x =>
                {
                    var (mean, inverse) = (Fold(x[0], axes, true, row => row.Average()), Fold(x[0], axes, true, row => 1 / Math.Sqrt(Variance(row) + Epsilon)));
                    return [Plain.Of(dims, place => ((x[0][place] - mean.At(place)) * inverse.At(place) * x[1].At(place)) + x[2].At(place)), mean, inverse];
                },
            },
            new(variation, new LayerNormalizationGradient(axis), X(dims), X(dims), scale, X(reduced), X(reduced).In(0.3, 2))
            {
                Reference = x =>
                {
                    var normalized = Plain.Of(dims, place => (x[1][place] - x[3].At(place)) * x[4].At(place));
                    var scaled = Plain.Of(dims, place => x[0][place] * x[2].At(place));
                    var mean = Fold(scaled, axes, true, row => row.Average());
                    var slope = Fold(Plain.Of(dims, place => scaled[place] * normalized[place]), axes, true, row => row.Average());
                    int[] batch = [.. Enumerable.Range(0, first)];
                    return
                    [
                        Plain.Of(dims, place => x[4].At(place) * (scaled[place] - mean.At(place) - (normalized[place] * slope.At(place)))),
                        Fold(Plain.Of(dims, place => x[0][place] * normalized[place]), batch, false, row => row.Sum()),
                        Fold(x[0], batch, false, row => row.Sum()),
                    ];
                },
            },
        ];
    }

    private static double Variance(IReadOnlyList<double> row) => row.Average(x => (x - row.Average()) * (x - row.Average()));

    private static Plain Powers(Plain x, int axis)
    {
        var largest = Fold(x, [axis], true, row => row.Max());
        return Plain.Of(x.Dims, place => Math.Exp(x[place] - largest.At(place)));
    }

    private static Plain SoftmaxOf(Plain x, int axis)
    {
        var powers = Powers(x, axis);
        var sum = Fold(powers, [axis], true, row => row.Sum());
        return Plain.Of(x.Dims, place => powers[place] / sum.At(place));
    }

    private static Plain LogSum(Plain x, int axis, bool keep) =>
        Fold(x, [axis], keep, row => row.Max() + Math.Log(row.Sum(value => Math.Exp(value - row.Max()))));

    private static OpCase Soft(string variation, int axis, OpInput x) => new(variation, new Softmax(axis), x)
    {
        Reference = inputs => [SoftmaxOf(inputs[0], inputs[0].Axis(axis))],
        Twice = variation.Length == 0,
    };

    private static OpCase LogSoft(string variation, int axis, OpInput x) => new(variation, new LogSoftmax(axis), x)
    {
        Twice = variation.Length == 0,
        Reference = inputs =>
        {
            var sum = LogSum(inputs[0], inputs[0].Axis(axis), true);
            return [Plain.Of(inputs[0].Dims, place => inputs[0][place] - sum.At(place))];
        },
    };

    private static OpCase SoftBack(string variation, int axis, int[] dims) =>
        new(variation, new SoftmaxGradient(axis), X(dims), X(dims).In(0.1, 1) with { Probabilities = true })
        {
            Reference = inputs =>
            {
                var (dy, y) = (inputs[0], inputs[1]);
                var sum = Fold(Plain.Of(dims, place => dy[place] * y[place]), [y.Axis(axis)], true, row => row.Sum());
                return [Plain.Of(dims, place => y[place] * (dy[place] - sum.At(place)))];
            },
        };

    private static OpCase CrossEntropy(string variation, bool sparse, OpInput logits, OpInput targets) =>
        new(variation, new SoftmaxCrossEntropy(sparse), logits, targets)
        {
            Twice = variation is "" or "sparse",
            Reference = x =>
            {
                var largest = Fold(x[0], [x[0].Rank - 1], false, row => row.Max());
                var sum = Fold(x[0], [x[0].Rank - 1], false, row => Math.Log(row.Sum(value => Math.Exp(value - row.Max()))));
                double Loss(int[] row, int i) => Target(sparse, x[1], row, i) * (sum[row] - (x[0][[.. row, i]] - largest[row]));
                return [Plain.Of(sum.Dims, row => Enumerable.Range(0, x[0].Dims[^1]).Sum(i => Loss(row, i))), largest, sum];
            },
        };

    private static OpCase CrossEntropyBack(string variation, bool sparse, OpInput logits, OpInput targets)
    {
        var rows = logits with { Dims = logits.Dims[..^1] };
        return new(variation, new SoftmaxCrossEntropyGradient(sparse), rows, logits, targets, rows.In(1, 2), rows.In(1, 2))
        {
            Reference = x => [Plain.Of(x[1].Dims, place =>
            {
                int[] row = place[..^1];
                var whole = Enumerable.Range(0, x[1].Dims[^1]).Sum(i => Target(sparse, x[2], row, i));
                return ((Math.Exp(x[1][place] - x[3][row] - x[4][row]) * whole) - Target(sparse, x[2], row, place[^1])) * x[0][row];
            })],
        };
    }

    private static double Target(bool sparse, Plain targets, int[] row, int i) => sparse ? (targets[row] == i ? 1 : 0) : targets[[.. row, i]];
}
