namespace OnnxFunctional.Tests.RandomModels;

/// <summary>Functions of <see cref="Ops"/> between layers, each on values where it is defined and stays small.</summary>
internal static class FunctionDraw
{
    private delegate SymbolicTensor Function(SymbolicTensor x, Draw draw);

    private static readonly Dictionary<string, Function> s_functions = new()
    {
        ["Abs"] = (x, _) => Ops.Abs(x),
        ["Acos"] = (x, _) => Ops.Acos(Inside(x)),
        ["Acosh"] = (x, _) => Ops.Acosh(Ops.Abs(x) + 1.5f),
        ["Add"] = (x, draw) => Ops.Add(x, Other(x, draw)),
        ["All"] = (x, draw) => Number(Ops.All(Ops.Greater(x, -1.5f), Axis(x, draw), keepdims: true)),
        ["Any"] = (x, draw) => Number(Ops.Any(Ops.Greater(x, 0.5f), Axis(x, draw), keepdims: true)),
        ["ArgMax"] = (x, draw) => Number(Ops.ArgMax(x, Axis(x, draw), keepdims: true)),
        ["ArgMin"] = (x, draw) => Number(Ops.ArgMin(x, Axis(x, draw), keepdims: true)),
        ["Asin"] = (x, _) => Ops.Asin(Inside(x)),
        ["Asinh"] = (x, _) => Ops.Asinh(x),
        ["Atan"] = (x, _) => Ops.Atan(x),
        ["Atanh"] = (x, _) => Ops.Atanh(Inside(x)),
        ["Cast"] = (x, draw) => Ops.Cast(Ops.Cast(x * 3, draw.Of(DType.Int32, DType.Int64, DType.Float32)), DType.Float32),
        ["Ceil"] = (x, _) => Ops.Ceil(x * 2),
        ["Clip"] = (x, draw) => Ops.Clip(x, draw.Between(-2f, 0f), draw.Between(0.1f, 2f)),
        ["Concatenate"] = (x, draw) => Ops.Concatenate([x, Ops.Tanh(x)], draw.Between(1, x.Rank - 1)),
        ["Constant"] = (x, draw) => x + Ops.Constant(draw.Between(-1f, 1f)),
        ["Cos"] = (x, _) => Ops.Cos(x),
        ["Cosh"] = (x, _) => Ops.Cosh(Inside(x)),
        ["CumSum"] = (x, draw) => Ops.CumSum(x, draw.Between(1, x.Rank - 1)),
        ["Divide"] = (x, draw) => Ops.Divide(Other(x, draw), Ops.Abs(x) + 0.5f),
        ["Dropout"] = (x, draw) => Ops.WhenTraining(Ops.Dropout(x, draw.Between(0.1f, 0.5f)), x),
        ["Einsum"] = (x, _) => x.Rank == 3
            ? Ops.Einsum("abc,abd->acd", x, Ops.Tanh(x))
            : Ops.Einsum($"{Letters(x)},{Letters(x)}->{Letters(x)}", x, Inside(x)),
        ["Equal"] = (x, _) => Number(Ops.Equal(Ops.Floor(x), Ops.Constant(0))),
        ["Erf"] = (x, _) => Ops.Erf(x),
        ["Exp"] = (x, _) => Ops.Exp(Inside(x)),
        ["ExpandDims"] = (x, draw) => x.Rank < 5 ? Ops.ExpandDims(x, draw.Between(1, x.Rank)) : x * 0.5f,
        ["Expm1"] = (x, _) => Ops.Expm1(Inside(x)),
        ["Floor"] = (x, _) => Ops.Floor(x * 2),
        ["Full"] = (x, draw) => x * Ops.Full(Shape.Of(1), draw.Between(-1f, 1f)),
        ["Greater"] = (x, draw) => Number(Ops.Greater(x, Other(x, draw))),
        ["GreaterEqual"] = (x, _) => Number(Ops.GreaterEqual(x, 0.125f)),
        ["IsInf"] = (x, _) => Ops.Where(Ops.IsInf(x), Ops.ZerosLike(x), x),
        ["IsNaN"] = (x, _) => Ops.Where(Ops.IsNaN(x), Ops.ZerosLike(x), x),
        ["Less"] = (x, _) => Number(Ops.Less(x, 0.25f)),
        ["LessEqual"] = (x, draw) => Number(Ops.LessEqual(x, Other(x, draw))),
        ["Log"] = (x, _) => Ops.Log(Ops.Abs(x) + 0.5f),
        ["Log1p"] = (x, _) => Ops.Log1p(Ops.Abs(x)),
        ["LogSoftmax"] = (x, draw) => Ops.LogSoftmax(x, Axis(x, draw)),
        ["LogSumExp"] = (x, draw) => Ops.LogSumExp(x, Axis(x, draw), keepdims: true),
        ["LogicalAnd"] = (x, _) => Number(Ops.LogicalAnd(Ops.Greater(x, -0.75f), Ops.Less(x, 0.75f))),
        ["LogicalNot"] = (x, _) => Number(Ops.LogicalNot(Ops.Less(x, 0.3f))),
        ["LogicalOr"] = (x, _) => Number(Ops.LogicalOr(Ops.Greater(x, 0.7f), Ops.Less(x, -0.2f))),
        ["LogicalXor"] = (x, _) => Number(Ops.LogicalXor(Ops.Greater(x, 0.1f), Ops.Greater(x, -0.6f))),
        ["MatMul"] = (x, draw) => x.Rank < 3 ? x * 0.5f : Ops.MatMul(x, Ops.Transpose(Inside(x), Swapped(x))),
        ["Max"] = (x, draw) => Ops.Max(x, Axis(x, draw), keepdims: true),
        ["Maximum"] = (x, draw) => Ops.Maximum(x, Other(x, draw)),
        ["Mean"] = (x, draw) => Ops.Mean(x, Axis(x, draw), Keeps(x, draw)),
        ["Min"] = (x, draw) => Ops.Min(x, Axis(x, draw), Keeps(x, draw)),
        ["Minimum"] = (x, draw) => Ops.Minimum(x, Other(x, draw)),
        ["Mod"] = (x, draw) => Ops.Mod(x, draw.Between(0.5f, 2f)),
        ["Multiply"] = (x, draw) => Ops.Multiply(x, Other(x, draw)),
        ["Negative"] = (x, _) => Ops.Negative(x),
        ["Norm"] = (x, draw) => Ops.Norm(x + 0.25f, Axis(x, draw), keepdims: true),
        ["NotEqual"] = (x, _) => Number(Ops.NotEqual(Ops.Floor(x), Ops.Constant(1))),
        ["OneHot"] = (x, draw) => x.Rank < 5 ? Ops.OneHot(Ops.Cast(Ops.Clip(Ops.Abs(x * 2), 0, 3), DType.Int64), 4) : x * 0.5f,
        ["Ones"] = (x, _) => Ops.Ones(Shape.Of(1)) - x,
        ["OnesLike"] = (x, _) => x + Ops.OnesLike(x),
        ["Pad"] = (x, draw) => Ops.Pad(x, Edges(x, draw.For("before")), Edges(x, draw.For("after")), draw.Between(-1f, 1f)),
        ["Power"] = (x, draw) => Ops.Power(Ops.Abs(Inside(x)) + 0.5f, draw.Of(0.5f, 2f, 3f, -1f)),
        ["Prod"] = (x, draw) => Ops.Prod(Inside(x) + 1.1f, Axis(x, draw), keepdims: true),
        ["RandomNormal"] = (x, draw) => Ops.WhenTraining(Ops.RandomNormal(x, stddev: draw.Between(0.1f, 1f)), x),
        ["RandomUniform"] = (x, draw) => Ops.WhenTraining(Ops.RandomUniform(x, maxval: draw.Between(0.1f, 1f)), x),
        ["Reciprocal"] = (x, _) => Ops.Reciprocal(Ops.Abs(x) + 0.5f),
        ["Relu"] = (x, _) => Ops.Relu(x),
        ["Reshape"] = (x, _) => Ops.Reshape(x, 0, -1),
        ["Round"] = (x, _) => Ops.Round(x * 2.1f),
        ["Rsqrt"] = (x, _) => Ops.Rsqrt(Ops.Abs(x) + 0.5f),
        ["Sigmoid"] = (x, _) => Ops.Sigmoid(x),
        ["Sign"] = (x, _) => Ops.Sign(x + 0.05f),
        ["Sin"] = (x, _) => Ops.Sin(x),
        ["Sinh"] = (x, _) => Ops.Sinh(Inside(x)),
        ["Size"] = (x, draw) => x / Ops.Cast(Ops.Size(x, Axis(x, draw)), DType.Float32),
        ["Slice"] = (x, draw) => Sliced(x, draw),
        ["Softmax"] = (x, draw) => Ops.Softmax(x, Axis(x, draw)),
        ["Softplus"] = (x, _) => Ops.Softplus(x),
        ["Softsign"] = (x, _) => Ops.Softsign(x),
        ["Split"] = (x, draw) => Halves(x, draw),
        ["Sqrt"] = (x, _) => Ops.Sqrt(Ops.Abs(x) + 0.25f),
        ["Square"] = (x, _) => Ops.Square(Inside(x)),
        ["Squeeze"] = (x, draw) => Ops.Squeeze(Ops.ExpandDims(x, 1), 1),
        ["Stack"] = (x, draw) => x.Rank < 5 ? Ops.Stack([x, Ops.Tanh(x)], draw.Between(1, x.Rank)) : x * 0.5f,
        ["StopGradient"] = (x, _) => Ops.StopGradient(x) + (x * 0.5f),
        ["Subtract"] = (x, draw) => Ops.Subtract(Other(x, draw), x),
        ["Sum"] = (x, draw) => Ops.Sum(x * 0.5f, Axis(x, draw), Keeps(x, draw)),
        ["Take"] = (x, draw) => Taken(x, draw),
        ["Tan"] = (x, _) => Ops.Tan(Inside(x)),
        ["Tril"] = (x, draw) => x.Rank < 3 ? x * 0.5f : Ops.Tril(x, draw.Between(-2, 2)),
        ["Triu"] = (x, draw) => x.Rank < 3 ? x * 0.5f : Ops.Triu(x, draw.Between(-2, 2)),
        ["Tanh"] = (x, _) => Ops.Tanh(x),
        ["Tile"] = (x, draw) => Ops.Tile(x, [1, .. Enumerable.Range(1, x.Rank - 1).Select(_ => draw.Between(1, 2))]),
        ["TopK"] = (x, draw) => Ops.TopK(x, draw.Between(1, Math.Min(3, x.Shape[^1] ?? 1))).Values,
        ["Transpose"] = (x, draw) => x.Rank < 3 ? x * 0.5f : Ops.Transpose(x, Swapped(x)),
        ["WhenTraining"] = (x, _) => Ops.WhenTraining(x * 1.25f, x),
        ["Where"] = (x, draw) => Ops.Where(Ops.Greater(x, 0.1f), x, Other(x, draw)),
        ["Zeros"] = (x, _) => Ops.Maximum(x, Ops.Zeros(Shape.Of(1))),
        ["ZerosLike"] = (x, _) => Ops.Maximum(x, Ops.ZerosLike(x)),
    };

