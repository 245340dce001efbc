using System.Numerics.Tensors;
using OnnxFunctional.Layers;
using OnnxFunctional.Regularizers;

namespace OnnxFunctional.Tests.Cases;

/// <summary>A mistake and what its message must contain: where, what was expected, what was received, what to do.</summary>
public sealed record WrongUse(string Name, Action Mistake, params string[] Says)
{
    public override string ToString() => Name;
}

/// <summary>Mistakes users of Keras make, each with a message better than Keras' (reference/keras.md, section 3).</summary>
public static class WrongUses
{
    public static IEnumerable<object[]> Rows => All.Select(row => new object[] { row });

    private static SymbolicTensor X(params ReadOnlySpan<int?> shape) => Model.Input(Shape.Create(shape));

    private static SymbolicTensor Ids(params ReadOnlySpan<int?> shape) => Model.Input(Shape.Create(shape), DType.Int64);

    private static WrongUse Call(string name, Func<Layer> layer, SymbolicTensor x, params string[] says) => new(name, () => layer().Call(x), says);

    private static WrongUse Make(string name, Func<object> option, params string[] says) => new(name, () => option(), says);

    public static IEnumerable<WrongUse> All =>
    [
        // Ranks.
        Call("Dense on single numbers", () => new Dense(4), X(), "'dense' (Dense)", "(batch, ..., features)", "(None,)", "Model.Input([8])"),
        Call(
            "Conv2D without a channel axis",
            () => new Conv2D(4, 3),
            X(8, 8),
            "'conv2d'",
            "(batch, height, width, channels)",
            "(None, 8, 8)",
            "Reshape adds a missing channel axis"),
        Call("Conv1D on images", () => new Conv1D(4, 3), X(8, 8, 3), "'conv1d'", "(batch, steps, channels)", "(None, 8, 8, 3)"),
        Call("Conv3D on images", () => new Conv3D(4, 3), X(8, 8, 3), "'conv3d'", "(batch, depth, height, width, channels)", "(None, 8, 8, 3)"),
        Call(
            "Channels-first convolution",
            () => new Conv2D(4, 3, dataFormat: DataFormat.ChannelsFirst),
            X(3, 8),
            "(batch, channels, height, width)",
            "(None, 3, 8)"),
        Call("Pooling on sequences", () => new MaxPooling2D(2), X(8, 3), "'max_pooling2d'", "(batch, height, width, channels)", "(None, 8, 3)"),
        Call("Global pooling on vectors", () => new GlobalAveragePooling1D(), X(8), "'global_average_pooling1d'", "3 dimensions", "(None, 8)"),
        Call("Lstm on vectors", () => new Lstm(4, name: "second"), X(8), "'second' (LSTM)", "(batch, time, features)", "(None, 8)", "returnSequences: true"),
        Call("Gru after the last step of another", () => new Gru(4), new Gru(3).Call(X(5, 2)), "'gru' (GRU)", "(None, 3)", "returnSequences: true"),
        Call("ConvLstm2D on images", () => new ConvLstm2D(2, 3), X(8, 8, 3), "'conv_lstm2d'", "5 dimensions", "(None, 8, 8, 3)"),
        Call("Time-distributed vectors", () => new TimeDistributed(new Dense(3)), X(4), "(batch, time, ...)", "(None, 4)"),
        Call("RepeatVector on sequences", () => new RepeatVector(3), X(4, 2), "(batch, features)", "(None, 4, 2)", "Flatten"),
        Call("Permute of another rank", () => new Permute((2, 1)), X(3, 4, 5), "dims (2, 1)", "(None, 3, 4, 5)"),
        Call("Attention on vectors", () => new MultiHeadAttention(2, 3), X(6), "(batch, positions, features)", "(None, 6)"),
        Call("Upsampling of vectors", () => new UpSampling2D(2), X(6), "4 dimensions", "(None, 6)"),
        Call("Images without channels", () => new Resizing(4, 4), X(6, 6), "(batch, height, width, channels)", "(None, 6, 6)"),

        // Sizes that do not fit.
        Call(
            "Softmax over a mask whose samples would meet its steps",
            () => new Softmax(),
            X(4, 4).Apply(new Masking()),
            "'softmax' (Softmax)",
            "the mask (None, 4)",
            "the logits (None, 4, 4)"),
        Call("Kernel larger than the image", () => new Conv2D(3, 5), X(4, 4, 1), "'conv2d'", "a window of 5", "4 positions", "(None, 4, 4, 1)", "Padding.Same"),
        Call("Dilated kernel larger than the sequence", () => new Conv1D(3, 3, dilationRate: 4), X(8, 2), "dilation 4", "8 positions", "smaller kernel"),
        Call("Pool larger than the image", () => new MaxPooling2D(3), X(2, 2, 1), "'max_pooling2d'", "a window of 3", "2 positions", "fewer poolings"),
        Call("Channels that groups do not divide", () => new Conv2D(4, 3, groups: 3), X(8, 8, 4), "4 channels", "groups: 3", "divisor of 4"),
        Call("Filters that groups do not divide", () => new Conv2D(5, 3, groups: 2), X(8, 8, 4), "5 filters", "groups: 2", "multiple of 2"),
        Call(
            "Stride and dilation together",
            () => new Conv2D(4, 3, strides: 2, dilationRate: 2),
            X(9, 9, 1),
            "strides (2, 2)",
            "dilationRate (2, 2)",
            "set one of them to 1"),
        Call(
            "Output padding not below the stride",
            () => new Conv2DTranspose(4, 3, strides: 2, outputPadding: 2),
            X(4, 4, 1),
            "outputPadding (2, 2)",
            "strides (2, 2)"),
        Call("Cropping everything", () => new Cropping1D((3, 2)), X(5, 1), "cutting 3 and 2", "5 along axis 1", "less than 5 together"),
        Call("Reshape to another number of elements", () => new Reshape([3, 3]), X(8), "'reshape'", "8 elements", "(3, 3)", "9", "product is 8"),
        Call("Reshape with a rest that does not divide", () => new Reshape([3, -1]), X(8), "8 elements", "multiple of 3"),
        Call("Groups above the channels", () => new GroupNormalization(), X(4, 6), "'group_normalization'", "6 channels", "32 groups", "divisor of 6"),
        Call("Unknown channels", () => new Conv2D(4, 3), X(8, 8, null), "the number of channels", "(None, 8, 8, None)", "instead of null"),
        Call("Unknown features", () => new Dense(4), Model.Input([null]), "'dense'", "kernel", "(None, 4)", "instead of"),
        Call(
            "An activation that halves a state",
            () => new Rnn(new SimpleRnnCell(8, activation: Activation.Glu)),
            X(7, 2),
            "state 0 is (None, 8) before a step and (None, 4) after it",
            "keeps the size"),
        Call(
            "The same in an open loop",
            () => new Rnn(new SimpleRnnCell(8, activation: Activation.Glu)),
            X(null, 2),
            "state 0 is (None, 8) before a step and (None, 4) after it",
            "keeps the size"),
        Call(
            "Unknown time for a cell with dropout",
            () => new Rnn(new LstmCell(3, dropout: 0.5)),
            X(null, 2),
            "differs in training",
            "known number of time steps",
            "(None, None, 2)"),
        Call(
            "Unknown time for recurrent dropout",
            () => new Gru(3, recurrentDropout: 0.5),
            X(null, 2),
            "recurrentDropout",
            "known number of time steps",
            "(None, None, 2)"),
        Call("Einsum of another rank", () => new EinsumDense("ab,bc->ac", [4]), X(3, 5), "\"ab,bc->ac\"", "2 axes", "(None, 3, 5)"),
        Call("Einsum with too few sizes", () => new EinsumDense("abc,cd->abd", [4]), X(3, 5), "outputShape (4,)", "2 numbers"),
        Call("Einsum bias on no axis", () => new EinsumDense("ab,bc->ac", [4], biasAxes: "d"), X(5), "biasAxes \"d\"", "no axis of the output"),
        Call("glu on an odd size", () => new ActivationLayer(Activation.Glu), X(5), "glu halves the last axis", "5", "even"),
        Call("glu on an unknown size", () => new ActivationLayer(Activation.Glu), X([null]), "(None, None)", "Set that size in Model.Input"),
        Call("sparsemax on an unknown size", () => new ActivationLayer(Activation.Sparsemax), X([null]), "(None, None)", "Set that size in Model.Input"),

        // Axes.
        Call(
            "Batch normalization of an axis that is not there",
            () => new BatchNormalization(3),
            X(4, 5),
            "'batch_normalization'",
            "axis 3",
            "3 dimensions",
            "-3 to 2"),
        Call("Layer normalization of an axis that is not there", () => new LayerNormalization([1, 4]), X(4, 5), "axis 4", "-3 to 2"),
        Call("Softmax along an axis that is not there", () => new Softmax(5), X(4), "Softmax", "axis 5", "-2 to 1"),
        Call("Shared slopes along the batch", () => new PRelu(sharedAxes: [0]), X(4, 5), "'p_re_lu'", "axis 0", "from 1 to 2"),
        Call("Attention along the features", () => new MultiHeadAttention(2, 3, attentionAxes: 3), X(2, 3, 4), "attentionAxes", "from 1 to 2"),
        Make("Permute that names an axis twice", () => new Permute((1, 1)), "Permute", "(1, 1)", "1 to 2 once"),
        new("Concatenation along the batch", () => new Concatenate(0).Call(X(3), X(3)), "'concatenate'", "axis 0 is the batch"),
        Make("Dot along the batch", () => new Dot(0), "Dot", "not 0", "batch"),

        // Several tensors.
        new("Add of shapes that do not broadcast", () => new Add().Call(X(4), X(5)), "'add' (Add)", "(None, 4)", "(None, 5)", "equal sizes, or 1"),
        new("Multiply of shapes that do not broadcast", () => new Multiply().Call(X(3, 4), X(2, 4)), "'multiply'", "(None, 3, 4)", "(None, 2, 4)"),
        new("Average of shapes that do not broadcast", () => new Average().Call(X(3), X(3), X(2)), "'average'", "3 on the left and 2 on the right"),
        new("Maximum of shapes that do not broadcast", () => new Maximum().Call(X(3), X(2)), "'maximum'", "(None, 3)", "(None, 2)"),
        new("Minimum of shapes that do not broadcast", () => new Minimum().Call(X(3), X(2)), "'minimum'", "(None, 3)", "(None, 2)"),
        new("Subtract of three tensors", () => new Subtract().Call(X(3), X(3), X(3)), "'subtract'", "two tensors", "3"),
        new("Concatenation of other sizes", () => new Concatenate().Call(X(4, 3), X(5, 3)), "'concatenate'", "axis 2", "(None, 4, 3)", "(None, 5, 3)"),
        new("Merging nothing", () => new Add().Call(), "Add", "list of tensors"),
        new("Dot of other sizes", () => new Dot(1).Call(X(4), X(5)), "'dot'", "4 positions", "has 5", "Dense"),
        new("Dot of one tensor", () => new Dot(1).Call(X(4)), "two tensors", "1"),
        new("Attention of other features", () => new Attention().Call(X(3, 4), X(5, 6)), "'attention'", "4 features", "6 in the key", "Dense"),
        new("Attention with other keys than values", () => new Attention().Call(X(3, 4), X(5, 4), X(6, 4)), "6 keys", "5 values", "query, value, key"),
        new(
            "Attention mask of another shape",
            () => new MultiHeadAttention(2, 3).Call(X(5, 6), X(4, 6), attentionMask: Model.Input([3, 3], DType.Bool)),
            "'multi_head_attention'",
            "(None, 5, 4)",
            "(None, 3, 3)"),
        new("A layer that takes one tensor", () => new Dense(3).CallAll([X(2), X(2)], CallOptions.None), "'dense'", "one tensor", "2", "Concatenate"),
        new("Initial state of another size", () => new Lstm(4).Call(X(5, 2), [X(4), X(3)]), "'lstm'", "(None, 4)", "(None, 3)", "Dense layer of 4 units"),
        new("One initial state for an Lstm", () => new Lstm(4).Call(X(5, 2), [X(4)]), "2 initial states", "1"),
        new("Initial states for one direction", () => new Bidirectional(new Gru(4)).Call(X(5, 2), [X(4)]), "both directions", "1"),
        new(
            "Softmax mask of another shape",
            () => new Softmax().Call(X(3, 4), Model.Input([5], DType.Bool)),
            "'softmax'",
            "mask (None, 5)",
            "(None, 3, 4)",
            "broadcast"),
        new(
            "Recurrent mask of another length",
            () => new Lstm(3).CallAll(X(5, 2), new CallOptions { Mask = Model.Input([4], DType.Bool) }),
            "'lstm'",
            "(None, 5)",
            "(None, 4) bool"),
        new(
            "Shared layer on another width",
            () => { var dense = new Dense(4); dense.Call(X(5)); dense.Call(X(6)); },
            "'dense'",
            "(5, 4)",
            "(6, 4)",
            "a separate layer for each"),

        // Element types.
        Call("Embedding of text", () => new Embedding(10, 4), Model.Input([5], DType.String), "'embedding'", "integers", "string", "StringLookup"),
        new("Condition that is no truth value", () => Ops.Where(X(3), X(3), X(3)), "condition", "(None, 3)"),

        // Options.
        Make("Dense of no units", () => new Dense(0), "Dense", "units is 0", "positive"),
        Make("Lstm of negative units", () => new Lstm(-4), "Lstm", "units is -4", "positive"),
        Make("Convolution of no filters", () => new Conv2D(0, 3), "Conv2D", "filters is 0", "positive"),
        Make("Kernel of size zero", () => new Conv2D(4, 0), "Conv2D", "kernelSize is (0)", "at least 1"),
        Make("Kernel sizes for another rank", () => new Conv2D(4, (3, 3, 3)), "Conv2D", "3 values", "2, one for each"),
        Make("Negative strides", () => new Conv2D(4, 3, strides: -1), "strides is (-1)", "at least 1"),
        Make("Causal images", () => new Conv2D(4, 3, padding: Padding.Causal), "Conv2D", "Causal", "Valid or Same", "one-dimensional"),
        Make("Causal pooling", () => new AveragePooling1D(2, padding: Padding.Causal), "AveragePooling1D", "Causal", "Valid or Same"),
        Make("Dropout above one", () => new Dropout(1.5), "Dropout", "rate is 1.5", "0 to 1"),
        Make("Recurrent dropout below zero", () => new Gru(3, recurrentDropout: -0.5), "Gru", "recurrentDropout is -0.5", "0 to 1"),
        Make("Negative padding", () => new ZeroPadding2D(-1), "ZeroPadding2D", "(-1)", "at least 0"),
        Make("Padding numbers that fit no axes", () => new ZeroPadding2D([1, 2, 3]), "ZeroPadding2D", "3 values", "or 4"),
        Make("Negative slope", () => new LeakyRelu(-1), "LeakyRelu", "negativeSlope is -1", "at least 0"),
        Make("Two unknown target sizes", () => new Reshape([-1, -1]), "Reshape", "(-1, -1)", "one -1"),
        Make("Malformed einsum", () => new EinsumDense("ab->c", [3]), "EinsumDense", "\"ab->c\"", "ab,bc->ac"),
        Make("Heads that do not divide", () => new GroupQueryAttention(4, 6, 4), "numKeyValueHeads is 4", "divisor of numQueryHeads, 6"),
        Make(
            "Directions that are the same",
            () => new Bidirectional(new Lstm(3), backwardLayer: new Lstm(3)),
            "Bidirectional",
            "going forwards",
            "goBackwards"),
        Make(
            "Directions that return other things",
            () => new Bidirectional(new Lstm(3), backwardLayer: new Lstm(3, returnSequences: true, goBackwards: true)),
            "Bidirectional",
            "returnSequences"),
        Make("Mean without variance", () => new Normalization(mean: 1), "Normalization", "variance", "Give both"),
        Make("Negative penalty", () => new L2(-1), "l2", "at least 0"),
        Make("Norm bounds the wrong way round", () => Constraint.MinMaxNorm(2, 1), "minValue is 2", "at most maxValue, 1"),
        Make("Bins that do not ascend", () => new Discretization([1, 0]), "binBoundaries", "ascending"),
        Make("No bins at all", () => new Discretization(), "boundaries", "Adapt"),
        Make("Rotation beyond a turn", () => new RandomRotation(2), "RandomRotation", "factor is 2", "-1 to 1"),
        Make("A name with a slash", () => new Dense(3, name: "a/b"), "'a/b'", "'/'"),
        Make("A name without a character", () => new Dense(3, name: ""), "at least one character"),

        // Order of work.
        Call(
            "Stateful layer without a batch size",
            () => new Lstm(3, stateful: true),
            X(5, 2),
            "'lstm'",
            "fixed batch size",
            "(None, 5, 2)",
            "batchSize: 32"),
        Call("Lookup without a vocabulary", () => new IntegerLookup(), Ids(4), "'integer_lookup'", "Adapt"),
        Call("Bins before they are known", () => new Discretization(numBins: 3), X(4), "'discretization'", "Adapt"),
        Call(
            "Spectral normalization of a layer without kernel",
            () => new SpectralNormalization(new Relu()),
            X(4),
            "'spectral_normalization'",
            "ReLU",
            "Dense"),
        Call("Noise shape of another rank", () => new Dropout(0.5, noiseShape: [null, 1]), X(4, 5), "noiseShape (None, 1)", "(None, 4, 5)"),
        new("Vocabulary with a word twice", () => new StringLookup(vocabulary: ["a", "b", "a"]).IndexOf("a"), "StringLookup", "'a' 2 times"),
        new("Word that is refused", () => new StringLookup(numOovIndices: 0, vocabulary: ["a"]).IndexOf("b"), "'b'", "numOovIndices"),
        new("Adapting what was given", () => new Normalization(mean: 0, variance: 1).Adapt(Tensor.Create([1f, 2], [2, 1])), "nothing to adapt"),
        new("Adapting on nothing", () => new Normalization().Adapt(Tensor.Create(Array.Empty<float>(), [0, 2])), "no data"),
        new("Output of a layer that was not called", () => _ = new Dense(3).Output, "'dense'", "not been called"),
        new(
            "Output of a layer that was called twice",
            () => { var layer = new Dense(3); layer.Call(X(2)); layer.Call(X(2)); _ = layer.Output; },
            "called 2 times"),
        new("Weight outside of Forward", () => new Curious().Peek(), "Curious", "Forward"),

        // Models.
        new(
            "Input that is not listed",
            () => { var (a, b) = (Model.Input([3], name: "left"), Model.Input([3], name: "right")); _ = new Model(a, new Add().Call(a, b)); },
            "'right' (None, 3)",
            "add them to the model's inputs"),
        new(
            "Two layers of one name",
            () => { var a = X(3); _ = new Model(a, a.Apply(new Dense(2, name: "same"), new Dense(2, name: "same"))); },
            "'same'",
            "its own name"),
        new("Input listed twice", () => { var a = X(3); _ = new Model([a, a], new Dense(2).Call(a)); }, "listed twice"),
        new(
            "Model called on another width",
            () => { var a = Model.Input([4], name: "a"); new Model(a, new Dense(2).Call(a), "inner").Call(X(5)); },
            "'inner'",
            "'a' takes (None, 4)",
            "(None, 5)"),
        new(
            "Model of two inputs called on one",
            () => { var (a, b) = (Model.Input([4], name: "a"), Model.Input([4], name: "b")); new Model([a, b], new Add().Call(a, b), "inner").Call([X(4)]); },
            "2 tensors (a, b)",
            "1"),
        new(
            "Layer that the model does not have",
            () => { var a = X(3); new Model(a, new Dense(2, name: "encoder").Call(a)).GetLayer("encodre"); },
            "no layer 'encodre'",
            "Did you mean 'encoder'?"),

        // Files.
        new("Unknown activation in a file", () => Model.FromJson(Json("\"activation\":\"relu\"", "\"activation\":\"relux\"")), "'dense'", "'relux'", "'relu'"),
        new("Unknown initializer in a file", () => Model.FromJson(Json("\"GlorotUniform\"", "\"GlorotUnifrom\"")), "'GlorotUnifrom'", "GlorotUniform"),
        new("Unknown class in a file", () => Model.FromJson(Json("\"class_name\":\"Dense\"", "\"class_name\":\"Dens\"")), "'Dens'", "Dense"),
        new("Negative units in a file", () => Model.FromJson(Json("\"units\":2", "\"units\":-2")), "'dense'", "units is -2", "positive"),

        // Numbers that no shape has.
        Make("Tile a negative number of times", () => Ops.Tile(X(4), 1, -1), "Tile", "[1, -1]", "at least 0"),
        Make("An input with a batch of none", () => Model.Input([4], batchSize: 0), "batchSize is 0", "at least 1"),
    ];

    private static string Json(string from, string to)
    {
        var input = X(3);
        var json = new Model(input, new Dense(2, Activation.Relu).Call(input)).ToJson();
        return json.Contains(from, StringComparison.Ordinal)
            ? json.Replace(from, to, StringComparison.Ordinal)
            : throw new InvalidOperationException($"{from} is not in {json}");
    }

    private sealed class Curious : Layer
    {
        public SymbolicTensor Peek() => Weight("w", [1]);

        protected override SymbolicTensor Forward(SymbolicTensor x) => x;
    }
}
