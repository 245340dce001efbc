using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Parity;

namespace OnnxFunctional.Tests.Export.Emit;

/// <summary>What written graphs of common networks must not hold: dead nodes, arithmetic of known shapes, transposes inside, constants twice.</summary>
[TestClass]
public sealed class GraphQualityTests
{
    public static IEnumerable<object[]> Networks() =>
    [
        [
            "mlp",
            Make([10], x => x.Apply(
                new Dense(8, Activation.Relu), new BatchNormalization(), new Dense(8, Activation.Gelu), new Dense(3, Activation.Softmax))),
        ],
        [
            "cnn",
            Make([12, 12, 3], x => x.Apply(
                new Conv2D(4, 3, padding: Padding.Same), new BatchNormalization(), new ActivationLayer(Activation.Relu), new MaxPooling2D(2),
                new DepthwiseConv2D(3), new Flatten(), new Dense(5), new Dense(10, Activation.Softmax))),
        ],
        [
            "residual",
            Make([8, 8, 4], x =>
            {
                var y = new Conv2D(4, 3, padding: Padding.Same, activation: Activation.Relu).Call(x);
                y = new Add().Call(y, new Conv2D(4, 3, padding: Padding.Same).Call(y));
                return y.Apply(new GlobalAveragePooling2D(), new Dense(2));
            }),
        ],
        [
            "unet",
            Make([8, 8, 2], x =>
            {
                var down = new Conv2D(4, 3, padding: Padding.Same, activation: Activation.Relu).Call(x);
                var up = down.Apply(new MaxPooling2D(2), new Conv2D(6, 3, padding: Padding.Same), new UpSampling2D(2));
                return new Conv2D(1, 1).Call(new Concatenate().Call(down, up));
            }),
        ],
        ["lstm", Make([null, 3], x => x.Apply(new Lstm(5, returnSequences: true), new Gru(4, returnSequences: true), new SimpleRnn(4), new Dense(2)))],
        ["both directions", Make([7, 3], x => x.Apply(new Bidirectional(new Lstm(5, returnSequences: true)), new Bidirectional(new Gru(4)), new Dense(2)))],
        [
            "transformer",
            Make([6, 8], x =>
            {
                for (var block = 0; block < 2; block++)
                {
                    x = new LayerNormalization().Call(new Add().Call(x, new MultiHeadAttention(2, 4).Call(x, x)));
                    x = new LayerNormalization().Call(new Add().Call(x, x.Apply(new Dense(16, Activation.Gelu), new Dense(8))));
                }

                return x.Apply(new GlobalAveragePooling1D(), new Dense(2));
            }),
        ],
        [
            "text",
            Make(
                [9],
                x => x.Apply(
                    new Embedding(20, 6), new Conv1D(4, 3, padding: Padding.Causal), new GlobalMaxPooling1D(), new Dense(1, Activation.Sigmoid)),
                DType.Int64),
        ],
    ];

    public static IEnumerable<object[]> Files => ParityFolder.Files("models", "*.keras").Select(file => new object[] { file });

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void Every_node_is_needed(string name, Model model)
    {
        foreach (var opset in (int[])[17, 21]) NoDeadNodes(model.Emit(new() { Opset = opset }).Proto.Graph, name);
    }

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void Shapes_known_up_to_the_batch_are_not_computed(string name, Model model)
    {
        var operators = model.Emit().Operators();
        CollectionAssert.DoesNotContain(operators, "Shape", name);
        CollectionAssert.DoesNotContain(operators, "ConstantOfShape", name);
    }

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void Axes_are_exchanged_once_at_each_border(string name, Model model)
    {
        var graph = model.Emit().Proto.Graph;

        // The products of attention exchange the axes of heads, inside.
        if (name == "transformer") return;
        foreach (var transpose in graph.Node.Where(node => node.OpType == "Transpose"))
        {
            Assert.IsTrue(
                graph.Input.Any(input => input.Name == transpose.Input[0]) || graph.Output.Any(output => output.Name == transpose.Output[0])
                    || (name == "text" && graph.Node.Any(node => node.OpType == "Gather" && node.Output[0] == transpose.Input[0])),
                transpose.Name);
        }

        Assert.IsLessThanOrEqualTo(graph.Input.Count + graph.Output.Count, graph.Node.Count(node => node.OpType == "Transpose"));
    }

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void Equal_constants_are_stored_once(string name, Model model)
    {
        var paths = model.WeightPaths().Select(named => named.Path).ToHashSet();
        var constants = model.Emit().Proto.Graph.Initializer.Where(tensor => !paths.Contains(tensor.Name)).ToList();
        var twice = constants
            .GroupBy(tensor => (tensor.DataType, string.Join(',', tensor.Dims), tensor.RawData.ToBase64())).Where(group => group.Skip(1).Any());
        Assert.IsEmpty(twice.Select(group => string.Join(" = ", group.Select(tensor => tensor.Name))), name);
    }

