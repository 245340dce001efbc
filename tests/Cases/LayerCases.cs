using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.Cases;

/// <summary>One row for a layer: how it is made, what it is called on (shapes without the batch), what comes out, how many weight tensors it has.</summary>
public sealed record LayerCase(string Name, Func<Operation> Create, Shape[] Inputs, Shape Output, int Weights)
{
    /// <summary>The element type of the inputs.</summary>
    internal DType InputType { get; init; } = DType.Float32;

    /// <summary>What the call carries beside its tensors.</summary>
    internal CallOptions Options { get; init; } = CallOptions.None;

    /// <summary>Inputs are whole numbers below this.</summary>
    internal int Classes { get; init; } = 5;

    /// <summary>Positive numbers only, as a variance or a logarithm needs them.</summary>
    internal bool PositiveInputs { get; init; }

    /// <summary>Whether the gradient can be compared with finite differences: no rounding, no comparison near the data.</summary>
    internal bool Differentiable { get; init; } = true;

    /// <summary>A fixed batch size, where the layer needs one.</summary>
    internal int? BatchSize { get; init; }

    /// <summary>The layer as a model of its own.</summary>
    internal Model Build()
    {
        SymbolicTensors inputs = Inputs.Select((shape, i) => Model.Input(shape, InputType, "input_" + i, BatchSize)).ToArray();
        return new Model(inputs, Create().CallAll(inputs, Options), "case");
    }

    public override string ToString() => Name;
}

/// <summary>All layers, a row or a few each; every harness over layers (shapes, gradients, export, files) goes through it.</summary>
public static partial class LayerCases
{
    public static IEnumerable<LayerCase> All =>
        [.. Core, .. Activations, .. Convolutions, .. Poolings, .. Merging, .. Recurrent];

    /// <summary>The form MSTest's DynamicData wants.</summary>
    public static IEnumerable<object[]> Rows => All.Select(row => new object[] { row });

    private static IEnumerable<LayerCase> Core =>
    [
        new("Dense", () => new Dense(4, Activation.Tanh), [[7]], [null, 4], 2),
        new("Dense_rank3", () => new Dense(4) { UseBias = false }, [[3, 5]], [null, 3, 4], 1),
        new("Embedding", () => new Embedding(5, 3), [[4]], [null, 4, 3], 1) { InputType = DType.Int64 },
        new("Flatten", () => new Flatten(), [[2, 3, 4]], [null, 24], 0),
        new("Flatten_channels_first", () => new Flatten { DataFormat = DataFormat.ChannelsFirst }, [[2, 3, 4]], [null, 24], 0),
        new("Reshape", () => new Reshape([2, 6]), [[3, 4]], [null, 2, 6], 0),
        new("Reshape_rest", () => new Reshape([2, -1]), [[3, 4]], [null, 2, 6], 0),
        new("Dropout", () => new Dropout(0.5f), [[7]], [null, 7], 0),
        new("BatchNormalization", () => new BatchNormalization(), [[4, 3]], [null, 4, 3], 4),
    ];

    private static IEnumerable<LayerCase> Activations =>
    [
        new("ActivationLayer", () => new ActivationLayer(Activation.Gelu), [[7]], [null, 7], 0),
        new("ActivationLayer_linear", () => new ActivationLayer(Activation.Linear), [[7]], [null, 7], 0),
        new("Relu", () => new Relu(), [[7]], [null, 7], 0),
        new("Relu_all_options", () => new Relu(0.75f, 0.25f, 0.125f), [[7]], [null, 7], 0),
        new("LeakyRelu", () => new LeakyRelu(), [[7]], [null, 7], 0),
        new("Elu", () => new Elu(0.5f), [[7]], [null, 7], 0),
        new("PRelu", () => new PRelu { AlphaInitializer = Initializer.Constant(0.25f) }, [[3, 4]], [null, 3, 4], 1),
        new("PRelu_shared", () => new PRelu { SharedAxes = [1, 2] }, [[2, 3, 4]], [null, 2, 3, 4], 1),
        new("Softmax", () => new Softmax(), [[3, 5]], [null, 3, 5], 0),
        new("Softmax_axes", () => new Softmax([1, 2]), [[3, 5]], [null, 3, 5], 0),
    ];

