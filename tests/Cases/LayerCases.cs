using OnnxFunctional.Initializers;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.Cases;

/// <summary>One case of a layer: how it is created, its input shapes (without the batch), its output shape, its number of weight tensors.</summary>
public sealed record LayerCase(string Name, Func<LayerBase> Create, Shape[] Inputs, Shape Output, int Weights)
{
    /// <summary>The element type of the inputs.</summary>
    internal DType InputType { get; init; } = DType.Float32;

    /// <summary>Options of the call.</summary>
    internal CallOptions Options { get; init; } = CallOptions.None;

    /// <summary>Inputs are whole numbers below this.</summary>
    internal int Classes { get; init; } = 5;

    /// <summary>Positive values only, as a variance or a logarithm requires.</summary>
    internal bool PositiveInputs { get; init; }

    /// <summary>
    /// Whether the gradient can be compared with finite differences: no rounding, no comparison near the data, no gradient that Keras stops on purpose.
    /// </summary>
    internal bool Differentiable { get; init; } = true;

    /// <summary>The fixed batch size, if the layer needs one.</summary>
    internal int? BatchSize { get; init; }

    /// <summary>The layer as a model of its own.</summary>
    internal Model Build()
    {
        SymbolicTensors inputs = Inputs.Select((shape, i) => Model.Input(shape, InputType, "input_" + i, BatchSize)).ToArray();
        return new Model(inputs, Create().CallAll(inputs, Options), "case");
    }

    public override string ToString() => Name;
}

/// <summary>All layers, one or more rows each; every test over layers (shapes, gradients, export, files) uses this table.</summary>
public static partial class LayerCases
{
    public static IEnumerable<LayerCase> All =>

        [
            .. Core, .. Activations, .. Convolutions, .. Poolings, .. Merging, .. Recurrent, .. Reshaping, .. Normalizing, .. Attending, .. Noise,
            .. Wrapping, .. Cells, .. Preprocessing, .. Augmenting,
        ];

    /// <summary>Layers without a row, since inputs of rows are numbers: TextModelTests, TextExportTests and TextLayerFileTests are those of text.</summary>
    internal static IReadOnlyList<Type> OfText { get; } = [typeof(Hashing), typeof(HashedCrossing), typeof(StringLookup), typeof(TextVectorization)];

    /// <summary>The rows as MSTest's DynamicData expects them.</summary>
    public static IEnumerable<object[]> Rows => All.Select(row => new object[] { row });

    private static IEnumerable<LayerCase> Core =>
    [
        new("Dense", () => new Dense(4, Activation.Tanh), [[7]], [null, 4], 2),
        new("Dense_rank3", () => new Dense(4, useBias: false), [[3, 5]], [null, 3, 4], 1),
        new("Embedding", () => new Embedding(5, 3), [[4]], [null, 4, 3], 1) { InputType = DType.Int64 },
        new("ReversibleEmbedding", () => new ReversibleEmbedding(5, 3, tieWeights: false), [[4]], [null, 4, 3], 2) { InputType = DType.Int64 },
        new("ReversibleEmbedding_back", () => new ReversibleEmbedding(5, 3, logitSoftCap: 2), [[4, 3]], [null, 4, 5], 1)
        {
            Options = new() { Reverse = true },
        },
        new("TernaryDense", () => new TernaryDense(4), [[3, 5]], [null, 3, 4], 2) { Differentiable = false },
        new("TernaryDense_threshold", () => new TernaryDense(4, 0.25, Activation.Tanh, useBias: false), [[7]], [null, 4], 1) { Differentiable = false },
        new("LayerScale", () => new LayerScale(0.5, 3), [[4, 3]], [null, 4, 3], 1),
        new("CustomScaleLayer", () => new CustomScaleLayer(0.25), [[4, 3], [4, 3]], [null, 4, 3], 0),
        new("Flatten", () => new Flatten(), [[2, 3, 4]], [null, 24], 0),
        new("Flatten_channels_first", () => new Flatten(dataFormat: DataFormat.ChannelsFirst), [[2, 3, 4]], [null, 24], 0),
        new("Reshape", () => new Reshape([2, 6]), [[3, 4]], [null, 2, 6], 0),
        new("Reshape_rest", () => new Reshape([2, -1]), [[3, 4]], [null, 2, 6], 0),
        new("Dropout", () => new Dropout(0.5), [[7]], [null, 7], 0),
        new("BatchNormalization", () => new BatchNormalization(), [[4, 3]], [null, 4, 3], 4),
    ];

