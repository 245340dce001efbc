using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>
/// Definitions of operators in simpler ones. They serve wherever an operator has no row of its own: as its gradient, its kernel and its ONNX form.
/// </summary>
internal static class Decompositions
{
    public static bool Has(Op op) => Find(op) is not null;

    /// <summary>The outputs of an operator, computed by its definition.</summary>
    /// <exception cref="ModelException">The operator has none.</exception>
    public static SymbolicTensors Of(Op op, SymbolicTensors x)
    {
        var definition = Find(op) ?? throw new ModelException($"{op.Name} has no definition in simpler operators.");
        return definition(x);
    }

    private static Func<SymbolicTensors, SymbolicTensors>? Find(Op op) => op switch
    {
        BatchNormalization norm => x => BatchInference(norm, x),
        BatchNormalizationGradient norm => x => BatchBackward(norm, x),
        BatchNormalizationTraining norm => x => BatchTraining(norm, x),
        Dropout { SharedAxes.Count: > 0 } dropout => x => SharedDropout(dropout, x[0]),
        DepthToSpace depth => x => DepthAndSpaceDefinitions.DepthToSpace(depth, x[0]),
        DequantizeLinear dequantize => x => Quantization.Dequantize(dequantize, x),
        DynamicQuantizeLinear => Quantization.QuantizeBySpan,
        Expm1 => x => Ops.Tanh(x[0] * 0.5f) * (Ops.Exp(x[0]) + 1),
        GridSample sample => x => Sampling.Sample(sample, x[0], x[1]),
        InstanceNormalization norm => x => NormalizationDefinitions.Instance(norm, x),
        Log1p => x => LogOfOnePlus(x[0]),
        LayerNormalization norm => x => LayerForward(norm, x),
        LayerNormalizationGradient norm => x => LayerBackward(norm, x),
        LogSoftmax softmax => x => LogNormalize(x[0], softmax.Axis),
        Lrn norm => x => NormalizationDefinitions.LocalResponse(norm, x[0]),
        MatMulInteger => x => Quantization.Multiply(x),
        Pad { Mode: not PadMode.Constant } pad => x => PadWithOwn(pad, x[0]),
        QuantizeLinear quantize => x => Quantization.Quantize(quantize, x),
        ReduceLogSumExp reduce => x => LogSumExp(x[0], Axes.Create(reduce.Axes.Span), reduce.KeepDims),
        Scan scan => x => ScanDefinitions.Forward(scan, x),
        ScanGradient scan => x => ScanDefinitions.Backward(scan, x),
        Softmax softmax => x => Normalize(x[0], softmax.Axis),
        SoftmaxCrossEntropy loss => x => CrossEntropy(loss, x),
        SoftmaxCrossEntropyGradient loss => x => CrossEntropyBackward(loss, x),
        SpaceToDepth space => x => DepthAndSpaceDefinitions.SpaceToDepth(space, x[0]),
        SoftmaxGradient softmax => x => x[1] * (x[0] - Ops.Sum(x[0] * x[1], softmax.Axis, keepdims: true)),
        _ => null,
    };

    /// <summary>Propagates the upstream gradients of a node through its definition.</summary>
    public static SymbolicTensor?[] Differentiate(GradientContext c)
    {
        var inputs = new SymbolicTensor[c.InputCount];
        for (var i = 0; i < inputs.Length; i++) inputs[i] = c.Input(i);
        var outputs = Of(c.Op, inputs);
        var sums = new SymbolicTensor?[inputs.Length];
        for (var i = 0; i < outputs.Count; i++)
        {
            if (c.UpstreamOrNone(i) is not { } upstream) continue;
            var gradients = Gradient.Backpropagate(outputs[i].Value, upstream, [.. inputs.Select(input => input.Value)]);
            for (var j = 0; j < sums.Length; j++)
            {
                if (gradients[j] is { } gradient) sums[j] = sums[j] is { } sum ? sum + gradient : gradient;
            }
        }

        return sums;
    }

    /// <summary><c>2 atanh(x / (x + 2))</c> near 0, where adding 1 to x would lose digits of x.</summary>
    private static SymbolicTensor LogOfOnePlus(SymbolicTensor x) =>
        Ops.Where(Ops.Less(Ops.Abs(x), 0.5f), Ops.Atanh(x / (x + 2)) * 2, Ops.Log(x + 1));

