using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;
using static OnnxFunctional.Tests.Export.HandmadeModels;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.Export.Importers;

/// <summary>Files of other programs as models: what they are, how they are cut and trained, what is refused.</summary>
[TestClass]
public sealed class LoadModelTests
{
    [TestMethod]
    public void Nodes_are_layers_and_parameters_are_weights_under_the_names_of_the_file()
    {
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(Put(folder, Dense()));

        CollectionAssert.AreEqual(new[] { "x", "z_node", "y_node", "y" }, model.Layers.Select(layer => layer.Name).ToArray());
        CollectionAssert.AreEqual(new[] { "W", "b" }, model.Weights.Select(weight => weight.Name).ToArray());
        CollectionAssert.AreEqual(new[] { "W", "b" }, model.WeightPaths().Select(named => named.Path).ToArray());
        CollectionAssert.AreEqual(new[] { "y" }, model.OutputNames.ToArray());
        Assert.Contains("z_node (Gemm)", model.ToString());
        var y = model.Predict(new float[,] { { 1, 1, 1 }, { -1, 0, 0 } });
        Assert.AreEqual(9.5f, y[0, 0]);
        Assert.AreEqual(0f, y[1, 1]);
    }

    [TestMethod]
    public void A_model_of_a_file_is_cut_given_a_new_head_trained_and_exported()
    {
        using var folder = new TemporaryFolder();
        var old = OnnxFile.LoadModel(Put(folder, Dense()), new ImportOptions { Trainable = name => name != "W" });
        CollectionAssert.AreEqual(new[] { "b" }, old.TrainableWeights.Select(weight => weight.Name).ToArray());
        var model = new Model(old.Inputs, new Dense(1).Call(old.GetLayer("z_node").Output), seed: 3);
        var kernel = old.Weights.Single(weight => weight.Name == "W");
        var before = kernel.Value;

        var trainer = model.Compile(new Adam(0.05), Loss.MeanSquaredError);
        var (x, y) = (new float[16, 3], new float[16, 1]);
        for (var i = 0; i < 16; i++)
        {
            for (var j = 0; j < 3; j++) x[i, j] = ((i * 7) + (j * 5)) % 11 / 11f;
            y[i, 0] = x[i, 0] - x[i, 2];
        }

        var history = trainer.Fit(x, y, epochs: 20, verbose: Verbosity.Silent);
        Assert.IsLessThan(history["loss"][0] / 4, history["loss"][^1]);
        CollectionAssert.AreEqual(before.ToArray(), kernel.Value.ToArray());

        var written = folder.File("tuned.onnx");
        model.ExportOnnx(written);
        Equal(model.Predict(x), OnnxFile.LoadModel(written).Predict(x));
        Equal(model.Predict(x), OnnxModel.Load(written).Predict(x));
    }

    [TestMethod]
    public void Samples_may_lie_on_another_axis_than_the_first()
    {
        // y[l, n, u] = x[n, u] + state[l, n, u], as the states of a recurrent operator lie.
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(Put(folder, HandmadeModels.Model(new GraphProto
        {
            Input = { Value("x", DataType.Float, "n", 3), Value("state", DataType.Float, 2, "n", 3) },
            Output = { Value("y", DataType.Float, 2, "n", 3) },
            Node = { Node("Add", ["x", "state"], ["y"]) },
        })));
        var (x, state) = (Numbers(5, 3), Numbers(2, 5, 3));
        var y = model.Predict([x, state], batchSize: 2);
        Assert.AreEqual("(2, 5, 3)", y.Shape.ToString());
        Assert.AreEqual(x[4, 2] + state[1, 4, 2], y[1, 4, 2]);
        var refusal = Assert.Throws<ModelException>(() => model.Predict([Numbers(4, 3), state]));
        Assert.Contains("input 'state' has 5 samples, but input 'x' has 4", refusal.Message);

        static NDArray Numbers(params int[] dims) =>
            NDArray.Create([.. Enumerable.Range(0, dims.Aggregate(1, (all, dim) => all * dim)).Select(i => (float)i)], Shape.Of(dims));
    }