    private static IEnumerable<LayerCase> Activations =>
    [
        new("ActivationLayer", () => new ActivationLayer(Activation.Gelu), [[7]], [null, 7], 0),
        new("ActivationLayer_linear", () => new ActivationLayer(Activation.Linear), [[7]], [null, 7], 0),
        new("Relu", () => new Relu(), [[7]], [null, 7], 0),
        new("Relu_all_options", () => new Relu(0.75, 0.25, 0.125), [[7]], [null, 7], 0),
        new("LeakyRelu", () => new LeakyRelu(), [[7]], [null, 7], 0),
        new("Elu", () => new Elu(0.5), [[7]], [null, 7], 0),
        new("PRelu", () => new PRelu(alphaInitializer: Initializer.Constant(0.25)), [[3, 4]], [null, 3, 4], 1),
        new("PRelu_shared", () => new PRelu(sharedAxes: [1, 2]), [[2, 3, 4]], [null, 2, 3, 4], 1),
        new("Softmax", () => new Softmax(), [[3, 5]], [null, 3, 5], 0),
        new("Softmax_axes", () => new Softmax([1, 2]), [[3, 5]], [null, 3, 5], 0),
    ];

    private static IEnumerable<LayerCase> Convolutions =>
    [
        new("Conv1D_causal", () => new Conv1D(4, 3, padding: Padding.Causal, dilationRate: 2), [[7, 3]], [null, 7, 4], 2),
        new("Conv2D", () => new Conv2D(4, 3, activation: Activation.Mish), [[7, 6, 3]], [null, 5, 4, 4], 2),
        new("Conv2D_same_stride", () => new Conv2D(5, (3, 2), strides: (2, 1), padding: Padding.Same, useBias: false), [[7, 6, 3]], [null, 4, 6, 5], 1),
        new("Conv2D_groups", () => new Conv2D(6, 2, groups: 2), [[5, 5, 4]], [null, 4, 4, 6], 2),
        new("Conv2D_channels_first", () => new Conv2D(4, 3, dataFormat: DataFormat.ChannelsFirst), [[3, 7, 6]], [null, 4, 5, 4], 2),
        new("Conv1DTranspose", () => new Conv1DTranspose(3, 3, strides: 2), [[5, 2]], [null, 11, 3], 2),
        new("Conv2DTranspose", () => new Conv2DTranspose(3, 2, strides: 2, padding: Padding.Same), [[3, 4, 2]], [null, 6, 8, 3], 2),
        new(
            "Conv2DTranspose_output_padding",
            () => new Conv2DTranspose(3, 3, strides: 2, padding: Padding.Same, outputPadding: 1),
            [[3, 4, 2]],
            [null, 6, 8, 3],
            2),
        new("Conv2DTranspose_stride_above_kernel", () => new Conv2DTranspose(2, 1, strides: 3), [[3, 2, 2]], [null, 9, 6, 2], 2),
        new("Conv3DTranspose", () => new Conv3DTranspose(2, 2), [[2, 3, 2, 2]], [null, 3, 4, 3, 2], 2),
        new("DepthwiseConv1D", () => new DepthwiseConv1D(3, depthMultiplier: 2), [[7, 3]], [null, 5, 6], 2),
        new("DepthwiseConv2D", () => new DepthwiseConv2D(3, strides: 2, padding: Padding.Same), [[7, 6, 3]], [null, 4, 3, 3], 2),
        new("SeparableConv1D", () => new SeparableConv1D(4, 3, padding: Padding.Causal), [[7, 3]], [null, 7, 4], 3),
        new("SeparableConv2D", () => new SeparableConv2D(4, 3, depthMultiplier: 2, activation: Activation.Tanh), [[6, 5, 3]], [null, 4, 3, 4], 3),
        new("Conv3D", () => new Conv3D(2, 2), [[3, 4, 3, 2]], [null, 2, 3, 2, 2], 2),
    ];

