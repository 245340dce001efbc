using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Layers;

/// <summary>Sizes that no tensor can have are refused by a sentence with the layer and the size, before memory is asked for.</summary>
[TestClass]
public sealed class LargeSizeTests
{
    private const int Most = int.MaxValue;
    private const int Half = 1 << 30;

    public static IEnumerable<object[]> Rows => All.Select(row => new object[] { row });

    private static IEnumerable<WrongUse> All =>
    [
        Call("repeat_vector", () => new RepeatVector(Most), 1000),
        Call("lstm", () => new Lstm(1 << 29), 5, 2),
        Call("gru", () => new Gru(Half), 5, 2),
        Call("simple_rnn", () => new SimpleRnn(Most), 5, 2),
        Call("rnn", () => new Rnn(new LstmCell(Most)), 5, 2),
        Call("bidirectional/forward_lstm", () => new Bidirectional(new Lstm(1 << 29)), 5, 2),
        Call("conv_lstm2d", () => new ConvLstm2D(1 << 29, 1), 2, 4, 4, 1),
        Call("dense", () => new Dense(Most), 1000),
        Call("einsum_dense", () => new EinsumDense("ab,bc->ac", [Most]), 1000),
        Call("conv2d", () => new Conv2D(1, 3, dilationRate: Half), 8, 8, 1),
        Call("conv1d", () => new Conv1D(1, 3, padding: Padding.Causal, dilationRate: Half), 8, 1),
        Call("conv1d", () => new Conv1D(1, 3, padding: Padding.Same, dilationRate: Half), 8, 1),
        Call("depthwise_conv2d", () => new DepthwiseConv2D(3, depthMultiplier: Half), 8, 8, 4),
        Call("separable_conv2d", () => new SeparableConv2D(4, 3, depthMultiplier: Half), 8, 8, 4),
        Call("conv2d_transpose", () => new Conv2DTranspose(1, 3, strides: Half), 8, 8, 1),
        Call("conv1d_transpose", () => new Conv1DTranspose(1, 3, dilationRate: Half), 8, 1),
        Call("conv1d_transpose", () => new Conv1DTranspose(1, 3, strides: Half, padding: Padding.Same), 8, 1),
        Call("zero_padding1d", () => new ZeroPadding1D(Most), 5, 2),
        Call("zero_padding2d", () => new ZeroPadding2D(Half), 5, 5, 2),
        Call("cropping1d", () => new Cropping1D(Most), 5, 2),
        Call("up_sampling1d", () => new UpSampling1D(Most), 5, 2),
        Call("up_sampling2d", () => new UpSampling2D(Half), 5, 5, 2),
        Call("resizing", () => new Resizing(1 << 20, 1 << 20), 5, 5, 2),
        Call("embedding", () => new Embedding(Most, 100), 5),
        Call("category_encoding", () => new CategoryEncoding(Most, EncodingMode.OneHot), 5),
        Call("multi_head_attention/query", () => new MultiHeadAttention(1 << 16, 1 << 16), 5, 4),
        Function("Concat", x => Ops.Concatenate([x, x, x], 1), Half),
        Function("Tile", x => Ops.Tile(x, 1, Most), 3),
        Function("Pad", x => Ops.Pad(x, [0, Most], [0, Most]), 3),
        Function("Split", x => Ops.Split(x, [Most, Most])[0], 3),
        Function("OneHot", x => Ops.OneHot(Ops.Cast(x, DType.Int64), Most), 2, 3),
        Function("Gather", x => Ops.Take(Ops.ExpandDims(x, 2), Ops.Cast(x, DType.Int64), 2), 65536),
        Function("Einsum", x => Ops.Einsum("abc,de->abcde", x, Ops.Reshape(x, 65536, -1)), 65536, 1),
        Function("outer sum", x => Ops.ExpandDims(x, 1) + Ops.ExpandDims(x, 2), 65536),
        Function("outer product", x => Ops.MatMul(Ops.ExpandDims(x, 2), Ops.ExpandDims(x, 1)), 65536),
        new("flatten", () => Model.Input([65536, 65536]).Apply(new Flatten()), "(None, 65536, 65536)", "4,294,967,296"),
        new("input", () => Model.Input([65536, 65536], name: "photo"), "'photo'", "(None, 65536, 65536)", "4,294,967,296"),
        new("input with a batch", () => Model.Input([65536, 1024], batchSize: 64), "(64, 65536, 1024)", "4,294,967,296"),
    ];

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Sizes_beyond_what_an_array_holds_are_refused(WrongUse row)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.ThrowsExactly<ModelException>(row.Mistake);
        Console.WriteLine(error.Message);
        foreach (var part in row.Says) StringAssert.Contains(error.Message, part);
        Assert.IsLessThan(50_000_000, GC.GetAllocatedBytesForCurrentThread() - before, "memory was asked for");
    }

    /// <summary>A window or slice beyond the end is not an overflow: what lies inside counts.</summary>
    [TestMethod]
    public void Positions_far_beyond_the_end_are_not_sizes()
    {
        var x = Model.Input([7, 2]);
        Assert.AreEqual<Shape>([null, 7, 2], Ops.Slice(x, 1, -Most, Most).Shape);
        Assert.AreEqual<Shape>([null, 1, 2], Ops.Slice(x, 1, 0, Most, Most).Shape);
        Assert.AreEqual<Shape>([null, 1, 2], Ops.Slice(x, 1, 6, null, -Most).Shape);
        Assert.AreEqual<Shape>([null, 1, 2], x.Apply(new MaxPooling1D(7, strides: Most)).Shape);
        Assert.AreEqual<Shape>([null, 1, 2], x.Apply(new MaxPooling1D(2, strides: Most, padding: Padding.Same)).Shape);
    }

    /// <summary>One sample fits, the batch does not.</summary>
    [TestMethod]
    public void A_batch_whose_results_exceed_an_array_is_refused_with_layer_and_shape()
    {
        var x = Model.Input([1]);
        var model = new Model(x, x.Apply(new RepeatVector(1 << 20), new Flatten()));
        var message = Assert.ThrowsExactly<ModelException>(() => model.Predict(NDArray.Create(new float[4096], Shape.Of(4096, 1)), batchSize: 4096)).Message;
        Console.WriteLine(message);
        StringAssert.Contains(message, "'repeat_vector' (RepeatVector)");
        StringAssert.Contains(message, "4,294,967,296");
    }

    /// <summary>Each batch fits, all results together do not.</summary>
    [TestMethod]
    public void Predictions_that_exceed_an_array_are_refused_before_memory_is_asked_for()
    {
        var x = Model.Input([1]);
        var model = new Model(x, x.Apply(new RepeatVector(1 << 20)));
        var message = Assert.ThrowsExactly<ModelException>(() => model.Predict(NDArray.Create(new float[4096], Shape.Of(4096, 1)), batchSize: 1)).Message;
        Console.WriteLine(message);
        StringAssert.Contains(message, "(4096, 1048576, 1)");
    }

    [TestMethod]
    public void Data_of_a_shape_beyond_64_bits_is_refused()
    {
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => NDArray.Create(new float[1], Shape.Of(Most, Most, Most))).Message, "elements");
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => Ops.Constant(Shape.Of(Most, Most, Most), [1f])).Message, "elements");
    }

    private static WrongUse Call(string layer, Func<Layer> make, params int?[] shape) =>
        new(layer, () => make().Call(Model.Input(Shape.Create(shape), layer == "embedding" ? DType.Int64 : DType.Float32)), $"'{layer}'");

    private static WrongUse Function(string name, Func<SymbolicTensor, SymbolicTensor> function, params int?[] shape) =>
        new(name, () => function(Model.Input(Shape.Create(shape))));
}