    /// <summary>The tensor between copies of its own elements, reflected or repeated, axis by axis.</summary>
    private static SymbolicTensor PadWithOwn(Pad op, SymbolicTensor x)
    {
        for (var axis = 0; axis < op.Begin.Count; axis++)
        {
            var (begin, end) = (op.Begin[axis], op.End[axis]);
            if (begin == 0 && end == 0) continue;
            var parts = new List<SymbolicTensor>();
            if (begin > 0) parts.Add(op.Mode == PadMode.Edge ? Repeated(Ops.Slice(x, axis, 0, 1), axis, begin) : Ops.Slice(x, axis, begin, 0, -1));
            parts.Add(begin < 0 || end < 0 ? Ops.Slice(x, axis, Math.Max(0, -begin), end < 0 ? end : null) : x);
            if (end > 0) parts.Add(op.Mode == PadMode.Edge ? Repeated(Ops.Slice(x, axis, -1), axis, end) : Ops.Slice(x, axis, -2, -2 - end, -1));
            x = Ops.Concatenate([.. parts], axis);
        }

        return x;

        static SymbolicTensor Repeated(SymbolicTensor row, int axis, int count) =>
            Ops.Make(new Tile([.. Enumerable.Range(0, row.Rank).Select(i => i == axis ? count : 1)]), row);
    }

    private static SymbolicTensor Normalize(SymbolicTensor x, int axis)
    {
        var powers = Ops.Exp(x - Ops.Max(x, axis, keepdims: true));
        return powers / Ops.Sum(powers, axis, keepdims: true);
    }

    // In this order: the logarithm is lost in a sum with a large element.
    private static SymbolicTensor LogNormalize(SymbolicTensor x, int axis)
    {
        var shifted = x - Ops.Max(x, axis, keepdims: true);
        return shifted - Ops.Log(Ops.Sum(Ops.Exp(shifted), axis, keepdims: true));
    }

    private static SymbolicTensor LogSumExp(SymbolicTensor x, Axes axes, bool keepdims)
    {
        var largest = Ops.Max(x, axes, keepdims: true);
        var sum = Ops.Log(Ops.Sum(Ops.Exp(x - largest), axes, keepdims: true)) + largest;
        return keepdims || x.Rank == 0 ? sum : Ops.Squeeze(sum, axes.Any() ? axes : Axes.Create([.. Enumerable.Range(0, x.Rank)]));
    }

    private static SymbolicTensor BatchInference(BatchNormalization op, SymbolicTensors inputs)
    {
        // The factor is computed first, so that all passes over x form one chain after it.
        var (x, axis, rank) = (inputs[0], op.Axis, inputs[0].Rank);
        var factor = ChannelAxes.Along(inputs[1] * Ops.Rsqrt(inputs[4] + op.Epsilon), axis, rank);
        return (factor * (x - ChannelAxes.Along(inputs[3], axis, rank))) + ChannelAxes.Along(inputs[2], axis, rank);
    }

    private static SymbolicTensors BatchTraining(BatchNormalizationTraining op, SymbolicTensors inputs)
    {
        var (x, axes) = (inputs[0], ChannelAxes.AllBut(op.Axis, inputs[0].Rank));
        var mean = Ops.Mean(x, axes, keepdims: true);
        var variance = Ops.Mean(Ops.Square(x - mean), axes, keepdims: true);
        var y = ((x - mean) * Ops.Rsqrt(variance + op.Epsilon) * ChannelAxes.Along(inputs[1], op.Axis, x.Rank)) + ChannelAxes.Along(inputs[2], op.Axis, x.Rank);
        return [y, Ops.Squeeze(mean, axes), Ops.Squeeze(variance, axes)];
    }

