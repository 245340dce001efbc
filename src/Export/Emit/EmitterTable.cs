using OnnxFunctional.Export.Emit.Emitters;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Emit;

/// <summary>How each operator is written in ONNX, one row per operator.</summary>
internal static class EmitterTable
{
    /// <summary>The operator's emitter, or null if it has no row.</summary>
    public static Emitter? Find(Op op) => op switch
    {
        // Sources: weights and constants become initializers when they are read, inputs exist from the start.
        Constant or Placeholder or Variable => Refusals.MissingInput,

        // Elementwise, one operand.
        Abs => Elementwise.Unary("Abs"),
        Acos => Elementwise.Unary("Acos"),
        Acosh => Elementwise.Unary("Acosh"),
        Asin => Elementwise.Unary("Asin"),
        Asinh => Elementwise.Unary("Asinh"),
        Atan => Elementwise.Unary("Atan"),
        Atanh => Elementwise.Unary("Atanh"),
        Ceil => Elementwise.Unary("Ceil"),
        Celu celu => Elementwise.Unary("Celu", Attributes.Float("alpha", celu.Alpha)),
        Clip clip => Elementwise.Clip(clip),
        Cos => Elementwise.Unary("Cos"),
        Cosh => Elementwise.Unary("Cosh"),
        Elu elu => Elementwise.Unary("Elu", Attributes.Float("alpha", elu.Alpha)),
        Erf => Elementwise.Unary("Erf"),
        Exp => Elementwise.Unary("Exp"),
        Floor => Elementwise.Unary("Floor"),
        Gelu gelu => (emission, node) => Elementwise.Gelu(emission, node, gelu.Approximate),
        HardSigmoid hard => Elementwise.Unary("HardSigmoid", Attributes.Float("alpha", hard.Alpha), Attributes.Float("beta", hard.Beta)),
        HardSwish => Elementwise.Unary("HardSwish"),
        IsInf => Elementwise.Unary("IsInf"),
        IsNaN => Elementwise.Unary("IsNaN"),
        LeakyRelu leaky => Elementwise.Unary("LeakyRelu", Attributes.Float("alpha", leaky.Alpha)),
        Log => Elementwise.Unary("Log"),
        Mish => Elementwise.Mish,
        Neg => Elementwise.Unary("Neg"),
        Not => Elementwise.Unary("Not"),
        Reciprocal => Elementwise.Unary("Reciprocal"),
        Relu => Elementwise.Unary("Relu"),
        Round => Elementwise.Unary("Round"),
        Selu => Elementwise.Unary("Selu"),
        Shrink shrink => Elementwise.Unary("Shrink", Attributes.Float("lambd", shrink.Lambda), Attributes.Float("bias", shrink.Bias)),
        Sigmoid => Elementwise.Unary("Sigmoid"),
        Sign => Elementwise.Unary("Sign"),
        Sin => Elementwise.Unary("Sin"),
        Sinh => Elementwise.Unary("Sinh"),
        Softplus => Elementwise.Unary("Softplus"),
        Softsign => Elementwise.Unary("Softsign"),
        Sqrt => Elementwise.Unary("Sqrt"),
        Tan => Elementwise.Unary("Tan"),
        Tanh => Elementwise.Unary("Tanh"),
        ThresholdedRelu thresholded => Elementwise.Unary("ThresholdedRelu", Attributes.Float("alpha", thresholded.Alpha)),
        Cast cast => Elementwise.Cast(cast.To),
        Identity or MaskCount or StopGradient or SumOverShards => Elementwise.Same,
        Phase => (emission, node) => emission.Alias(node.Outputs[0], node.Inputs[1]),

        // Elementwise, two or three operands.
        Add => SkipNormalizations.Add,
        And => Elementwise.Broadcast("And"),
        BitwiseOp => Elementwise.Bits,
        Div => Elementwise.Div,
        Equal => Elementwise.Broadcast("Equal"),
        Greater => Elementwise.Broadcast("Greater"),
        GreaterOrEqual => Elementwise.Broadcast("GreaterOrEqual"),
        Less => Elementwise.Broadcast("Less"),
        LessOrEqual => Elementwise.Broadcast("LessOrEqual"),
        Max => Elementwise.Broadcast("Max"),
        Min => Elementwise.Broadcast("Min"),
        Mod => Elementwise.Mod,
        Mul => Elementwise.Broadcast("Mul"),
        Or => Elementwise.Broadcast("Or"),
        Pow => Elementwise.Broadcast("Pow"),
        PRelu => Elementwise.Broadcast("PRelu"),
        Sub => Elementwise.Broadcast("Sub"),
        Where => Elementwise.Where,
        Xor => Elementwise.Broadcast("Xor"),

        // Products, convolutions, pooling.
        Gemm => Matrices.Gemm,
        MatMul product => With(product, Matrices.MatMul),
        Conv conv => With(conv, Convolutions.Conv),
        ConvInputGradient conv => With(conv, Convolutions.InputGradient),
        ConvWeightGradient conv => With(conv, Convolutions.WeightGradient),
        ConvTranspose conv => With(conv, Convolutions.ConvTranspose),
        AveragePool pool => With(pool, Pools.Average),
        AveragePoolGradient pool => With(pool, Pools.AverageGradient),
        MaxPool pool => With(pool, Pools.Max),
        MaxPoolGradient pool => With(pool, Pools.MaxGradient),

        // Normalization and softmax.
        BatchNormalization norm => With(norm, Normalizations.Batch),
        InstanceNormalization norm => With(norm, Normalizations.Instance),
        LayerNormalization norm => With(norm, Normalizations.Layer),
        LogSoftmax softmax => Normalizations.Softmax("LogSoftmax", softmax.Axis),
        Lrn norm => With(norm, Normalizations.LocalResponse),
        Softmax softmax => Normalizations.Softmax("Softmax", softmax.Axis),

        // Recurrent networks.
        Gru or Lstm or Rnn => Recurrent.Write,
        RecurrentGradient gradient => With(gradient, RecurrentScan.Gradient),
        Scan scan => With(scan, Scans.Write),
        ScanGradient gradient => With(gradient, Scans.Gradient),

        // Reductions.
        ArgMax position => Reductions.Position("ArgMax", position.Axis, position.KeepDims),
        ArgMin position => Reductions.Position("ArgMin", position.Axis, position.KeepDims),
        CumSum sum => With(sum, Reductions.CumSum),
        ReduceAll all => With(all, Reductions.All),
        ReduceAny any => With(any, Reductions.Any),
        ReduceL1 reduce => Reductions.Of("ReduceL1", reduce),
        ReduceL2 reduce => Reductions.Of("ReduceL2", reduce),
        ReduceLogSumExp reduce => Reductions.Of("ReduceLogSumExp", reduce),
        ReduceMax reduce => Reductions.Of("ReduceMax", reduce),
        ReduceMean reduce => Reductions.Of("ReduceMean", reduce),
        ReduceMin reduce => Reductions.Of("ReduceMin", reduce),
        ReduceProd reduce => Reductions.Of("ReduceProd", reduce),
        ReduceSum reduce => Reductions.Of("ReduceSum", reduce),
        ReduceSumSquare reduce => Reductions.Of("ReduceSumSquare", reduce),
        Size size => With(size, Reductions.Size),
        SumToLike => Reductions.SumToLike,
        TopK top => With(top, Reductions.TopK),

        // Quantization.
        DequantizeLinear dequantize => With(dequantize, Quantized.Dequantize),
        DynamicQuantizeLinear => Quantized.DynamicQuantize,
        MatMulInteger => Quantized.MatMulInteger,
        QuantizeLinear quantize => With(quantize, Quantized.Quantize),

        // Shapes and selections.
        Concat concat => With(concat, Shaping.Concat),
        DepthToSpace depth => With(depth, Shaping.DepthToSpace),
        ExpandLike => Shaping.ExpandLike,
        Gather gather => With(gather, Indexing.Gather),
        GatherElements gather => With(gather, Indexing.GatherElements),
        GatherElementsGradient gather => With(gather, Indexing.GatherElementsGradient),
        GatherGradient gather => With(gather, Indexing.GatherGradient),
        OneHot oneHot => With(oneHot, Indexing.OneHot),
        Pad pad => With(pad, Shaping.Pad),
        Trilu triangle => With(triangle, Shaping.Triangle),
        Positions positions => With(positions, Indexing.Positions),
        Reshape reshape => With(reshape, Shaping.Reshape),
        ReshapeLike => Shaping.ReshapeLike,
        GridSample sample => With(sample, Images.GridSample),
        Resize resize => With(resize, Images.Resize),
        ResizeGradient resize => With(resize, Images.Gradient),
        Slice slice => With(slice, Shaping.Slice),
        SliceGradient slice => With(slice, Indexing.SliceGradient),
        SpaceToDepth space => With(space, Shaping.SpaceToDepth),
        Split split => With(split, Shaping.Split),
        SplitLike split => With(split, Shaping.SplitLike),
        Squeeze squeeze => With(squeeze, Shaping.Squeeze),
        Tile tile => With(tile, Shaping.Tile),
        Transpose transpose => With(transpose, Shaping.Transpose),
        Unsqueeze unsqueeze => With(unsqueeze, Shaping.Unsqueeze),

        // Text.
        CountTokens count => With(count, Texts.Counts),
        CrossHash cross => With(cross, Texts.Cross),
        HashText hash => With(hash, Texts.Hash),
        LookupText lookup => With(lookup, Texts.Lookup),
        TokenIndices tokens => With(tokens, Texts.Indices),
        WordsAt words => With(words, Texts.Words),

        // Random numbers: only in a training step, as the engine draws them.
        Dropout dropout => With(dropout, RandomNumbersInGraph.Dropout),
        RandomNormal normal => With(normal, RandomNumbersInGraph.Normal),
        RandomUniform uniform => With(uniform, RandomNumbersInGraph.Uniform),

        // Operators that only training has are written by their definition in simpler ones.
        _ when Decompositions.Has(op) => Normalizations.Decomposed,
        _ => null,
    };

    private static Emitter With<TOp>(TOp op, Action<Emission, Node, TOp> emitter) => (emission, node) => emitter(emission, node, op);
}