    public static IEnumerable<string> Names => s_functions.Keys;

    /// <summary>Applies a random function to a tensor of floats with at least one axis after the batch.</summary>
    public static (SymbolicTensor Result, string Text) Apply(SymbolicTensor x, Draw draw)
    {
        var name = draw.Of<string>([.. s_functions.Keys]);
        return (s_functions[name](x, draw.For(name)), "Ops." + name);
    }

    /// <summary>A tensor made of x that broadcasts against it: of its shape, a mean along an axis, or a constant row.</summary>
    private static SymbolicTensor Other(SymbolicTensor x, Draw draw)
    {
        var kind = draw.Below(3);
        if (kind == 0) return Ops.Tanh(x);
        if (kind == 1 || x.Shape[^1] is not { } size) return Ops.Mean(x, Axis(x, draw), keepdims: true);
        return Ops.Constant(Shape.Of(size), [.. Enumerable.Range(0, size).Select(_ => draw.Between(-1f, 1f))]);
    }

    private static SymbolicTensor Inside(SymbolicTensor x) => Ops.Tanh(x) * 0.9f;

    private static SymbolicTensor Number(SymbolicTensor x) => Ops.Cast(x, DType.Float32);

    private static int Axis(SymbolicTensor x, Draw draw) => draw.Chance(0.5) ? draw.Between(1, x.Rank - 1) : -draw.Between(1, x.Rank - 1);

