using OnnxFunctional.Export.Importers.Rows;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers;

/// <summary>What each ONNX operator is in the graph, one row per operator: the mirror of <see cref="Emit.EmitterTable"/>. A row knows all versions.</summary>
internal static class ImporterTable
{
    /// <summary>Whether a node of that operator can be opened.</summary>
    /// <param name="domain">Its domain, empty for ai.onnx.</param>
    /// <param name="op">Its type.</param>
    public static bool Knows(string domain, string op) =>
        domain == (OnnxGraph.IsContrib(op) ? OnnxGraph.Contrib : "")
        && (op is "If" or "Loop" or "Scan" || (op != ControlFlow.Stack && Find(op) is not null));

    /// <summary>The operator's importer, or null if it has no row.</summary>
    public static Importer? Find(string op) => op switch
    {
        "Constant" => node => [Ops.Make(new Constant(node.ConstantValue()))],
        "Identity" => Elementwise.Unary(x => Ops.Make(new Identity(), x)),
        "Dropout" => Elementwise.Dropout,

        // Elementwise, one operand.
        "Abs" => Elementwise.Unary(Elementwise.Magnitude),
        "Acos" => Elementwise.Unary(new Acos()),
        "Acosh" => Elementwise.Unary(new Acosh()),
        "Asin" => Elementwise.Unary(new Asin()),
        "Asinh" => Elementwise.Unary(new Asinh()),
        "Atan" => Elementwise.Unary(new Atan()),
        "Atanh" => Elementwise.Unary(new Atanh()),
        "Cast" => Elementwise.Cast,
        "CastLike" => Elementwise.CastLike,
        "Ceil" => Elementwise.Unary(new Ceil()),
        "Celu" => Elementwise.Unary((node, x) => Ops.Make(new Celu(node.Float("alpha", 1)), x)),
        "Clip" => Elementwise.Clip,
        "Cos" => Elementwise.Unary(new Cos()),
        "Cosh" => Elementwise.Unary(new Cosh()),
        "Elu" => Elementwise.Unary((node, x) => Ops.Make(new Elu(node.Float("alpha", 1)), x)),
        "Erf" => Elementwise.Unary(new Erf()),
        "Exp" => Elementwise.Unary(new Exp()),
        "Floor" => Elementwise.Unary(new Floor()),
        "Gelu" => Elementwise.Unary((node, x) => Ops.Make(new Gelu(node.Choice("approximate", "none", "tanh") == "tanh"), x)),
        "HardSigmoid" => Elementwise.Unary((node, x) => Ops.Make(new HardSigmoid(node.Float("alpha", 0.2f), node.Float("beta", 0.5f)), x)),
        "HardSwish" => Elementwise.Unary(new HardSwish()),
        "IsInf" => Elementwise.Unary(Elementwise.IsInf),
        "IsNaN" => Elementwise.Unary(x => Ops.Make(new IsNaN(), x)),
        "LeakyRelu" => Elementwise.Unary((node, x) => Ops.Make(new LeakyRelu(node.Float("alpha", 0.01f)), x)),
        "Log" => Elementwise.Unary(new Log()),
        "Mish" => Elementwise.Unary(new Mish()),
        "Neg" => Elementwise.Unary(Elementwise.Opposite),
        "Not" => Elementwise.Unary(x => Ops.Make(new Not(), x)),
        "Reciprocal" => Elementwise.Unary(new Reciprocal()),
        "Relu" => Elementwise.Unary(x => x.DType == DType.Float32 ? Ops.Make(new Relu(), x) : Ops.Make(new Max(), x, Parts.Number(0, x.DType))),
        "Round" => Elementwise.Unary(new Round()),
        "Selu" => Elementwise.Unary(Elementwise.Selu),
        "Shrink" => Elementwise.Unary((node, x) => Ops.Make(new Shrink(node.Float("lambd", 0.5f), node.Float("bias", 0)), x)),
        "Sigmoid" => Elementwise.Unary(new Sigmoid()),
        "Sign" => Elementwise.Unary(new Sign()),
        "Sin" => Elementwise.Unary(new Sin()),
        "Sinh" => Elementwise.Unary(new Sinh()),
        "Softplus" => Elementwise.Unary(new Softplus()),
        "Softsign" => Elementwise.Unary(new Softsign()),
        "Sqrt" => Elementwise.Unary(new Sqrt()),
        "Swish" => Elementwise.Unary((node, x) => x * Ops.Sigmoid(node.Float("alpha", 1) is not 1 and var alpha ? x * alpha : x)),
        "Tan" => Elementwise.Unary(new Tan()),
        "Tanh" => Elementwise.Unary(new Tanh()),
        "ThresholdedRelu" => Elementwise.Unary((node, x) => Ops.Make(new ThresholdedRelu(node.Float("alpha", 1)), x)),

        // Elementwise, several operands.
        "Add" => Elementwise.Binary(new Add()),
        "And" => Elementwise.Binary(new And()),
        "Div" => Elementwise.Binary(new Div()),
        "Equal" => Elementwise.Binary(Elementwise.Equal),
        "Greater" => Elementwise.Binary(new Greater()),
        "GreaterOrEqual" => Elementwise.Binary(new GreaterOrEqual()),
        "Less" => Elementwise.Binary(new Less()),
        "LessOrEqual" => Elementwise.Binary(new LessOrEqual()),
        "Max" => Elementwise.Variadic(new Max()),
        "Mean" => Elementwise.Variadic(new Add(), mean: true),
        "Min" => Elementwise.Variadic(new Min()),
        "Mod" => Elementwise.Mod,
        "Mul" => Elementwise.Binary(new Mul()),
        "Or" => Elementwise.Binary(new Or()),
        "PRelu" => Elementwise.PRelu,
        "Pow" => Elementwise.Binary(Elementwise.Pow),
        "Sub" => Elementwise.Binary(new Sub()),
        "Sum" => Elementwise.Variadic(new Add()),
        "Where" => Elementwise.Where,
        "Xor" => Elementwise.Binary(new Xor()),

        // Products, convolutions, pools.
        "AveragePool" => Pools.Average,
        "Conv" => Convolutions.Conv,
        "ConvTranspose" => Convolutions.ConvTranspose,
        "Einsum" => Matrices.Einsum,
        "Gemm" => Matrices.Gemm,
        "GlobalAveragePool" => Pools.Global((x, axes) => Ops.Make(new ReduceMean([.. axes], true), x)),
        "GlobalMaxPool" => Pools.Global((x, axes) => Ops.Make(new ReduceMax([.. axes], true), x)),
        "LpPool" => Pools.Lp,
        "MatMul" => Matrices.MatMul,
        "MaxPool" => Pools.Max,
        "Resize" or "Upsample" => Resizing.Import,

        // Normalization and softmax.
        "BatchNormalization" => node => node.Flag("training_mode") ? StatefulLayers.TrainedBatchNormalization(node) : Normalizations.Batch(node),
        "GroupNormalization" => Normalizations.Group,
        "Hardmax" => Normalizations.Hardmax,
        "InstanceNormalization" => Normalizations.Instance,
        "LRN" => Normalizations.LocalResponse,
        "LayerNormalization" => Normalizations.Layer,
        OnnxGraph.SkipLayerNormalization => Normalizations.SkipLayer,
        "LogSoftmax" => Normalizations.Softmax(axis => new LogSoftmax(axis)),
        "LpNormalization" => Normalizations.Lp,
        "MeanVarianceNormalization" => Normalizations.MeanVariance,
        "RMSNormalization" => Normalizations.RootMeanSquare,
        "Softmax" => Normalizations.Softmax(axis => new Softmax(axis)),

        // Losses.
        "NegativeLogLikelihoodLoss" => Losses.NegativeLogLikelihood,
        "SoftmaxCrossEntropyLoss" => Losses.SoftmaxCrossEntropy,

        // Recurrent networks.
        "GRU" => Recurrent.Gru,
        "LSTM" => Recurrent.Lstm,
        "RNN" => Recurrent.Rnn,

        // Reductions.
        "ArgMax" => WholeNumbers.Position(largest: true),
        "ArgMin" => WholeNumbers.Position(largest: false),
        "CumProd" => Cumulative.Product,
        "CumSum" => Cumulative.Sum,
        "ReduceL1" => Reductions.Of((axes, keep) => new ReduceL1(axes, keep), neutral: 0),
        "ReduceL2" => Reductions.Of((axes, keep) => new ReduceL2(axes, keep), neutral: 0),
        "ReduceLogSum" => Reductions.LogSum,
        "ReduceLogSumExp" => Reductions.Of((axes, keep) => new ReduceLogSumExp(axes, keep), neutral: float.NegativeInfinity),
        "ReduceMax" => WholeNumbers.Reduced(new Max(), Reductions.Of((axes, keep) => new ReduceMax(axes, keep), neutral: float.NegativeInfinity)),
        "ReduceMean" => Reductions.Of((axes, keep) => new ReduceMean(axes, keep)),
        "ReduceMin" => WholeNumbers.Reduced(new Min(), Reductions.Of((axes, keep) => new ReduceMin(axes, keep), neutral: float.PositiveInfinity)),
        "ReduceProd" => WholeNumbers.Reduced(new Mul(), Reductions.Of((axes, keep) => new ReduceProd(axes, keep), neutral: 1)),
        "ReduceSum" => WholeNumbers.Reduced(
            new Add(), Reductions.Of((axes, keep) => new ReduceSum(axes, keep), axesAsInput: 13, neutral: 0), axesAsInput: 13),
        "ReduceSumSquare" => Reductions.Of((axes, keep) => new ReduceSumSquare(axes, keep), neutral: 0),
        "TopK" => WholeNumbers.TopK,

        // Attention, states and samples.
        "AffineGrid" => Grids.Affine,
        "Attention" => Attention.Import,
        "CausalConvWithState" => StatefulLayers.CausalConv,
        "DeformConv" => Regions.DeformConv,
        "GridSample" => Grids.Sample,
        "LinearAttention" => StatefulLayers.LinearAttention,
        "RoiAlign" => Regions.RoiAlign,
        "RotaryEmbedding" => RotaryEmbedding.Import,
        "TfIdfVectorizer" => Words.TfIdf,

        // Signals and matrices.
        "BlackmanWindow" => Signals.Window(0.42, 0.5, 0.08),
        "DFT" => Fourier.Dft,
        "Det" => node => [Ops.Det(node.In(0))],
        "HammingWindow" => Signals.Window(25.0 / 46, 21.0 / 46),
        "HannWindow" => Signals.Window(0.5, 0.5),
        "MelWeightMatrix" => Signals.Mel,
        "STFT" => Fourier.Stft,

        // Bits and random numbers.
        "Bernoulli" or "Multinomial" or "RandomNormal" or "RandomNormalLike" or "RandomUniform" or "RandomUniformLike" => Refused.Random,
        "BitwiseAnd" => WholeNumbers.Bitwise(new BitwiseAnd()),
        "BitwiseNot" => Elementwise.Unary(WholeNumbers.Not),
        "BitwiseOr" => WholeNumbers.Bitwise(new BitwiseOr()),
        "BitwiseXor" => WholeNumbers.Bitwise(new BitwiseXor()),

        // Quantization.
        "ConvInteger" => Quantized.ConvInteger,
        "DequantizeLinear" => Quantized.Dequantize,
        "DynamicQuantizeLinear" => Quantized.DynamicQuantize,
        "MatMulInteger" => Quantized.MatMulInteger,
        OnnxGraph.MatMulNBits => Quantized.MatMulNBits,
        "QLinearConv" => Quantized.LinearConv,
        "QLinearMatMul" => Quantized.LinearMatMul,
        "QuantizeLinear" => Quantized.Quantize,

        // Shapes and selections.
        "CenterCropPad" => Places.CenterCropPad,
        "Col2Im" => Places.Col2Im,
        "Compress" => Indexing.Compress,
        "Concat" => Shaping.Concat,
        "ConstantOfShape" => Shaping.ConstantOfShape,
        "DepthToSpace" => Shaping.DepthToSpace,
        "Expand" => Shaping.Expand,
        "EyeLike" => Shaping.EyeLike,
        "Flatten" => Shaping.Flatten,
        "Gather" => Indexing.Gather,
        "GatherElements" => Indexing.GatherElements,
        "GatherND" => Indexing.GatherNd,
        "MaxUnpool" => Places.MaxUnpool,
        "NonZero" => Indexing.NonZero,
        "OneHot" => Indexing.OneHot,
        "Pad" => Shaping.Pad,
        "Range" => Shaping.Range,
        "Reshape" => Shaping.Reshape,
        "ReverseSequence" => Indexing.ReverseSequence,
        "Scatter" or "ScatterElements" => Scatters.Elements,
        "ScatterND" => Scatters.Nd,
        "Shape" => Shaping.Shape,
        "Size" => Shaping.Size,
        "Slice" => Slices.Import,
        "SpaceToDepth" => Shaping.SpaceToDepth,
        "Split" => Shaping.Split,
        "Squeeze" => Shaping.Squeeze,
        "TensorScatter" => Places.TensorScatter,
        "Tile" => Shaping.Tile,
        "Transpose" => Shaping.Transpose,
        "Trilu" => Shaping.Trilu,
        "Unique" => Sets.Unique,
        "Unsqueeze" => Shaping.Unsqueeze,

        // What a loop gives in all its steps.
        ControlFlow.Stack => ControlFlow.Stacked,
        _ => null,
    };
}