    private static IEnumerable<LayerCase> Poolings =>
    [
        new("MaxPooling1D", () => new MaxPooling1D(), [[7, 3]], [null, 3, 3], 0),
        new("MaxPooling2D", () => new MaxPooling2D(2), [[7, 6, 3]], [null, 3, 3, 3], 0),
        new("MaxPooling2D_same", () => new MaxPooling2D(3, 2, padding: Padding.Same), [[7, 6, 3]], [null, 4, 3, 3], 0),
        new("MaxPooling3D", () => new MaxPooling3D(), [[4, 4, 5, 2]], [null, 2, 2, 2, 2], 0),
        new("AveragePooling1D", () => new AveragePooling1D(3, 1), [[7, 3]], [null, 5, 3], 0),
        new("AveragePooling2D", () => new AveragePooling2D((2, 3)), [[7, 6, 3]], [null, 3, 2, 3], 0),
        new("AveragePooling2D_same", () => new AveragePooling2D(2, padding: Padding.Same), [[7, 7, 3]], [null, 4, 4, 3], 0),
        new("AveragePooling3D", () => new AveragePooling3D(2), [[4, 4, 5, 2]], [null, 2, 2, 2, 2], 0),
        new("AdaptiveAveragePooling1D", () => new AdaptiveAveragePooling1D(3), [[7, 2]], [null, 3, 2], 0),
        new("AdaptiveAveragePooling2D", () => new AdaptiveAveragePooling2D((2, 3)), [[6, 6, 2]], [null, 2, 3, 2], 0),
        new("AdaptiveAveragePooling3D", () => new AdaptiveAveragePooling3D(2), [[3, 4, 2, 2]], [null, 2, 2, 2, 2], 0),
        new("AdaptiveMaxPooling1D", () => new AdaptiveMaxPooling1D(4), [[6, 2]], [null, 4, 2], 0),
        new("AdaptiveMaxPooling2D", () => new AdaptiveMaxPooling2D(2), [[5, 4, 2]], [null, 2, 2, 2], 0),
        new("AdaptiveMaxPooling3D", () => new AdaptiveMaxPooling3D((1, 2, 2)), [[2, 4, 2, 2]], [null, 1, 2, 2, 2], 0),
        new("GlobalAveragePooling1D", () => new GlobalAveragePooling1D(), [[7, 3]], [null, 3], 0),
        new("GlobalAveragePooling2D", () => new GlobalAveragePooling2D(keepdims: true), [[5, 4, 3]], [null, 1, 1, 3], 0),
        new("GlobalAveragePooling3D", () => new GlobalAveragePooling3D(), [[3, 4, 2, 3]], [null, 3], 0),
        new("GlobalMaxPooling1D", () => new GlobalMaxPooling1D(), [[7, 3]], [null, 3], 0),
        new("GlobalMaxPooling2D", () => new GlobalMaxPooling2D(dataFormat: DataFormat.ChannelsFirst), [[5, 4, 3]], [null, 5], 0),
        new("GlobalMaxPooling3D", () => new GlobalMaxPooling3D(), [[3, 4, 2, 3]], [null, 3], 0),
    ];