    private static bool Keeps(SymbolicTensor x, Draw draw) => x.Rank == 2 || draw.Chance(0.5);

    private static string Letters(SymbolicTensor x) => "abcdefgh"[..x.Rank];

    private static int[] Swapped(SymbolicTensor x) => [.. Enumerable.Range(0, x.Rank - 2), x.Rank - 1, x.Rank - 2];

    private static int[] Edges(SymbolicTensor x, Draw draw) => [0, .. Enumerable.Range(1, x.Rank - 1).Select(_ => draw.Below(3))];

    private static SymbolicTensor Sliced(SymbolicTensor x, Draw draw)
    {
        var axis = draw.Between(1, x.Rank - 1);
        if (x.Shape[axis] is not { } size || size < 2) return Ops.Slice(x, axis, 0);
        return draw.Below(4) switch
        {
            0 => Ops.Slice(x, axis, 1),
            1 => Ops.Slice(x, axis, -size, -1),
            2 => Ops.Slice(x, axis, 0, step: 2),
            _ => Ops.Slice(x, axis, size - 1, -size - 1, -1),
        };
    }

    private static SymbolicTensor Halves(SymbolicTensor x, Draw draw)
    {
        var axis = draw.Between(1, x.Rank - 1);
        if (x.Shape[axis] is not { } size || size < 2) return x * 0.5f;
        var first = draw.Between(1, size - 1);
        var parts = Ops.Split(x, [first, size - first], axis);
        return Ops.Concatenate([parts[1], parts[0]], axis);
    }

    private static SymbolicTensor Taken(SymbolicTensor x, Draw draw)
    {
        var axis = draw.Between(1, x.Rank - 1);
        if (x.Shape[axis] is not { } size) return x * 0.5f;
        return Ops.Take(x, Ops.Constant(Shape.Of(3), [.. Enumerable.Range(0, 3).Select(_ => (long)draw.Below(size))]), axis);
    }
}
