using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>Gradients of normalization, softmax and cross-entropy.</summary>
internal static class NormalizationGradients
{
    /// <summary>With stored statistics, the operator is affine in x.</summary>
    public static SymbolicTensor?[] Inference(GradientContext c, BatchNormalization op)
    {
        var (x, dy) = (c.Input(0), c.Upstream());
        var others = ChannelAxes.AllBut(op.Axis, x.Rank);
        SymbolicTensor Channel(SymbolicTensor values) => ChannelAxes.Along(values, op.Axis, x.Rank);
        var inverse = Ops.Rsqrt(c.Input(4) + op.Epsilon);
        var centred = x - Channel(c.Input(3));
        var scaled = c.Input(1) * inverse;
        return
        [
            c.Wants(0) ? dy * Channel(scaled) : null,
            c.Wants(1) ? Ops.Sum(dy * centred, others) * inverse : null,
            c.Wants(2) ? Ops.Sum(dy, others) : null,
            c.Wants(3) ? -Ops.Sum(dy, others) * scaled : null,
            c.Wants(4) ? Ops.Sum(dy * centred, others) * scaled * Ops.Square(inverse) * -0.5f : null,
        ];
    }

    public static SymbolicTensor?[] Training(GradientContext c, BatchNormalizationTraining op)
    {
        // Moving statistics are not differentiated. A loss that uses the mean or variance of the batch is, through the definition.
        if (c.UpstreamOrNone(1) is not null || c.UpstreamOrNone(2) is not null) return Decompositions.Differentiate(c);
        var gradients = Ops.MakeAll(new BatchNormalizationGradient(op.Axis, op.Epsilon), c.Upstream(), c.Input(0), c.Input(1), c.Output(1), c.Output(2));
        return [gradients[0], gradients[1], gradients[2]];
    }

    public static SymbolicTensor?[] Layer(GradientContext c, LayerNormalization op)
    {
        if (c.UpstreamOrNone(1) is not null || c.UpstreamOrNone(2) is not null) return Decompositions.Differentiate(c);
        var gradients = Ops.MakeAll(new LayerNormalizationGradient(op.Axis), c.Upstream(), c.Input(0), c.Input(1), c.Output(1), c.Output(2));
        return [gradients[0], gradients[1], gradients[2]];
    }

    /// <summary>For <c>g = y (u - sum(u y))</c> with upstream v: <c>du = y (v - sum(v y))</c>, <c>dy = v (u - sum(u y)) - u sum(v y)</c>.</summary>
    public static SymbolicTensor?[] SoftmaxGradient(GradientContext c, SoftmaxGradient op)
    {
        var (u, y, v) = (c.Input(0), c.Input(1), c.Upstream());
        SymbolicTensor Along(SymbolicTensor x) => Ops.Sum(x, op.Axis, keepdims: true);
        return [Ops.Make(op, v, y), (v * (u - Along(u * y))) - (u * Along(v * y))];
    }

    public static SymbolicTensor?[] CrossEntropy(GradientContext c, SoftmaxCrossEntropy op)
    {
        // Only gradients of gradients reach the parts of the sum.
        if (c.UpstreamOrNone(1) is not null || c.UpstreamOrNone(2) is not null || c.UpstreamOrNone(0) is not { } dy) return Decompositions.Differentiate(c);
        var (logits, targets, largest, sum) = (c.Input(0), c.Input(1), c.Output(1), c.Output(2));
        var toLogits = Ops.Make(new SoftmaxCrossEntropyGradient(op.Sparse), dy, logits, targets, largest, sum);
        var toTargets = op.Sparse || !c.Wants(1) ? null : Ops.ExpandDims(dy, -1) * (Ops.ExpandDims(sum, -1) - (logits - Ops.ExpandDims(largest, -1)));
        return [toLogits, toTargets];
    }
}