    private static IEnumerable<LayerCase> Merging =>
    [
        new("Add", () => new Add(), [[3, 4], [3, 4], [3, 4]], [null, 3, 4], 0),
        new("Add_broadcast", () => new Add(), [[3, 4], [4]], [null, 3, 4], 0),
        new("Subtract", () => new Subtract(), [[4], [4]], [null, 4], 0),
        new("Multiply", () => new Multiply(), [[4], [4], [4]], [null, 4], 0),
        new("Average", () => new Average(), [[4], [4], [4]], [null, 4], 0),
        new("Maximum", () => new Maximum(), [[4], [4]], [null, 4], 0),
        new("Minimum", () => new Minimum(), [[4], [4]], [null, 4], 0),
        new("Concatenate", () => new Concatenate(), [[3, 4], [3, 2]], [null, 3, 6], 0),
        new("Concatenate_axis1", () => new Concatenate(1), [[3, 4], [2, 4]], [null, 5, 4], 0),
        new("Dot", () => new Dot((2, 1)), [[3, 4], [4, 5]], [null, 3, 5], 0),
        new("Dot_transposed", () => new Dot(2), [[3, 4], [5, 4]], [null, 3, 5], 0),
        new("Dot_vectors", () => new Dot(-1, normalize: true), [[6], [6]], [null, 1], 0),
        new("Dot_rank4", () => new Dot((3, 1)), [[2, 3, 4], [4, 5]], [null, 2, 3, 5], 0),
    ];

    private static IEnumerable<LayerCase> Recurrent =>
    [
        new("Lstm", () => new Lstm(4), [[5, 3]], [null, 4], 3),
        new("Lstm_sequences_backwards", () => new Lstm(4, returnSequences: true, goBackwards: true), [[5, 3]], [null, 5, 4], 3),
        new("Lstm_state", () => new Lstm(4, useBias: false, returnState: true), [[5, 3], [4], [4]], [null, 4], 2),
        new("Lstm_written_out", () => new Lstm(3, Activation.Mish, dropout: 0.5), [[3, 2]], [null, 3], 3),
        new("Gru", () => new Gru(4), [[5, 3]], [null, 4], 3),
        new("Gru_reset_before", () => new Gru(4, returnSequences: true, resetAfter: false), [[5, 3]], [null, 5, 4], 3),
        new("Gru_recurrent_dropout", () => new Gru(3, recurrentDropout: 0.5), [[3, 2]], [null, 3], 3),
        new("SimpleRnn", () => new SimpleRnn(4), [[5, 3]], [null, 4], 3),
        new("SimpleRnn_stateful", () => new SimpleRnn(4, stateful: true), [[5, 3]], [2, 4], 4) { BatchSize = 2 },
    ];

    private static IEnumerable<LayerCase> Reshaping =>
    [
        new("Permute", () => new Permute((2, 1)), [[3, 4]], [null, 4, 3], 0),
        new("RepeatVector", () => new RepeatVector(3), [[4]], [null, 3, 4], 0),
        new("ZeroPadding1D", () => new ZeroPadding1D((1, 2)), [[4, 2]], [null, 7, 2], 0),
        new("ZeroPadding2D", () => new ZeroPadding2D(((0, 1), (2, 1))), [[3, 4, 2]], [null, 4, 7, 2], 0),
        new("ZeroPadding2D_channels_first", () => new ZeroPadding2D((1, 2), dataFormat: DataFormat.ChannelsFirst), [[2, 3, 4]], [null, 2, 5, 8], 0),
        new("ZeroPadding3D", () => new ZeroPadding3D(), [[2, 3, 2, 2]], [null, 4, 5, 4, 2], 0),
        new("Cropping1D", () => new Cropping1D(), [[5, 2]], [null, 3, 2], 0),
        new("Cropping2D", () => new Cropping2D(((1, 0), (0, 2))), [[4, 5, 2]], [null, 3, 3, 2], 0),
        new("Cropping3D", () => new Cropping3D((1, 0, 1)), [[3, 3, 4, 2]], [null, 1, 3, 2, 2], 0),
        new("UpSampling1D", () => new UpSampling1D(3), [[3, 2]], [null, 9, 2], 0),
        new("UpSampling2D", () => new UpSampling2D((2, 3)), [[3, 2, 2]], [null, 6, 6, 2], 0),
        new("UpSampling2D_bilinear", () => new UpSampling2D(interpolation: Interpolation.Bilinear), [[3, 4, 2]], [null, 6, 8, 2], 0),
        new("UpSampling3D", () => new UpSampling3D(), [[2, 3, 2, 2]], [null, 4, 6, 4, 2], 0),
    ];

