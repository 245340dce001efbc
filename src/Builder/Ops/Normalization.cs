namespace OnnxFunctional.Operators;

/// <summary><c>(x - mean) / sqrt(variance + Epsilon) * scale + bias</c> along one axis: x, scale, bias, mean, variance.</summary>
internal sealed record BatchNormalization(int Axis, float Epsilon) : Op
{
    public override bool TakesFloats(int input) => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        ShapeRules.RequireFloat(inputs[0], Name);
        ShapeRules.Axis(Axis, inputs[0].Shape.Rank, Name);
        return [inputs[0]];
    }
}

/// <summary>Batch normalization by the mean and biased variance of the batch itself: x, scale, bias give y, mean, variance.</summary>
internal sealed record BatchNormalizationTraining(int Axis, float Epsilon) : Op
{
    public override bool TakesFloats(int input) => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        ShapeRules.RequireFloat(inputs[0], Name);
        var channels = Shape.Of(inputs[0].Shape.Symbols[ShapeRules.Axis(Axis, inputs[0].Shape.Rank, Name)]);
        return [inputs[0], new(channels, DType.Float32), new(channels, DType.Float32)];
    }
}

/// <summary>
/// The gradient of <see cref="BatchNormalizationTraining"/>: output gradient, x, scale, mean, variance give the gradients of x, scale and bias.
/// </summary>
internal sealed record BatchNormalizationGradient(int Axis, float Epsilon) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[1], inputs[2], inputs[2]];
}

/// <summary>Normalizes each sample over its axes from <c>Axis</c> on: x, scale, bias give y, mean, 1 / standard deviation.</summary>
internal sealed record LayerNormalization(int Axis, float Epsilon) : Op
{
    public override bool TakesFloats(int input) => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        ShapeRules.RequireFloat(inputs[0], Name);
        var shape = inputs[0].Shape;
        var dims = shape.Symbols.ToArray();
        dims.AsSpan(ShapeRules.Axis(Axis, shape.Rank, Name)).Fill(1);
        return [inputs[0], new(Shape.Of(dims), DType.Float32), new(Shape.Of(dims), DType.Float32)];
    }
}

/// <summary>
/// The gradient of <see cref="LayerNormalization"/>: output gradient, x, scale, mean, 1 / standard deviation give the gradients of x, scale and bias.
/// </summary>
internal sealed record LayerNormalizationGradient(int Axis) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[1], inputs[2], inputs[2]];
}

/// <summary>
/// Cross-entropy of softmax(logits) along the last axis, in the stable form: logits and targets give, for each row, the loss, the largest logit m, and
/// log(sum(exp(logits - m))). The two parts of log(sum(exp)) stay apart, because the second is lost in a sum with a large first one.
/// </summary>
/// <param name="Sparse">Whether targets are class indices, one per row, rather than probabilities of the shape of the logits.</param>
internal sealed record SoftmaxCrossEntropy(bool Sparse) : Op
{
    public override bool TakesFloats(int input) => input == 0;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var logits = inputs[0].Shape;
        ShapeRules.RequireFloat(inputs[0], Name);
        ShapeRules.RequireRank(logits, 1, Name, "(..., classes)");
        var rows = logits.Slice(0, logits.Rank - 1);
        var expected = Sparse ? rows : logits;
        if (!inputs[1].Shape.IsCompatibleWith(expected))
        {
            throw new ModelException(
                $"{Name} of predictions {logits} takes {(Sparse ? "class indices" : "probabilities")} of shape {expected}, but got {inputs[1]}.");
        }

        var row = inputs[0] with { Shape = rows };
        return [row, row, row];
    }
}

/// <summary>
/// The gradient of <see cref="SoftmaxCrossEntropy"/> with respect to the logits: loss gradient, logits, targets, and the two parts of log(sum(exp)).
/// </summary>
internal sealed record SoftmaxCrossEntropyGradient(bool Sparse) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[1]];
}
