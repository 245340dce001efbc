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

/// <summary>Normalizes each channel of each sample over its positions: x of (batch, positions..., channels), scale and bias of each channel.</summary>
internal sealed record InstanceNormalization(float Epsilon) : Op
{
    public override bool TakesFloats(int input) => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        ShapeRules.RequireFloat(inputs[0], Name);
        ShapeRules.RequireRank(inputs[0].Shape, 3, Name, "(batch, positions..., channels)");
        var channels = Shape.Of(inputs[0].Shape.Dims[^1]);
        return inputs[1].Shape.IsCompatibleWith(channels) && inputs[2].Shape.IsCompatibleWith(channels)
            ? [inputs[0]]
            : throw new ModelException($"{Name} of {inputs[0].Shape} takes scale and bias of {channels}, but got {inputs[1].Shape} and {inputs[2].Shape}.");
    }
}

/// <summary>
/// <c>x / (Bias + Alpha / Size * sum x^2)^Beta</c> for x of (batch, positions..., channels); the sum is over the Size channels around each, the odd one behind
/// it. Krizhevsky et al. 2012, section 3.3.
/// </summary>
internal sealed record Lrn(int Size, float Alpha, float Beta, float Bias) : Op
{
    public override bool TakesFloats(int input) => true;

    public override int[]? MixedAxes(int rank) => [rank - 1];

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        ShapeRules.RequireFloat(inputs[0], Name);
        ShapeRules.RequireRank(inputs[0].Shape, 3, Name, "(batch, positions..., channels)");
        return Size >= 1 && inputs[0].Shape.Dims[^1] >= 1
            ? [inputs[0]]
            : throw new ModelException($"{Name} sums {Size} channels of {inputs[0].Shape}; expected at least 1, and a known number of channels.");
    }
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