    private static IEnumerable<LayerCase> Normalizing =>
    [
        new("BatchNormalization_axis1", () => new BatchNormalization(1, scale: false), [[4, 3]], [null, 4, 3], 3),
        new(
            "BatchNormalization_renorm",
            () => new BatchNormalization(renorm: true, renormClipping: new Dictionary<string, double> { ["rmax"] = 3, ["dmax"] = 1 }),
            [[3]],
            [null, 3],
            7) { Differentiable = false },
        new("LayerNormalization", () => new LayerNormalization(), [[4, 5]], [null, 4, 5], 2),
        new("LayerNormalization_axes", () => new LayerNormalization([1, 2]), [[4, 5]], [null, 4, 5], 2),
        new("LayerNormalization_front_axis", () => new LayerNormalization(1), [[4, 5]], [null, 4, 5], 2),
        new("LayerNormalization_rms", () => new LayerNormalization(rmsScaling: true), [[4, 5]], [null, 4, 5], 1),
        new("GroupNormalization", () => new GroupNormalization(2), [[3, 2, 6]], [null, 3, 2, 6], 2),
        new("GroupNormalization_axis1", () => new GroupNormalization(-1, 1), [[4, 3]], [null, 4, 3], 2),
        new("RmsNormalization", () => new RmsNormalization(), [[4, 6]], [null, 4, 6], 1),
        new("UnitNormalization", () => new UnitNormalization(), [[6]], [null, 6], 0),
        new("SpectralNormalization", () => new SpectralNormalization(new Dense(4)), [[5]], [null, 4], 3) { Differentiable = false },
        new("Normalization", () => new Normalization(), [[3, 4]], [null, 3, 4], 3),
        new("Normalization_given", () => new Normalization(mean: new DoubleValues?([1f, 2, 3]), variance: new DoubleValues?([1f, 4, 9])), [[3]], [null, 3], 0),
        new("Rescaling", () => new Rescaling(2, 1), [[4]], [null, 4], 0),
    ];

    private static IEnumerable<LayerCase> Attending =>
    [
        new("EinsumDense", () => new EinsumDense("abc,cd->abd", [null, 4], Activation.Tanh, "d"), [[3, 5]], [null, 3, 4], 2),
        new("EinsumDense_ellipsis", () => new EinsumDense("...x,xy->...y", [4]), [[3, 2, 5]], [null, 3, 2, 4], 1),
        new("EinsumDense_batch_letters", () => new EinsumDense("abc,bcd->abd", [3, 4], biasAxes: "bd"), [[3, 5]], [null, 3, 4], 2),
        new("Attention", () => new Attention(useScale: true), [[3, 4], [5, 4]], [null, 3, 4], 1),
        new("Attention_concat", () => new Attention(useScale: true, ScoreMode.Concat), [[3, 4], [5, 6], [5, 4]], [null, 3, 6], 2),
        new("Attention_causal", () => new Attention(), [[4, 3]], [null, 4, 3], 0) { Options = new CallOptions { UseCausalMask = true } },
        new("AdditiveAttention", () => new AdditiveAttention(), [[3, 4], [5, 4]], [null, 3, 4], 1),
        new("MultiHeadAttention", () => new MultiHeadAttention(2, 3), [[4, 6]], [null, 4, 6], 8),
        new("MultiHeadAttention_cross", () => new MultiHeadAttention(2, 3, 4, outputShape: 5, useGate: true), [[4, 6], [5, 7]], [null, 4, 5], 10),
        new("MultiHeadAttention_causal", () => new MultiHeadAttention(2, 3, useBias: false, slidingWindow: 2), [[4, 6]], [null, 4, 6], 4)
        {
            Options = new CallOptions { UseCausalMask = true },
        },
        new("MultiHeadAttention_axes", () => new MultiHeadAttention(2, 3, attentionAxes: 2), [[2, 4, 5]], [null, 2, 4, 5], 8),
        new("MultiHeadAttention_image", () => new MultiHeadAttention(2, 2), [[2, 3, 4]], [null, 2, 3, 4], 8),
        new("GroupQueryAttention", () => new GroupQueryAttention(4, 4, 2), [[4, 6]], [null, 4, 6], 8),
    ];

