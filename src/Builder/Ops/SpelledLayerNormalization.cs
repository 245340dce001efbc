using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <summary>
/// LayerNormalization in arithmetic, <c>(x - mean) / sqrt(variance + epsilon) * scale + bias</c> in any order, also <c>x s + (bias - mean s)</c> with
/// <c>s = scale / sqrt(variance + epsilon)</c>. The variance is <c>mean((x - mean)^2)</c> or <c>mean(x^2) - mean^2</c>; scale or bias may be missing.
/// </summary>
internal static class SpelledLayerNormalization
{
    // Numbers in place of x, its mean, the mean of squares, what the root is taken of, scale and bias.
    private static readonly double[][] s_samples =
    [
        [0.731, -0.289, 1.613, 2.417, 0.857, 0.337],
        [-1.419, 0.583, 3.271, 0.691, -1.193, 2.129],
        [2.237, 1.171, 5.309, 1.327, 1.741, -0.871],
    ];

    /// <summary>Whether a value may be the root of a variance, or its inverse.</summary>
    public static bool IsRoot(Value value) =>
        value.Producer.Op is Sqrt || (value.Producer.Op is Pow && Formula.Number(value.Producer.Inputs[1]) is 0.5f or -0.5f);

    /// <summary>A LayerNormalization without scale or bias together with the one that a node gives its result; null if that is no such node.</summary>
    public static SymbolicTensor? Extended(Node node, IReadOnlyList<Value> given)
    {
        if (node.Op is not (Add or Mul)) return null;
        for (var side = 0; side < 2; side++)
        {
            var normal = given[side].Producer;
            if (normal.Op is not LayerNormalization op || given[side].Index != 0 || !IsAll(normal.Inputs[2], 0)) continue;
            if (node.Op is Mul && !IsAll(normal.Inputs[1], 1)) continue;
            var (x, other) = (normal.Inputs[0], given[1 - side]);
            if (!Fits(other, x, op.Axis)) continue;
            return node.Op is Mul ? Make(op, x, other, null, node.Scope) : Make(op, x, normal.Inputs[1], other, node.Scope);
        }

        return null;
    }

    /// <summary>The LayerNormalization that a value is; null if it is none.</summary>
    /// <param name="y">The value.</param>
    /// <param name="reach">What it is computed from by arithmetic.</param>
    public static SymbolicTensor? Of(Value y, List<Value> reach)
    {
        foreach (var sum in reach.Where(IsRoot).Select(root => root.Producer.Inputs[0]))
        {
            var means = Formula.Reach([sum]).Where(IsMean).ToList();
            foreach (var squares in means)
            {
                foreach (var mean in Formula.Reach([squares.Producer.Inputs[0]]).Where(IsMean).Concat(means))
                {
                    if (Of(y, sum, squares, mean) is { } found) return found;
                }
            }
        }

        return null;
    }

    private static SymbolicTensor? Of(Value y, Value sum, Value squares, Value mean)
    {
        var (x, squared) = (mean.Producer.Inputs[0], squares.Producer.Inputs[0]);
        var shape = x.Spec.Shape;
        int[] axes = AxesOf(mean);
        var axis = shape.Rank - axes.Length;
        if (axes[0] != axis || !shape.Slice(axis, axes.Length).IsKnown || !AxesOf(squares).SequenceEqual(axes)) return null;
        if (!squared.Spec.Shape.IsCertainly(shape) || !y.Spec.Shape.IsCertainly(shape)) return null;

        // A file may compute one mean twice.
        Value[] same = [.. Formula.Reach([y, sum, squared]).Where(IsMean).Where(other => other.Producer.Inputs[0] == x && AxesOf(other).SequenceEqual(axes))];
        var epsilon = Formula.At(sum, With(same, 0, (squares, 0)));
        if (!(epsilon > 0) || !Array.TrueForAll(s_samples, IsVariance)) return null;

        var known = With(same, 0, (x, 0), (sum, 0));
        Value[] others = [.. Formula.Unknown(y, known)];
        (Value? Scale, Value? Bias)[] roles = others switch
        {
            [] => [(null, null)],
            [var one] => [(one, null), (null, one)],
            [var one, var two] => [(one, two), (two, one)],
            _ => [],
        };
        foreach (var (scale, bias) in roles)
        {
            if ((scale is null || Fits(scale, x, axis)) && (bias is null || Fits(bias, x, axis)) && Array.TrueForAll(s_samples, IsResult))
                return Make(new LayerNormalization(axis, (float)epsilon), x, scale, bias, y.Producer.Scope);

            bool IsResult(double[] sample)
            {
                var numbers = With(same, sample[1], (x, sample[0]), (sum, sample[3]));
                if (scale is not null) numbers[scale] = sample[4];
                if (bias is not null) numbers[bias] = sample[5];
                var normal = (sample[0] - sample[1]) / Math.Sqrt(sample[3]);
                return Formula.Same(Formula.At(y, numbers), (normal * (scale is null ? 1 : sample[4])) + (bias is null ? 0 : sample[5]));
            }
        }

        return null;

        bool IsVariance(double[] sample)
        {
            var square = Formula.At(squared, With(same, sample[1], (x, sample[0])));
            var variance = Formula.At(sum, With(same, sample[1], (squares, sample[2]))) - epsilon;
            return (Formula.Same(square, Math.Pow(sample[0] - sample[1], 2)) && Formula.Same(variance, sample[2]))
                || (Formula.Same(square, Math.Pow(sample[0], 2)) && Formula.Same(variance, sample[2] - Math.Pow(sample[1], 2)));
        }
    }

    private static Dictionary<Value, double> With(Value[] means, double mean, params ReadOnlySpan<(Value Value, double Number)> others)
    {
        var known = means.ToDictionary(value => value, _ => mean);
        foreach (var (value, number) in others) known[value] = number;
        return known;
    }

    private static bool IsMean(Value value) => value.Producer.Op is ReduceMean { KeepDims: true } && value.Producer.Inputs[0].Spec.Type == DType.Float32;

    private static int[] AxesOf(Value mean) => ShapeRules.Axes(((ReduceMean)mean.Producer.Op).Axes, mean.Spec.Shape.Rank, nameof(ReduceMean));

    private static bool IsAll(Value value, float number) =>
        value.Producer.Op is Constant { Data: { Type: DType.Float32 } data } && !data.As<float>().ContainsAnyExcept(number);

    /// <summary>Whether a value has one number for each element of the axes that are normalized, and broadcasts along the others only.</summary>
    private static bool Fits(Value value, Value x, int axis)
    {
        var (shape, count) = (value.Spec.Shape, x.Spec.Shape.Rank - axis);
        return shape.Rank >= count && shape.Rank <= x.Spec.Shape.Rank
            && shape.Slice(shape.Rank - count, count).IsCertainly(x.Spec.Shape.Slice(axis, count)) && !shape.Symbols[..^count].ContainsAnyExcept(1);
    }

    private static SymbolicTensor Make(LayerNormalization op, Value x, Value? scale, Value? bias, LayerCall? scope)
    {
        var shape = x.Spec.Shape.Slice(op.Axis, x.Spec.Shape.Rank - op.Axis);
        return Ops.Make(op, new SymbolicTensor(x, scope), Vector(scale, 1), Vector(bias, 0));

        SymbolicTensor Vector(Value? value, float otherwise) =>
            value is null ? Ops.Filled(shape, otherwise)
            : value.Spec.Shape == shape ? new SymbolicTensor(value, scope)
            : Ops.Reshape(new SymbolicTensor(value, scope), shape.Dims);
    }
}