    [TestMethod]
    public void What_the_file_shares_is_one_weight_also_where_one_reader_transposes_it()
    {
        // y = x W W', as an autoencoder with tied weights, or a language model whose last product is its table of tokens.
        using var folder = new TemporaryFolder();
        var path = Put(folder, Model(new GraphProto
        {
            Input = { Value("x", DataType.Float, "batch", 3) },
            Output = { Value("y", DataType.Float, "batch", 3) },
            Initializer = { Floats("W", [3, 2], 1, 2, 3, 4, 5, 6) },
            Node = { Node("Transpose", ["W"], ["back"]), Node("MatMul", ["x", "W"], ["code"]), Node("MatMul", ["code", "back"], ["y"]) },
        }));
        var model = OnnxFile.LoadModel(path);
        Assert.AreEqual("W", string.Join(" ", model.Weights.Select(weight => weight.Name)));

        // Another W changes both products.
        var first = model.Predict(new float[,] { { 1, 0, 0 } })[0, 0];
        model.Weights[0].Value = System.Numerics.Tensors.Tensor.Create([2f, 4, 6, 8, 10, 12], [3, 2]);
        Assert.AreEqual(4 * first, model.Predict(new float[,] { { 1, 0, 0 } })[0, 0]);
    }

    [TestMethod]
    public void A_window_over_more_channels_than_there_are_sees_all_of_them()
    {
        using var folder = new TemporaryFolder();
        var path = Put(folder, Model(new GraphProto
        {
            Input = { Value("x", DataType.Float, "n", 2, 1, 1) },
            Output = { Value("y", DataType.Float, "n", 2, 1, 1) },
            Node = { Node("LRN", ["x"], ["y"], Attributes.Int("size", 100_000_001), Attributes.Float("alpha", 100_000_001), Attributes.Float("beta", 1)) },
        }));
        var y = OnnxFile.LoadModel(path, new ImportOptions { Verify = false }).Predict(new float[,,,] { { { { 3 } }, { { 2 } } } });
        Assert.AreEqual(3f / (1 + 9 + 4), y[0, 0, 0, 0], 1e-6f);
    }

    [TestMethod]
    public void Nodes_may_stand_in_any_order()
    {
        using var folder = new TemporaryFolder();
        var file = Dense();
        (file.Graph.Node[0], file.Graph.Node[1]) = (file.Graph.Node[1], file.Graph.Node[0]);
        Assert.AreEqual(9.5f, OnnxFile.LoadModel(Put(folder, file)).Predict(new float[,] { { 1, 1, 1 } })[0, 0]);
    }

    [TestMethod]
    public void Images_are_channels_last_inside_and_the_files_axes_outside()
    {
        using var folder = new TemporaryFolder();
        var path = Put(folder, Model(new GraphProto
        {
            Input = { Value("image", DataType.Float, 1, 2, 5, 7) },
            Output = { Value("y", DataType.Float, 1, 3, 5, 7) },
            Initializer = { Floats("kernel", [3, 2, 1, 1], 1, 2, 3, 4, 5, 6) },
            Node = { Node("Conv", ["image", "kernel"], ["y"]) },
        }));
        var model = OnnxFile.LoadModel(path);
        Assert.AreEqual(Shape.Create([null, 2, 5, 7]), model.Input.Shape);
        Assert.AreEqual(Shape.Create([null, 5, 7, 3]), model.Layers[1].Output.Shape);
        Assert.AreEqual(Shape.Create([null, 3, 5, 7]), model.Output.Shape);
        Assert.AreEqual(Shape.Create([1, 1, 2, 3]), model.Weights[0].Shape);

        // The file takes one image, the model any number.
        Assert.AreEqual(4, model.Predict(new float[4, 2, 5, 7]).Shape[0]);

        var written = folder.File("again.onnx");
        model.ExportOnnx(written);
        var graph = ModelProto.Parser.ParseFrom(File.ReadAllBytes(written)).Graph;
        Assert.AreEqual("Conv", string.Join(" ", graph.Node.Select(node => node.OpType)));
        Assert.AreEqual("kernel", graph.Initializer[0].Name);
    }