    /// <summary><c>dx = scale inv (dy - mean(dy) - xhat mean(dy xhat))</c>.</summary>
    private static SymbolicTensors BatchBackward(BatchNormalizationGradient op, SymbolicTensors inputs)
    {
        var (dy, x, rank) = (inputs[0], inputs[1], inputs[1].Rank);
        var axes = ChannelAxes.AllBut(op.Axis, rank);
        var inverse = ChannelAxes.Along(Ops.Rsqrt(inputs[4] + op.Epsilon), op.Axis, rank);
        var normalized = (x - ChannelAxes.Along(inputs[3], op.Axis, rank)) * inverse;
        var centered = dy - Ops.Mean(dy, axes, keepdims: true) - (normalized * Ops.Mean(dy * normalized, axes, keepdims: true));
        var dx = ChannelAxes.Along(inputs[2], op.Axis, rank) * inverse * centered;
        return [dx, Ops.Sum(dy * normalized, axes), Ops.Sum(dy, axes)];
    }

    private static SymbolicTensors LayerForward(LayerNormalization op, SymbolicTensors inputs)
    {
        var (x, axes) = (inputs[0], ChannelAxes.From(op.Axis, inputs[0].Rank));
        var mean = Ops.Mean(x, axes, keepdims: true);
        var inverse = Ops.Rsqrt(Ops.Mean(Ops.Square(x - mean), axes, keepdims: true) + op.Epsilon);
        return [((x - mean) * inverse * inputs[1]) + inputs[2], mean, inverse];
    }

    private static SymbolicTensors LayerBackward(LayerNormalizationGradient op, SymbolicTensors inputs)
    {
        var (dy, x, scale, mean, inverse) = (inputs[0], inputs[1], inputs[2], inputs[3], inputs[4]);
        var axes = ChannelAxes.From(op.Axis, x.Rank);
        var normalized = (x - mean) * inverse;
        var scaled = dy * scale;
        var dx = inverse * (scaled - Ops.Mean(scaled, axes, keepdims: true) - (normalized * Ops.Mean(scaled * normalized, axes, keepdims: true)));
        return [dx, Ops.Make(new SumToLike(), dy * normalized, scale), Ops.Make(new SumToLike(), dy, scale)];
    }

    private static SymbolicTensors CrossEntropy(SoftmaxCrossEntropy op, SymbolicTensors inputs)
    {
        var largest = Ops.Max(inputs[0], -1, keepdims: true);
        var logits = inputs[0] - largest;
        var sum = Ops.Log(Ops.Sum(Ops.Exp(logits), -1, keepdims: true));
        var targets = Targets(op.Sparse, inputs[1], logits);

        // An impossible class, with a logit of minus infinity and a target of 0, adds nothing.
        var loss = Ops.Sum(Ops.Where(Ops.Equal(targets, 0), 0, targets * (sum - logits)), -1);
        return [loss, Ops.Squeeze(largest, -1), Ops.Squeeze(sum, -1)];
    }

    /// <summary>One random number for all positions along the shared axes: drawn for the first position, then broadcast.</summary>
    private static SymbolicTensor SharedDropout(Dropout op, SymbolicTensor x)
    {
        if (op.Rate >= 1) return Ops.ZerosLike(x);
        var (starts, ones) = (IntList.Repeat(0, op.SharedAxes.Count), IntList.Repeat(1, op.SharedAxes.Count));
        var first = Ops.Make(new Slice(op.SharedAxes, starts, ones, ones), x);
        var numbers = Ops.Make(new RandomUniform(op.Stream, 0, 1), first);
        return Ops.Where(Ops.GreaterEqual(numbers, op.Rate), x * (1 / (1 - op.Rate)), 0);
    }

    /// <summary><c>dx = du (softmax(x) sum(t) - t)</c>; the targets need not sum to one.</summary>
    private static SymbolicTensor CrossEntropyBackward(SoftmaxCrossEntropyGradient op, SymbolicTensors inputs)
    {
        var (logits, targets) = (inputs[1], Targets(op.Sparse, inputs[2], inputs[1]));
        var probabilities = Ops.Exp(logits - Ops.ExpandDims(inputs[3], -1) - Ops.ExpandDims(inputs[4], -1));
        if (!op.Sparse) probabilities *= Ops.Sum(targets, -1, keepdims: true);
        return (probabilities - targets) * Ops.ExpandDims(inputs[0], -1);
    }

    private static SymbolicTensor Targets(bool sparse, SymbolicTensor targets, SymbolicTensor logits) =>
        sparse ? Ops.OneHot(targets, logits.Shape[^1] ?? throw new ModelException($"the number of classes is unknown in {logits.Shape}.")) : targets;
}