    private static IEnumerable<LayerCase> Noise =>
    [
        new("SpatialDropout1D", () => new SpatialDropout1D(0.5), [[4, 3]], [null, 4, 3], 0),
        new("SpatialDropout2D", () => new SpatialDropout2D(0.5), [[4, 2, 3]], [null, 4, 2, 3], 0),
        new("SpatialDropout3D", () => new SpatialDropout3D(0.5), [[2, 2, 2, 3]], [null, 2, 2, 2, 3], 0),
        new("GaussianNoise", () => new GaussianNoise(0.5), [[7]], [null, 7], 0),
        new("GaussianDropout", () => new GaussianDropout(0.5), [[7]], [null, 7], 0),
        new("AlphaDropout", () => new AlphaDropout(0.5), [[7]], [null, 7], 0),
        new("AlphaDropout_noise_shape", () => new AlphaDropout(0.5, noiseShape: [null, 1, 3]), [[4, 3]], [null, 4, 3], 0),
        new("ActivityRegularization", () => new ActivityRegularization(0.5, 0.25), [[7]], [null, 7], 0),
    ];

    private static IEnumerable<LayerCase> Wrapping =>
    [
        new("Masking", () => new Masking(), [[4, 3]], [null, 4, 3], 0),
        new("Identity", () => new Identity(), [[4]], [null, 4], 0),
        new("Lambda", () => new Lambda(x => Ops.Square(x) + 1), [[4]], [null, 4], 0),
        new("Bidirectional", () => new Bidirectional(new Lstm(3, returnSequences: true)), [[4, 2]], [null, 4, 6], 6),
        new("Bidirectional_sum", () => new Bidirectional(new Gru(3), BidirectionalMerge.Sum), [[4, 2]], [null, 3], 6),
        new("Bidirectional_ave", () => new Bidirectional(new SimpleRnn(3), BidirectionalMerge.Ave), [[4, 2]], [null, 3], 6),
        new("Bidirectional_mul", () => new Bidirectional(new SimpleRnn(3), BidirectionalMerge.Mul, new Gru(3, goBackwards: true)), [[4, 2]], [null, 3], 6),
        new("Bidirectional_both", () => new Bidirectional(new SimpleRnn(3), null), [[4, 2]], [null, 3], 6),
        new("TimeDistributed", () => new TimeDistributed(new Conv2D(3, 2)), [[3, 5, 4, 2]], [null, 3, 4, 3, 3], 2),
        new("TimeDistributed_dense", () => new TimeDistributed(new Dense(4)), [[null, 3]], [null, null, 4], 2),
        new("TimeDistributed_unknown_time", () => new TimeDistributed(new Conv1D(4, 2)), [[null, 3, 2]], [null, null, 2, 4], 2),
    ];

