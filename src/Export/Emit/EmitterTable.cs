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
        Identity or StopGradient => Elementwise.Same,
        Phase => (emission, node) => emission.Alias(node.Outputs[0], node.Inputs[1]),

        // Elementwise, two or three operands.
        Add => Elementwise.Broadcast("Add"),
        And => Elementwise.Broadcast("And"),
        Div => Elementwise.Broadcast("Div"),
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
        MatMul product => (emission, node) => Matrices.MatMul(emission, node, product),
        Conv conv => (emission, node) => Convolutions.Conv(emission, node, conv),
        ConvInputGradient conv => (emission, node) => Convolutions.InputGradient(emission, node, conv),
        ConvWeightGradient conv => (emission, node) => Convolutions.WeightGradient(emission, node, conv),
        ConvTranspose conv => (emission, node) => Convolutions.ConvTranspose(emission, node, conv),
        AveragePool pool => (emission, node) => Pools.Average(emission, node, pool),
        AveragePoolGradient pool => (emission, node) => Pools.AverageGradient(emission, node, pool),
        MaxPool pool => (emission, node) => Pools.Max(emission, node, pool),
        MaxPoolGradient pool => (emission, node) => Pools.MaxGradient(emission, node, pool),

        // Normalization and softmax.
        BatchNormalization norm => (emission, node) => Normalizations.Batch(emission, node, norm),
        LayerNormalization norm => (emission, node) => Normalizations.Layer(emission, node, norm),
        LogSoftmax softmax => Normalizations.Softmax("LogSoftmax", softmax.Axis),
        Softmax softmax => Normalizations.Softmax("Softmax", softmax.Axis),

        // Recurrent networks.
        Gru or Lstm or Rnn => Recurrent.Write,
        RecurrentGradient gradient => (emission, node) => RecurrentScan.Gradient(emission, node, gradient),

        // Reductions.
        ArgMax position => Reductions.Position("ArgMax", position.Axis, position.KeepDims),
        ArgMin position => Reductions.Position("ArgMin", position.Axis, position.KeepDims),
        CumSum sum => (emission, node) => Reductions.CumSum(emission, node, sum),
        ReduceAll all => (emission, node) => Reductions.All(emission, node, all),
        ReduceAny any => (emission, node) => Reductions.Any(emission, node, any),
        ReduceL1 reduce => Reductions.Of("ReduceL1", reduce),
        ReduceL2 reduce => Reductions.Of("ReduceL2", reduce),
        ReduceLogSumExp reduce => Reductions.Of("ReduceLogSumExp", reduce),
        ReduceMax reduce => Reductions.Of("ReduceMax", reduce),
        ReduceMean reduce => Reductions.Of("ReduceMean", reduce),
        ReduceMin reduce => Reductions.Of("ReduceMin", reduce),
        ReduceProd reduce => Reductions.Of("ReduceProd", reduce),
        ReduceSum reduce => Reductions.Of("ReduceSum", reduce),
        ReduceSumSquare reduce => Reductions.Of("ReduceSumSquare", reduce),
        Size size => (emission, node) => Reductions.Size(emission, node, size),
        SumToLike => Reductions.SumToLike,
        TopK top => (emission, node) => Reductions.TopK(emission, node, top),

        // Shapes and selections.
        Concat concat => (emission, node) => Shaping.Concat(emission, node, concat),
        ExpandLike => Shaping.ExpandLike,
        Gather gather => (emission, node) => Indexing.Gather(emission, node, gather),
        GatherElements gather => (emission, node) => Indexing.GatherElements(emission, node, gather),
        GatherElementsGradient gather => (emission, node) => Indexing.GatherElementsGradient(emission, node, gather),
        GatherGradient gather => (emission, node) => Indexing.GatherGradient(emission, node, gather),
        OneHot oneHot => (emission, node) => Indexing.OneHot(emission, node, oneHot),
        Pad pad => (emission, node) => Shaping.Pad(emission, node, pad),
        Positions positions => (emission, node) => Indexing.Positions(emission, node, positions),
        Reshape reshape => (emission, node) => Shaping.Reshape(emission, node, reshape),
        ReshapeLike => Shaping.ReshapeLike,
        Resize resize => (emission, node) => Images.Resize(emission, node, resize),
        ResizeGradient resize => (emission, node) => Images.Gradient(emission, node, resize),
        Slice slice => (emission, node) => Shaping.Slice(emission, node, slice),
        SliceGradient slice => (emission, node) => Indexing.SliceGradient(emission, node, slice),
        Split split => (emission, node) => Shaping.Split(emission, node, split),
        SplitLike split => (emission, node) => Shaping.SplitLike(emission, node, split),
        Squeeze squeeze => (emission, node) => Shaping.Squeeze(emission, node, squeeze),
        Tile tile => (emission, node) => Shaping.Tile(emission, node, tile),
        Transpose transpose => (emission, node) => Shaping.Transpose(emission, node, transpose),
        Unsqueeze unsqueeze => (emission, node) => Shaping.Unsqueeze(emission, node, unsqueeze),

        // Random numbers: only in a training step, as the engine draws them.
        Dropout dropout => (emission, node) => RandomNumbersInGraph.Dropout(emission, node, dropout),
        RandomNormal normal => (emission, node) => RandomNumbersInGraph.Normal(emission, node, normal),
        RandomUniform uniform => (emission, node) => RandomNumbersInGraph.Uniform(emission, node, uniform),

        // Operators that only training has are written by their definition in simpler ones.
        _ when Decompositions.Has(op) => Normalizations.Decomposed,
        _ => null,
    };
}
