using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>
/// The gradient of every operator, in one table: from the gradients of a node's outputs to those of its inputs, as tensors of the same graph.
/// </summary>
/// <remarks>Rules of activations use the output instead of the input where possible, so that the input need not be kept.</remarks>
internal static class GradientRules
{
    /// <summary>The gradients of a node's inputs; null for inputs without a gradient.</summary>
    /// <exception cref="ModelException">The operator has no gradient.</exception>
    public static SymbolicTensor?[] Of(GradientContext c) => c.Op switch
    {
        // Unary: the upstream gradient times the derivative.
        Abs => [c.Upstream() * Ops.Sign(c.Input(0))],
        Acos => [-c.Upstream() / Ops.Sqrt(1 - Ops.Square(c.Input(0)))],
        Acosh => [c.Upstream() / Ops.Sqrt(Ops.Square(c.Input(0)) - 1)],
        Asin => [c.Upstream() / Ops.Sqrt(1 - Ops.Square(c.Input(0)))],
        Asinh => [c.Upstream() / Ops.Sqrt(Ops.Square(c.Input(0)) + 1)],
        Atan => [c.Upstream() / (Ops.Square(c.Input(0)) + 1)],
        Atanh => [c.Upstream() / (1 - Ops.Square(c.Input(0)))],
        Celu celu => [ElementwiseGradients.Celu(c, celu)],
        Clip clip => [ElementwiseGradients.Clip(c, clip)],
        Cos => [-c.Upstream() * Ops.Sin(c.Input(0))],
        Cosh => [c.Upstream() * Ops.Sinh(c.Input(0))],
        Elu elu => [Ops.Where(Ops.Greater(c.Output(), 0), c.Upstream(), c.Upstream() * (c.Output() + elu.Alpha))],
        Erf => [c.Upstream() * Ops.Exp(-Ops.Square(c.Input(0))) * (2 / MathF.Sqrt(MathF.PI))],
        Exp => [c.Upstream() * c.Output()],
        Expm1 => [c.Upstream() * Ops.Exp(c.Input(0))],
        Gelu gelu => [ElementwiseGradients.Gelu(c, gelu)],
        HardSigmoid hard => [ElementwiseGradients.HardSigmoid(c, hard)],
        HardSwish => [ElementwiseGradients.HardSwish(c)],
        Identity => [c.Upstream()],
        LeakyRelu leaky => [Ops.Where(Ops.Greater(c.Input(0), 0), c.Upstream(), c.Upstream() * leaky.Alpha)],
        Log => [c.Upstream() / c.Input(0)],
        Log1p => [c.Upstream() / (c.Input(0) + 1)],
        Mish => [ElementwiseGradients.Mish(c)],
        Neg => [-c.Upstream()],
        Reciprocal => [-c.Upstream() * Ops.Square(c.Output())],
        Relu => [Ops.Where(Ops.Greater(c.Output(), 0), c.Upstream(), 0)],
        Selu => [ElementwiseGradients.Selu(c)],
        Shrink shrink => [Ops.Where(Ops.Greater(Ops.Abs(c.Input(0)), shrink.Lambda), c.Upstream(), 0)],
        Sigmoid => [c.Upstream() * c.Output() * (1 - c.Output())],
        Sin => [c.Upstream() * Ops.Cos(c.Input(0))],
        Sinh => [c.Upstream() * Ops.Cosh(c.Input(0))],
        Softplus => [c.Upstream() * Ops.Sigmoid(c.Input(0))],
        Softsign => [c.Upstream() / Ops.Square(Ops.Abs(c.Input(0)) + 1)],
        Sqrt => [c.Upstream() * 0.5f / c.Output()],
        Tan => [c.Upstream() * (Ops.Square(c.Output()) + 1)],
        Tanh => [c.Upstream() * (1 - Ops.Square(c.Output()))],
        SumOverShards sum => [Ops.Make(sum, c.Upstream())],
        ThresholdedRelu thresholded => [Ops.Where(Ops.Greater(c.Input(0), thresholded.Alpha), c.Upstream(), 0)],
        Cast cast => [c.Input(0).DType.IsFloating() ? Ops.Make(cast with { To = c.Input(0).DType }, c.Upstream()) : null],
        Dropout dropout => [Ops.Make(dropout, c.Upstream())],

        // Piecewise constant: no gradient.
        Ceil or Floor or MaskCount or Round or Sign or StopGradient => [null],
        TextOp => [null],
        IsNaN or IsInf or Not or ReduceAny or ReduceAll or ArgMax or ArgMin or OneHot or Positions or RandomOp or Size => [null],
        BitwiseOp or ComparisonOp or LogicalOp => [null, null],

        // Binary.
        Add => [c.Unbroadcast(c.Upstream(), 0), c.Unbroadcast(c.Upstream(), 1)],
        Sub => [c.Unbroadcast(c.Upstream(), 0), c.Unbroadcast(-c.Upstream(), 1)],
        Mul => [c.Unbroadcast(c.Upstream() * c.Input(1), 0), c.Unbroadcast(c.Upstream() * c.Input(0), 1)],
        Div => [c.Unbroadcast(c.Upstream() / c.Input(1), 0), c.Unbroadcast(-c.Upstream() * c.Output() / c.Input(1), 1)],
        Max => ElementwiseGradients.Chosen(c, Ops.Greater),
        Min => ElementwiseGradients.Chosen(c, Ops.Less),
        Mod => [c.Unbroadcast(c.Upstream(), 0), c.Unbroadcast(-c.Upstream() * Ops.Floor(c.Input(0) / c.Input(1)), 1)],
        Pow => ElementwiseGradients.Pow(c),
        PRelu => ElementwiseGradients.PRelu(c),
        Where => ElementwiseGradients.Where(c),
        Phase phase => [Ops.Make(phase, c.Upstream(), Ops.ZerosLike(c.Upstream())), Ops.Make(phase, Ops.ZerosLike(c.Upstream()), c.Upstream())],

        // Products, convolutions, pooling.
        MatMul product => LinearGradients.MatMul(c, product),
        Gemm => LinearGradients.Gemm(c),
        Conv conv => LinearGradients.Conv(c, conv),
        ConvInputGradient conv => LinearGradients.ConvInputGradient(c, conv),
        ConvWeightGradient conv => LinearGradients.ConvWeightGradient(c, conv),
        ConvTranspose conv => LinearGradients.ConvTranspose(c, conv),
        MaxPool pool => [Ops.Make(new MaxPoolGradient(pool.Kernel, pool.Strides, pool.Pads), c.Input(0), c.Output(), c.Upstream())],
        AveragePool pool => [Ops.Make(new AveragePoolGradient(pool.Kernel, pool.Strides, pool.Pads), c.Upstream(), c.Input(0))],
        AveragePoolGradient pool => [Ops.Make(new AveragePool(pool.Kernel, pool.Strides, pool.Pads), c.Upstream()), null],

        // Normalization and softmax.
        BatchNormalization norm => NormalizationGradients.Inference(c, norm),
        BatchNormalizationTraining norm => NormalizationGradients.Training(c, norm),
        LayerNormalization norm => NormalizationGradients.Layer(c, norm),
        Softmax softmax => [Ops.Make(new SoftmaxGradient(softmax.Axis), c.Upstream(), c.Output())],
        LogSoftmax softmax => [c.Upstream() - (Ops.Exp(c.Output()) * Ops.Sum(c.Upstream(), softmax.Axis, keepdims: true))],
        SoftmaxGradient softmax => NormalizationGradients.SoftmaxGradient(c, softmax),
        SoftmaxCrossEntropy loss => NormalizationGradients.CrossEntropy(c, loss),

        // Reductions.
        ReduceSum reduce => [ReductionGradients.Expand(c, reduce, c.Upstream())],
        ReduceMean reduce => [ReductionGradients.Expand(c, reduce, c.Upstream() / Ops.Make(new Operators.Size(reduce.Axes), c.Input(0)))],
        ReduceMax or ReduceMin => [ReductionGradients.Extreme(c, (ReduceOp)c.Op)],
        ReduceProd reduce => [ReductionGradients.Product(c, reduce)],
        ReduceSumSquare reduce => [ReductionGradients.Expand(c, reduce, c.Upstream()) * c.Input(0) * 2],
        ReduceL1 reduce => [ReductionGradients.Expand(c, reduce, c.Upstream()) * Ops.Sign(c.Input(0))],
        ReduceL2 reduce => [ReductionGradients.Norm(c, reduce)],
        ReduceLogSumExp reduce => [ReductionGradients.Expand(c, reduce, c.Upstream()) * Ops.Exp(c.Input(0) - ReductionGradients.Expand(c, reduce, c.Output()))],
        CumSum sum => [Ops.Make(sum with { Reverse = !sum.Reverse }, c.Upstream())],
        TopK => [Ops.Make(new GatherElementsGradient(-1), c.Upstream(), c.Output(1), c.Input(0))],
        SumToLike => [Ops.Make(new ExpandLike(), c.Upstream(), c.Input(0)), null],

        // Shapes and selections.
        Reshape or Squeeze or Unsqueeze => [Ops.Make(new ReshapeLike(), c.Upstream(), c.Input(0))],
        ReshapeLike => [Ops.Make(new ReshapeLike(), c.Upstream(), c.Input(0)), null],
        ExpandLike => [Ops.Make(new SumToLike(), c.Upstream(), c.Input(0)), null],
        Transpose transpose => [Ops.Make(Transpose.Inverse(transpose.Permutation), c.Upstream())],
        Concat concat => ShapingGradients.Concat(c, concat),
        Split split => [Ops.Make(new Concat(split.Axis), ShapingGradients.AllUpstreams(c, split.Sizes.Count))],
        SplitLike split => ShapingGradients.SplitLike(c, split),
        Slice slice => [Ops.Make(new SliceGradient(slice.Axes, slice.Starts, slice.Ends, slice.Steps), c.Upstream(), c.Input(0))],
        SliceGradient slice => [Ops.Make(new Slice(slice.Axes, slice.Starts, slice.Ends, slice.Steps), c.Upstream()), null],
        Pad { Mode: PadMode.Constant } pad => [ShapingGradients.Pad(c, pad)],
        Trilu triangle => [Ops.Make(triangle, c.Upstream())],
        Tile tile => [ShapingGradients.Tile(c, tile)],
        Resize resize => [Ops.Make(new ResizeGradient(resize.Sizes, resize.Scales, resize.Mode), c.Upstream(), c.Input(0))],
        ResizeGradient resize => [Ops.Make(new Resize(resize.Sizes, resize.Scales, resize.Mode), c.Upstream()), null],
        Gather gather => [Ops.Make(new GatherGradient(gather.Axis), c.Upstream(), c.Input(1), c.Input(0)), null],
        GatherGradient gather => [Ops.Make(new Gather(gather.Axis), c.Upstream(), c.Input(1)), null, null],
        GatherElements gather => [Ops.Make(new GatherElementsGradient(gather.Axis), c.Upstream(), c.Input(1), c.Input(0)), null],
        GatherElementsGradient gather => [Ops.Make(new GatherElements(gather.Axis), c.Upstream(), c.Input(1)), null, null],

        // Recurrent networks.
        RecurrentOp recurrent => RecurrentGradients.Of(c, recurrent),
        RecurrentGradient => throw c.Refuse(
            "back-propagation through time cannot be differentiated again. "
            + "In a model whose gradient is part of its loss, use a recurrent layer that is built step by step, such as one with recurrent dropout."),

        Scan scan => ScanDefinitions.Differentiate(c, scan),
        ScanGradient => throw c.Refuse(
            "back-propagation through an unknown number of steps cannot be differentiated again. Set the number of steps in Model.Input instead of null."),

        // The chosen positions do not change to first order, but choosing them again would need an operator of its own.
        MaxPoolGradient => throw c.Refuse("in a model whose gradient is part of its loss, use AveragePooling."),

        // Otherwise the definition in simpler operators is differentiated.
        _ when Decompositions.Has(c.Op) => Decompositions.Differentiate(c),
        _ => throw c.Refuse("no rule was written for it."),
    };
}