    private static IEnumerable<LayerCase> Cells =>
    [
        new("Rnn_lstm_cell", () => new Rnn(new LstmCell(3)), [[4, 2]], [null, 3], 3),
        new("Rnn_gru_cell", () => new Rnn(new GruCell(3, resetAfter: false), returnSequences: true, goBackwards: true), [[4, 2]], [null, 4, 3], 3),
        new(
            "Rnn_stacked",
            () => new Rnn([new SimpleRnnCell(3), new LstmCell(2, dropout: 0.5), new GruCell(4, recurrentDropout: 0.5)], returnState: true),
            [[3, 2]],
            [null, 4],
            9),
        new("Rnn_bidirectional", () => new Bidirectional(new Rnn(new SimpleRnnCell(3))), [[3, 2]], [null, 6], 6),
        new("ConvLstm1D", () => new ConvLstm1D(2, 3), [[3, 5, 2]], [null, 3, 2], 3),
        new("ConvLstm2D", () => new ConvLstm2D(2, 2, padding: Padding.Same, returnSequences: true), [[2, 4, 3, 2]], [null, 2, 4, 3, 2], 3),
        new(
            "ConvLstm2D_channels_first",
            () => new ConvLstm2D(3, 2, dataFormat: DataFormat.ChannelsFirst, useBias: false),
            [[2, 2, 4, 3]],
            [null, 3, 3, 2],
            2),
        new("ConvLstm3D", () => new ConvLstm3D(2, 2), [[2, 3, 2, 3, 2]], [null, 2, 1, 2, 2], 3),
    ];