    private static IEnumerable<LayerCase> Convolutions =>
    [
        new("Conv1D_causal", () => new Conv1D(4, 3) { Padding = Padding.Causal, DilationRate = 2 }, [[7, 3]], [null, 7, 4], 2),
        new("Conv2D", () => new Conv2D(4, 3, Activation.Relu), [[7, 6, 3]], [null, 5, 4, 4], 2),
        new("Conv2D_same_stride", () => new Conv2D(5, (3, 2)) { Padding = Padding.Same, Strides = (2, 1), UseBias = false }, [[7, 6, 3]], [null, 4, 6, 5], 1),
        new("Conv2D_groups", () => new Conv2D(6, 2) { Groups = 2 }, [[5, 5, 4]], [null, 4, 4, 6], 2),
        new("Conv2D_channels_first", () => new Conv2D(4, 3) { DataFormat = DataFormat.ChannelsFirst }, [[3, 7, 6]], [null, 4, 5, 4], 2),
        new("Conv3D", () => new Conv3D(2, 2), [[3, 4, 3, 2]], [null, 2, 3, 2, 2], 2),
    ];

    private static IEnumerable<LayerCase> Poolings =>
    [
        new("MaxPooling1D", () => new MaxPooling1D(), [[7, 3]], [null, 3, 3], 0),
        new("MaxPooling2D", () => new MaxPooling2D(2), [[7, 6, 3]], [null, 3, 3, 3], 0),
        new("MaxPooling2D_same", () => new MaxPooling2D(3, 2) { Padding = Padding.Same }, [[7, 6, 3]], [null, 4, 3, 3], 0),
        new("MaxPooling3D", () => new MaxPooling3D(), [[4, 4, 5, 2]], [null, 2, 2, 2, 2], 0),
        new("AveragePooling1D", () => new AveragePooling1D(3, 1), [[7, 3]], [null, 5, 3], 0),
        new("AveragePooling2D", () => new AveragePooling2D((2, 3)), [[7, 6, 3]], [null, 3, 2, 3], 0),
        new("AveragePooling2D_same", () => new AveragePooling2D(2) { Padding = Padding.Same }, [[7, 7, 3]], [null, 4, 4, 3], 0),
        new("AveragePooling3D", () => new AveragePooling3D(2), [[4, 4, 5, 2]], [null, 2, 2, 2, 2], 0),
        new("GlobalAveragePooling1D", () => new GlobalAveragePooling1D(), [[7, 3]], [null, 3], 0),
        new("GlobalAveragePooling2D", () => new GlobalAveragePooling2D(keepdims: true), [[5, 4, 3]], [null, 1, 1, 3], 0),
        new("GlobalAveragePooling3D", () => new GlobalAveragePooling3D(), [[3, 4, 2, 3]], [null, 3], 0),
        new("GlobalMaxPooling1D", () => new GlobalMaxPooling1D(), [[7, 3]], [null, 3], 0),
        new("GlobalMaxPooling2D", () => new GlobalMaxPooling2D { DataFormat = DataFormat.ChannelsFirst }, [[5, 4, 3]], [null, 5], 0),
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
        new("Dot", () => new Dot(2, 1), [[3, 4], [4, 5]], [null, 3, 5], 0),
        new("Dot_transposed", () => new Dot(2), [[3, 4], [5, 4]], [null, 3, 5], 0),
        new("Dot_vectors", () => new Dot(-1, normalize: true), [[6], [6]], [null, 1], 0),
        new("Dot_rank4", () => new Dot(3, 1), [[2, 3, 4], [4, 5]], [null, 2, 3, 5], 0),
    ];

    private static IEnumerable<LayerCase> Recurrent =>
    [
        new("Lstm", () => new Lstm(4), [[5, 3]], [null, 4], 3),
        new("Lstm_sequences_backwards", () => new Lstm(4) { ReturnSequences = true, GoBackwards = true }, [[5, 3]], [null, 5, 4], 3),
        new("Lstm_state", () => new Lstm(4) { ReturnState = true, UseBias = false }, [[5, 3], [4], [4]], [null, 4], 2),
        new("Lstm_written_out", () => new Lstm(3, Activation.Mish) { Dropout = 0.5f }, [[3, 2]], [null, 3], 3),
        new("Gru", () => new Gru(4), [[5, 3]], [null, 4], 3),
        new("Gru_reset_before", () => new Gru(4) { ResetAfter = false, ReturnSequences = true }, [[5, 3]], [null, 5, 4], 3),
        new("Gru_recurrent_dropout", () => new Gru(3) { RecurrentDropout = 0.5f }, [[3, 2]], [null, 3], 3),
        new("SimpleRnn", () => new SimpleRnn(4), [[5, 3]], [null, 4], 3),
        new("SimpleRnn_stateful", () => new SimpleRnn(4) { Stateful = true }, [[5, 3]], [2, 4], 4) { BatchSize = 2 },
    ];
}