    [TestMethod]
    public void Functions_of_a_file_are_computed_where_they_are_called()
    {
        using var folder = new TemporaryFolder();
        var file = Dense();
        file.OpsetImport.Add(new OperatorSetIdProto { Domain = "own", Version = 1 });
        file.Graph.Node[1] = new NodeProto { Name = "call", Domain = "own", OpType = "Twice", Input = { "z" }, Output = { "y" } };
        file.Functions.Add(new FunctionProto
        {
            Domain = "own",
            Name = "Twice",
            Input = { "a" },
            Output = { "b" },
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = 21 } },
            Node = { Node("Relu", ["a"], ["z"]), Node("Add", ["z", "z"], ["b"]) },
        });
        Assert.AreEqual(19f, OnnxFile.LoadModel(Put(folder, file)).Predict(new float[,] { { 1, 1, 1 } })[0, 0]);
    }

    [TestMethod]
    public void An_input_that_is_bound_decides_branches_and_sizes()
    {
        using var folder = new TemporaryFolder();
        var path = Put(folder, Branches());
        var options = new ImportOptions();
        var doubled = OnnxFile.LoadModel(path, options.Bind("twice", NDArray.Create([true], [])));
        var same = OnnxFile.LoadModel(path, options.Bind("twice", NDArray.Create([false], [])));
        Assert.AreEqual(6f, doubled.Predict(new float[,] { { 3 } })[0, 0]);
        Assert.AreEqual(3f, same.Predict(new float[,] { { 3 } })[0, 0]);
    }

    [TestMethod]
    [DataRow(nameof(DataType.Float), -3)]
    [DataRow(nameof(DataType.Double), -3)]
    [DataRow(nameof(DataType.Float16), -3)]
    [DataRow(nameof(DataType.Int64), -3)]
    [DataRow(nameof(DataType.Int32), -3)]
    [DataRow(nameof(DataType.Int8), -128)]
    [DataRow(nameof(DataType.Uint8), 255)]
    [DataRow(nameof(DataType.Bool), 1)]
    public void A_bound_value_becomes_the_type_of_its_input(string type, int value)
    {
        using var folder = new TemporaryFolder();
        foreach (var bound in new[] { NDArray.Create([(float)value], []), NDArray.Create([value], []), NDArray.Create([(long)value], []) })
        {
            var model = OnnxFile.LoadModel(Put(folder, Scaled(Enum.Parse<DataType>(type))), new ImportOptions().Bind("scale", bound));
            Assert.AreEqual(2f * value, model.Predict(new float[,] { { 2 } })[0, 0], $"{bound.DType}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(WrongUses))]
    public void A_wrong_use_is_told_in_a_sentence(WrongUse row)
    {
        try
        {
            row.Mistake();
        }
        catch (Exception refusal) when (refusal is ModelException or ExportException)
        {
            foreach (var text in row.Says) Assert.Contains(text, refusal.Message);
            return;
        }

        Assert.Fail("Nothing was said.");
    }

    public static IEnumerable<object[]> WrongUses =>
    [
        Wrong("an unknown operator", folder => Load(folder, With("Frobnicate")), "'Frobnicate' has no importer", "'y_node'", "OnnxModel.Load"),
        Wrong("two unknown operators", folder => Load(folder, With("Frobnicate", "Quibble")), "'Frobnicate'", "'Quibble'"),
        Wrong("training a quantized file", folder =>
        {
            var model = OnnxFile.LoadModel(Put(folder, QuantizedFiles.Static()));
            model.Compile(new Adam(), Loss.MeanSquaredError).Fit(new float[2, 3, 9, 7], new float[2, 5], verbose: Verbosity.Silent);
        }, "'x_quantized_node' (QuantizeLinear)", "no slope", "quantize it again"),
        Wrong("training before quantized layers", folder =>
        {
            var quantized = OnnxFile.LoadModel(Put(folder, QuantizedFiles.Dynamic()));
            var x = OnnxFunctional.Model.Input([17]);
            new Model(x, quantized.Call(new Dense(17, name: "first").Call(x))).Compile(new Adam(), Loss.MeanSquaredError)
                .Fit(new float[2, 17], new float[2, 3], verbose: Verbosity.Silent);
        }, "(DynamicQuantizeLinear)", "'first/kernel'", "cannot learn", "behind this one"),
        Wrong("quantization to 16 bits", folder =>
        {
            var file = With("Relu");
            file.Graph.Initializer.Add(Floats("scale", [], 1));
            file.Graph.Node.Add(Node("QuantizeLinear", ["y", "scale"], ["q"], Attributes.Int("output_dtype", (int)DataType.Uint16)));
            Load(folder, file);
        }, "'q_node'", "quantizes to uint16", "int8 or uint8"),
        Wrong("an unknown input", folder => Load(folder, Dense(), new ImportOptions().Bind("X", NDArray.Create([1f], [1]))), "'X'", "Did you mean 'x'?"),
        Wrong(
            "a bound value of another shape",
            folder => Load(folder, Branches(), new ImportOptions().Bind("twice", NDArray.Create([true], [1]))),
            "twice", "[]", "(1,)"),
        Wrong(
            "a bound value that is no whole number",
            folder => Load(folder, Scaled(DataType.Int64), new ImportOptions().Bind("scale", NDArray.Create([2.5f], []))),
            "ImportOptions.Bind(\"scale\") takes integers, but element 0 is 2.5"),
        Wrong(
            "a bound value beyond int8",
            folder => Load(folder, Scaled(DataType.Int8), new ImportOptions().Bind("scale", NDArray.Create([200], []))),
            "ImportOptions.Bind(\"scale\") takes int8, -128 to 127, but element 0 is 200"),
        Wrong("sizes that the file does not take", folder => Load(folder, Dense(), new ImportOptions().BindShape("x", [2, 4])), "'x'", "(2, 4)", "(None, 3)"),
        Wrong("a branch that gives less than its node has", folder =>
        {
            var file = Branches();
            file.Graph.Node[0].Output.Add("more");
            Load(folder, file, new ImportOptions().Bind("twice", NDArray.Create([true], [])));
        }, "'y_node'", "2 outputs", "gives 1"),
        Wrong("bounds that are no whole numbers", folder => Load(folder, Model(new GraphProto
        {
            Input = { Value("x", DataType.Float, 4) },
            Output = { Value("y", DataType.Float, 2) },
            Initializer = { Floats("from", [1], 1), Longs("to", [1], 3) },
            Node = { Node("Slice", ["x", "from", "to"], ["y"]) },
        })), "'y_node'", "float32", "expected whole numbers"),
        Wrong("groups that do not divide the channels", folder => Load(folder, Model(new GraphProto
        {
            Input = { Value("x", DataType.Float, 1, 2, 3) },
            Output = { Value("y", DataType.Float, 1, 2, 5) },
            Initializer = { Floats("w", [2, 1, 3], 1, 2, 3, 4, 5, 6) },
            Node = { Node("ConvTranspose", ["x", "w"], ["y"], Attributes.Int("group", 100_000_000)) },
        })), "'y_node'", "100000000 groups"),
        Wrong("constants beyond the limit", folder =>
        {
            var file = With("Relu");
            file.Graph.Initializer.Add(Longs("size", [2], 1000, 1000));
            file.Graph.Node.Add(Node("Identity", ["size"], ["shape"]));
            file.Graph.Node.Add(Node("ConstantOfShape", ["shape"], ["zeros"]));
            Load(folder, file, new ImportOptions { Limits = new OnnxFileLimits { MaxComputedBytes = 1 << 20 } });
        }, "(1000, 1000)", "ImportOptions.Limits"),
        Wrong("an input bound twice", _ => new ImportOptions().Bind("x", NDArray.Create([1f], [1])).Bind("x", NDArray.Create([1f], [1])), "bound twice"),
        Wrong("a branch that the data decides", folder => Load(folder, Branches()), "If", "ImportOptions.Bind(\"twice\", values)"),
        Wrong(
            "a name that is not in the graph",
            folder => OnnxFile.LoadModel(Put(folder, Dense())).GetLayer("z_nod"),
            "no layer 'z_nod'", "Did you mean 'z_node'?"),
        Wrong("missing external data", folder =>
        {
            var file = Dense();
            file.Graph.Initializer[0].ClearRawData();
            file.Graph.Initializer[0].DataLocation = TensorProto.Types.DataLocation.External;
            file.Graph.Initializer[0].ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "weights.bin" });
            Load(folder, file);
        }, "weights.bin"),
        Wrong("text", folder => Load(folder, Identity(DataType.String)), "string", "'x'"),
        Wrong("a missing file", folder => OnnxFile.LoadModel(folder.File("none.onnx")), "does not exist"),
        Wrong("attributes that do not fit", folder => Load(folder, Model(new GraphProto
        {
            Input = { Value("x", DataType.Float, 2, 3) },
            Output = { Value("y", DataType.Float, 2, 3) },
            Node = { Node("Transpose", ["x"], ["y"], Attributes.Ints("perm", [0, 7])) },
        })), "'y_node' (Transpose)", "[0, 7]"),
    ];

    private static object[] Wrong(string name, Action<TemporaryFolder> mistake, params string[] says)
    {
        void InFolder()
        {
            using var folder = new TemporaryFolder();
            mistake(folder);
        }

        return [new WrongUse(name, InFolder, says)];
    }

    private static void Load(TemporaryFolder folder, ModelProto file, ImportOptions? options = null) => OnnxFile.LoadModel(Put(folder, file), options);

    /// <summary>y = op(x) for a chain of operators.</summary>
    private static ModelProto With(params string[] ops)
    {
        var graph = new GraphProto { Input = { Value("x", DataType.Float, "n") }, Output = { Value("y", DataType.Float, "n") } };
        for (var i = 0; i < ops.Length; i++) graph.Node.Add(Node(ops[i], [i == 0 ? "x" : "v" + i], [i == ops.Length - 1 ? "y" : "v" + (i + 1)]));
        return Model(graph);
    }

    /// <summary>y = twice ? x + x : x.</summary>
    private static ModelProto Branches() => Model(new GraphProto
    {
        Input = { Value("x", DataType.Float, "n", 1), Value("twice", DataType.Bool) },
        Output = { Value("y", DataType.Float, "n", 1) },
        Node =
        {
            Node(
                "If",
                ["twice"],
                ["y"],
                Attributes.Graph("then_branch", Branch("then", Node("Add", ["x", "x"], ["a"]))),
                Attributes.Graph("else_branch", Branch("else", Node("Identity", ["x"], ["b"])))),
        },
    });

    /// <summary>y = x * scale, which is of that type.</summary>
    private static ModelProto Scaled(DataType type) => Model(new GraphProto
    {
        Input = { Value("x", DataType.Float, "n", 1), Value("scale", type) },
        Output = { Value("y", DataType.Float, "n", 1) },
        Node = { Node("Cast", ["scale"], ["s"], Attributes.Int("to", (int)DataType.Float)), Node("Mul", ["x", "s"], ["y"]) },
    });

    private static GraphProto Branch(string name, NodeProto node) =>
        new() { Name = name, Output = { Value(node.Output[0], DataType.Float, "n", 1) }, Node = { node } };

    private static void Equal(NDArray expected, NDArray actual)
    {
        for (var i = 0; i < expected.Count; i++) Assert.AreEqual(expected[i, 0], actual[i, 0], 1e-5f);
    }
}