    private static IEnumerable<LayerCase> Preprocessing =>
    [
        new("CategoryEncoding_multi_hot", () => new CategoryEncoding(5), [[3]], [null, 5], 0) { InputType = DType.Int64, Differentiable = false },
        new("CategoryEncoding_one_hot", () => new CategoryEncoding(5, EncodingMode.OneHot), [[3]], [null, 3, 5], 0)
        {
            InputType = DType.Int64,
            Differentiable = false,
        },
        new("CategoryEncoding_count", () => new CategoryEncoding(5, EncodingMode.Count), [[3]], [null, 5], 0)
        {
            InputType = DType.Int64,
            Differentiable = false,
        },
        new("Discretization", () => new Discretization([-0.5, 0, 0.5]), [[4]], [null, 4], 0) { Differentiable = false },
        new("Discretization_one_hot", () => new Discretization([0], outputMode: EncodingMode.OneHot), [[4]], [null, 4, 2], 0) { Differentiable = false },
        new(
            "IntegerLookup",
            () => new IntegerLookup(vocabulary: [3, 1, 7]),
            [[4]],
            [null, 4],
            0) { InputType = DType.Int64, Classes = 9, Differentiable = false },
        new("IntegerLookup_large", () => new IntegerLookup(numOovIndices: 2, maskToken: 0, vocabulary: [3_000_000, -4, 2]), [[4]], [null, 4], 0)
        {
            InputType = DType.Int64,
            Differentiable = false,
        },
        new("IntegerLookup_count", () => new IntegerLookup(vocabulary: [3, 1], outputMode: EncodingMode.Count), [[4]], [null, 3], 0)
        {
            InputType = DType.Int64,
            Differentiable = false,
        },
        new("IntegerLookup_invert", () => new IntegerLookup(vocabulary: [30, 10], invert: true), [[4]], [null, 4], 0)
        {
            InputType = DType.Int64,
            Differentiable = false,
        },
        new("Resizing", () => new Resizing(5, 3), [[4, 6, 2]], [null, 5, 3, 2], 0),
        new("Resizing_nearest_crop", () => new Resizing(4, 4, Interpolation.Nearest, cropToAspectRatio: true), [[4, 6, 2]], [null, 4, 4, 2], 0),
        new("Resizing_pad", () => new Resizing(3, 3, padToAspectRatio: true, fillValue: 1), [[4, 6, 2]], [null, 3, 3, 2], 0),
        new("Resizing_antialias", () => new Resizing(3, 7, antialias: true), [[5, 6, 2]], [null, 3, 7, 2], 0),
        new("Resizing_antialias_cubic", () => new Resizing(2, 4, Interpolation.Bicubic, antialias: true), [[5, 6, 2]], [null, 2, 4, 2], 0),
        new("Resizing_lanczos", () => new Resizing(7, 4, Interpolation.Lanczos3, antialias: true), [[5, 6, 2]], [null, 7, 4, 2], 0),
        new("Resizing_area_crop", () => new Resizing(3, 3, Interpolation.Area, cropToAspectRatio: true), [[4, 6, 2]], [null, 3, 3, 2], 0),
        new("UpSampling2D_lanczos", () => new UpSampling2D(2, interpolation: Interpolation.Lanczos5), [[3, 4, 2]], [null, 6, 8, 2], 0),
        new("MelSpectrogram", () => new MelSpectrogram(16, 4, 12, numMelBins: 5), [[40]], [null, 5, 11], 0),
        new("MelSpectrogram_magnitude", () => new MelSpectrogram(16, 4, window: null, numMelBins: 5, powerToDb: false, magExp: 1), [[40]], [null, 5, 11], 0),
        new("StftSpectrogram", () => new StftSpectrogram(frameLength: 8), [[20, 2]], [null, 4, 10], 2),
        new(
            "StftSpectrogram_psd",
            () => new StftSpectrogram(SpectrogramMode.Psd, 8, 3, 16, "hamming", scaling: WindowScaling.Spectrum),
            [[20, 1]],
            [null, 5, 9],
            2),
        new("StftSpectrogram_angle", () => new StftSpectrogram(SpectrogramMode.Angle, 8, expandDims: true), [[20, 2]], [null, 4, 5, 2], 2)
        {
            Differentiable = false,
        },
        new(
            "StftSpectrogram_stft",
            () => new StftSpectrogram(
                SpectrogramMode.Stft, 8, window: null, padding: Padding.Same, expandDims: true, dataFormat: DataFormat.ChannelsFirst),
            [[2, 20]],
            [null, 2, 5, 10],
            2),
        new("StftSpectrogram_real", () => new StftSpectrogram(SpectrogramMode.Real, 8, dataFormat: DataFormat.ChannelsFirst), [[2, 20]], [null, 10, 4], 1),
        new("CenterCrop", () => new CenterCrop(2, 3), [[5, 6, 2]], [null, 2, 3, 2], 0),
        new("CenterCrop_enlarged", () => new CenterCrop(4, 8), [[4, 6, 2]], [null, 4, 8, 2], 0),
        new("RandomFlip", () => new RandomFlip(), [[3, 4, 2]], [null, 3, 4, 2], 0),
        new("RandomCrop", () => new RandomCrop(2, 3), [[4, 5, 2]], [null, 2, 3, 2], 0),
        new("RandomContrast", () => new RandomContrast([0.5, 0.5], valueRange: [-9, 9]), [[3, 4, 2]], [null, 3, 4, 2], 0),
        new("RandomBrightness", () => new RandomBrightness(0.25, valueRange: [-9, 9]), [[3, 4, 2]], [null, 3, 4, 2], 0),
        new("RandomRotation", () => new RandomRotation(0.125), [[3, 4, 2]], [null, 3, 4, 2], 0),
        new("RandomTranslation", () => new RandomTranslation(0.5, [0, 0.5], fillMode: FillMode.Wrap), [[3, 4, 2]], [null, 3, 4, 2], 0),
        new(
            "RandomZoom",
            () => new RandomZoom(
                0.5,
                fillMode: FillMode.Constant,
                interpolation: Interpolation.Nearest,
                fillValue: 2,
                dataFormat: DataFormat.ChannelsFirst),
            [[2, 3, 4]],
            [null, 2, 3, 4],
            0),
    ];
}