    [TestMethod]
    public void Operators_that_ONNX_has_are_one_node_each()
    {
        var model = (Model)Networks().Single(row => (string)row[0] == "transformer")[1];
        var newest = model.Emit();
        Assert.AreEqual(4, newest.Count("LayerNormalization"));
        Assert.AreEqual(2, newest.Count("Gelu"));
        Assert.AreEqual(0, newest.Count("Erf"));
        var oldest = model.Emit(new() { Opset = 17 });
        Assert.AreEqual(4, oldest.Count("LayerNormalization"));
        Assert.AreEqual(2, oldest.Count("Erf"));
        var lstm = (Model)Networks().Single(row => (string)row[0] == "lstm")[1];
        foreach (var op in (string[])["LSTM", "GRU", "RNN"]) Assert.AreEqual(1, lstm.Emit().Count(op));
        var both = (Model)Networks().Single(row => (string)row[0] == "both directions")[1];
        Assert.AreEqual(1, both.Emit().Count("LSTM"));
        Assert.AreEqual(1, both.Emit().Count("GRU"));
    }

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void Every_node_of_a_Keras_file_is_needed(string file) => NoDeadNodes(Model.Load(ParityFolder.PathOf(file)).Emit().Proto.Graph, file);

    /// <summary>The check itself.</summary>
    [TestMethod]
    public void A_dead_node_is_found()
    {
        var graph = Make([3], x => new Dense(2).Call(x)).Emit().Proto.Graph;
        graph.Node.Add(new NodeProto { Name = "dead", OpType = "Relu", Input = { graph.Node[0].Output[0] }, Output = { "nothing" } });
        Assert.Contains("dead", Assert.ThrowsExactly<AssertFailedException>(() => NoDeadNodes(graph, "")).Message);
    }

    [TestMethod]
    public void A_report_counts_nodes_parameters_and_operations()
    {
        using var folder = new TemporaryFolder();
        var report = Make([8, 8, 3], x => x.Apply(new Conv2D(4, 3), new Flatten(), new Dense(5))).ExportOnnx(folder.File("m.onnx"));
        var graph = report.Graph!;
        CollectionAssert.AreEquivalent(new[] { "Conv", "Flatten", "Gemm", "Transpose" }, graph.Nodes.Keys.ToArray());
        Assert.AreEqual((4 * 27) + 4 + (144 * 5) + 5, graph.Parameters);
        Assert.AreEqual((36 * 4 * 27) + (144 * 5), graph.Macs);
        Assert.AreEqual(1, graph.Transposes);
        StringAssert.Contains(graph.ToString(), "4 nodes, 837 parameters, 4,608 multiply-adds per sample");
        Assert.IsNull(Make([null, 3], x => new Dense(2).Call(x)).ExportOnnx(folder.File("open.onnx")).Graph!.Macs);
    }

    private static void NoDeadNodes(GraphProto graph, string what)
    {
        var read = graph.Output.Select(output => output.Name).ToHashSet();
        for (var i = graph.Node.Count - 1; i >= 0; i--)
        {
            var node = graph.Node[i];
            if (!node.Output.Any(read.Contains)) Assert.Fail($"{what}: nothing reads {node.Name}.");
            read.UnionWith(node.Input);
            foreach (var body in node.Attribute.Where(attribute => attribute.G is not null)) AddReads(body.G);
        }

        // Weights that inference does not read are kept to resume training.
        foreach (var tensor in graph.Initializer.Where(tensor => tensor.DataType != (int)TensorProto.Types.DataType.Float))
            Assert.IsTrue(read.Contains(tensor.Name), $"{what}: nothing reads {tensor.Name}.");

        void AddReads(GraphProto body)
        {
            foreach (var node in body.Node)
            {
                read.UnionWith(node.Input);
                foreach (var inner in node.Attribute.Where(attribute => attribute.G is not null)) AddReads(inner.G);
            }

            read.UnionWith(body.Output.Select(output => output.Name));
        }
    }

    private static Model Make(Shape shape, Func<SymbolicTensor, SymbolicTensor> network, DType type = DType.Float32)
    {
        var x = Model.Input(shape, type);
        return new Model(x, network(x), seed: 1);
    }
}
