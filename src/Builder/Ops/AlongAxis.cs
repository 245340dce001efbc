namespace OnnxFunctional.Operators;

/// <summary>A function of the elements along one axis, applied at each position of the other axes; the shape stays.</summary>
internal abstract record AlongAxisOp(int Axis) : Op
{
    public override bool TakesFloats(int input) => true;

    public sealed override int[]? MixedAxes(int rank) => [ShapeRules.Axis(Axis, rank, Name)];

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        ShapeRules.RequireFloat(inputs[0], Name);
        ShapeRules.Axis(Axis, inputs[0].Shape.Rank, Name);
        return [inputs[0]];
    }
}

/// <summary>Cumulative sums along one axis.</summary>
/// <param name="Axis">The axis.</param>
/// <param name="Exclusive">Whether each sum excludes its own element.</param>
/// <param name="Reverse">Whether sums start at the end.</param>
internal sealed record CumSum(int Axis, bool Exclusive, bool Reverse) : AlongAxisOp(Axis);

/// <summary><c>x - log(sum(exp(x)))</c> along one axis.</summary>
internal sealed record LogSoftmax(int Axis) : AlongAxisOp(Axis);

/// <summary><c>exp(x) / sum(exp(x))</c> along one axis.</summary>
internal sealed record Softmax(int Axis) : AlongAxisOp(Axis);

/// <summary>The gradient of <see cref="Softmax"/> from output gradient and output: <c>y (dy - sum(dy y))</c>.</summary>
internal sealed record SoftmaxGradient(int Axis) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[1]];
}
