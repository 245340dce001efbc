using System.Numerics.Tensors;
using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Import.Schemas;
using OnnxFunctional.Export.Proto;
using static OnnxFunctional.Tests.Export.HandmadeModels;
using AttributeType = OnnxFunctional.Export.Proto.AttributeProto.Types.AttributeType;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.Export.Import;

/// <summary>Nodes that the specification does not allow are refused before ONNX Runtime crashes on them.</summary>
[TestClass]
public sealed class NodeGuardTests
{
    [TestMethod]
    [DataRow("Max")]
    [DataRow("Min")]
    [DataRow("Sum")]
    [DataRow("Mean")]
    [DataRow("Concat")]
    public void A_list_of_inputs_has_no_gaps(string type)
    {
        var node = Node(type, ["x", "", "x"], ["y"]);
        if (type == "Concat") node.Attribute.Add(Int("axis", 0));
        Refused(node, "has no name at input 1");
        node.Input[1] = "x";
        Check(node);
        node.Input.Clear();
        Refused(node, "which its operator requires");
    }

    [TestMethod]
    public void Required_inputs_and_outputs_have_names()
    {
        Refused(Node("Relu", [""], ["y"]), "has no input 'X', which its operator requires");
        Refused(Node("Gemm", ["x"], ["y"]), "has no input 'B'");
        Refused(Node("Where", ["x", "", "x"], ["y"]), "has no input 'X'");
        Refused(Node("Relu", ["x", "x"], ["y"]), "has 2 inputs, expected at most 1");
        Refused(Node("Relu", ["x"], ["y", "z"]), "has 2 outputs, expected at most 1");
        Refused(new NodeProto { OpType = "Relu", Input = { "x" }, Output = { "" } }, "has no output 'Y'");
        Check(Node("Clip", ["x", "", "x"], ["y"]));
    }

    [TestMethod]
    public void Attributes_are_there_and_of_their_kind()
    {
        Refused(Node("Concat", ["x", "x"], ["y"]), "has no attribute 'axis'");
        Refused(Node("Cast", ["x"], ["y"]), "has no attribute 'to'");
        Refused(Node("Concat", ["x", "x"], ["y"], Ints("axis", 0)), "is of the kind Ints, expected Int");
        Refused(Node("If", ["x"], ["y"]), "has no attribute");
        Check(Node("Concat", ["x", "x"], ["y"], Int("axis", 0)));
    }

    /// <summary>Legal, but ONNX Runtime reads address 0 for the bias of LayerNormalization and the length of DFT.</summary>
    [TestMethod]
    public void An_empty_name_at_the_end_is_left_out()
    {
        var model = Model(new GraphProto
        {
            Input = { Value("x", DataType.Float, "n", 3) },
            Initializer = { Floats("scale", [3], 1, 2, 3) },
            Node = { Node("LayerNormalization", ["x", "scale", ""], ["y"]), Node("Clip", ["y", "", ""], ["z"]) },
            Output = { Value("z", DataType.Float, "n", 3) },
        });
        using var loaded = OnnxModel.FromBytes(model.ToByteArray());
        Assert.AreEqual(0f, loaded.Predict(Tensor.Create([1f, 2, 3], [1, 3]))[0, 1], 1e-6f);
    }

    [TestMethod]
    public void Negative_counts_are_refused()
    {
        Refused(Node("GatherND", ["x", "w"], ["y"], Int("batch_dims", -3)), "'batch_dims' of node 'y_node' ('GatherND') is -3");
        var grams = Node("TfIdfVectorizer", ["x"], ["y"], Ints("ngram_counts", 0), Ints("ngram_indexes", 0));
        grams.Attribute.Add([Int("max_gram_length", 1), Int("min_gram_length", 1)]);
        grams.Attribute.Add([Int("max_skip_count", 70_900_414_013), new() { Name = "mode", Type = AttributeType.String, S = ByteString.CopyFromUtf8("TF") }]);
        Refused(grams, "'max_skip_count' of node 'y_node' ('TfIdfVectorizer') is 70900414013");
        Refused(Node("Multinomial", ["x"], ["y"], Int("sample_size", -1)), "is -1");
    }

    /// <summary>The length of such a list is the rank of the result, and ONNX Runtime infers shapes of any rank while it loads a file.</summary>
    [TestMethod]
    [DataRow("Reshape", 1)]
    [DataRow("Resize", 3)]
    [DataRow("Pad", 1)]
    [DataRow("Slice", 2)]
    [DataRow("ReduceSum", 1)]
    public void Declared_lists_of_axes_are_no_longer_than_a_rank(string type, int position)
    {
        var count = type == "Slice" ? 3 : position + 1;
        string[] inputs = [.. Enumerable.Range(0, count).Select(i => i == 0 ? "x" : type == "Resize" && i < position ? "" : "list")];
        var graph = new GraphProto { Input = { Value("list", DataType.Int64, 100_000_000) } };
        Refused(With(graph, Node(type, inputs, ["y"])), "takes a list of 100000000 numbers for at most 8 axes");
        graph.Input[0] = Value("list", DataType.Int64, 4);
        Read(With(graph, Node(type, inputs, ["y"])));
    }

    /// <summary>ONNX Runtime takes memory for declared shapes before it runs: 3 GB for a value of two numbers.</summary>
    [TestMethod]
    public void Declared_shapes_of_computed_values_do_not_take_gigabytes()
    {
        var model = Dense();
        model.Graph.ValueInfo.Add(Value("z", DataType.Float, 200_000_000, 2));
        StringAssert.Contains(Assert.ThrowsExactly<OnnxFileException>(() => Read(model)).Message, "'z' asks for a tensor of more than");
        model.Graph.ValueInfo.Clear();
        model.Graph.Output[0] = Value("y", DataType.Float, int.MaxValue, 2);
        StringAssert.Contains(Assert.ThrowsExactly<OnnxFileException>(() => Read(model)).Message, "'y' asks for a tensor of more than");
    }

    [TestMethod]
    public void A_Split_has_as_many_outputs_as_it_says() =>
        Refused(Node("Split", ["x"], ["a", "b"], Int("num_outputs", 100_000_000)), "'num_outputs' of node 'a_node' ('Split') is 100000000");

    /// <summary>An INT attribute without a value is 0 to every reader, and ONNX Runtime divides by it.</summary>
    [TestMethod]
    [DataRow("ConvTranspose", "group", "x w")]
    [DataRow("Conv", "group", "x w")]
    [DataRow("DepthToSpace", "blocksize", "x")]
    [DataRow("GroupNormalization", "num_groups", "x w w")]
    public void A_number_that_is_left_out_is_zero(string type, string name, string inputs) =>
        Refused(Node(type, inputs.Split(' '), ["y"], new AttributeProto { Name = name, Type = AttributeType.Int }), "is 0");

    [TestMethod]
    [DataRow(1_000_000)]
    [DataRow(100_000_000)]
    [DataRow(int.MaxValue)]
    public void Padding_alone_does_not_take_gigabytes(long padding)
    {
        var pads = Ints("pads", padding, padding, padding, padding);
        Refused(Node("Conv", ["x", "w"], ["y"], pads), "asks for a tensor of more than");
        Refused(Node("MaxPool", ["x"], ["y"], Ints("kernel_shape", 3, 3), pads), "asks for a tensor of more than");
        Refused(Node("AveragePool", ["x"], ["y"], Ints("kernel_shape", 3, 3), pads), "asks for a tensor of more than");
        Refused(Node("ConvTranspose", ["x", "w"], ["y"], Ints("output_padding", padding, padding)), "asks for a tensor of more than");
        Refused(Node("ConvTranspose", ["x", "w"], ["y"], Ints("dilations", 40_000, 40_000)), "asks for a tensor of more than");
        Refused(Node("ConvTranspose", ["x", "w"], ["y"], Ints("output_shape", padding, padding)), "asks for a tensor of more than");
    }

    /// <summary>ONNX Runtime copies the window of every place, so the pads count with the other axes, the batch, and the weights.</summary>
    [TestMethod]
    public void Padding_counts_with_what_is_known_of_the_input()
    {
        var images = new GraphProto
        {
            Input = { Value("images", DataType.Float, 2, 2, 5, 5) },
            Initializer = { Floats("kernels", [2, 2, 3, 3], new float[36]) },
        };
        var limits = new OnnxFileLimits { MaxComputedBytes = 1 << 26 };
        Read(100_000, limits);
        Assert.Contains("asks for a tensor of more than", Assert.ThrowsExactly<OnnxFileException>(() => Read(500_000, limits)).Message);

        void Read(long padding, OnnxFileLimits limits) =>
            OnnxFileGuard.ReadBytes(
                With(images, Node("Conv", ["images", "kernels"], ["y"], Ints("pads", padding, 1, 1, 1), Ints("strides", 2, 1))).ToByteArray(),
                "the model",
                null,
                limits);
    }

    /// <summary>Large images, but no larger than those that come in.</summary>
    [TestMethod]
    public void Windows_over_large_inputs_are_accepted()
    {
        var images = new GraphProto
        {
            Input = { Value("images", DataType.Float, 64, 64, 1024, 1024) },
            Initializer = { Floats("kernels", [64, 1, 2, 2], new float[256]) },
        };
        Read(With(images, Node("Conv", ["images", "kernels"], ["y"], Int("group", 64), Ints("pads", 0, 0, 1, 1))));
        Read(With(images, Node("ConvTranspose", ["images", "kernels"], ["y"], Int("group", 64), Ints("strides", 2, 2))));
        Read(With(images, Node("MaxPool", ["images"], ["y"], Ints("kernel_shape", 3, 3), Ints("strides", 2, 2), Ints("pads", 1, 1, 1, 1))));
        Refused(
            With(images, Node("ConvTranspose", ["images", "kernels"], ["y"], Int("group", 64), Ints("strides", 3, 3))), "asks for a tensor of more than");
    }

    /// <summary>ONNX Runtime reads the first element of an empty list.</summary>
    [TestMethod]
    public void A_constant_that_stands_for_a_number_is_one()
    {
        var constants = new GraphProto { Initializer = { Longs("none", [0]), Longs("one", [1], 3), Longs("two", [2], 3, 4), Floats("values", [2], 0, 1) } };
        Refused(With(constants, Node("OneHot", ["two", "none", "values"], ["y"])), "input 1 of node 'y_node' ('OneHot') has the shape (0)");
        Refused(With(constants, Node("Range", ["one", "one", "two"], ["y"])), "input 2 of node 'y_node' ('Range') has the shape (2), expected one number");
        Read(With(constants, Node("OneHot", ["two", "one", "values"], ["y"])));
    }

    /// <summary>ONNX Runtime ends the process.</summary>
    [TestMethod]
    public void The_window_of_a_transform_has_an_axis()
    {
        var scalar = new GraphProto
        {
            Input = { Value("signal", DataType.Float, 1, 8, 1), Value("window", DataType.Float) },
            Initializer = { Longs("step", [], 2) },
        };
        Refused(With(scalar, Node("STFT", ["signal", "step", "window"], ["y"])), "input 2 of node 'y_node' ('STFT') has the rank 0, expected 1");
    }

    /// <summary>A row: what makes the rank, of a matrix, a list of two numbers, or one number.</summary>
    [TestMethod]
    [DataRow(0, "ReduceSum", new[] { "matrix" }, "keepdims", 0L)]
    [DataRow(2, "ReduceSum", new[] { "matrix" }, "", 0L)]
    [DataRow(2, "ReduceSum", new[] { "matrix" }, "keepdims", 1L)]
    [DataRow(1, "ReduceSum", new[] { "matrix", "one_axis" }, "keepdims", 0L)]
    [DataRow(1, "ArgMax", new[] { "matrix" }, "keepdims", 0L)]
    [DataRow(0, "Squeeze", new[] { "matrix", "two_axes" }, "", 0L)]
    [DataRow(4, "Unsqueeze", new[] { "matrix", "two_axes" }, "", 0L)]
    [DataRow(2, "Reshape", new[] { "matrix", "two_axes" }, "", 0L)]
    [DataRow(0, "Reshape", new[] { "matrix", "nothing" }, "", 0L)]
    [DataRow(1, "Gather", new[] { "matrix", "number" }, "", 0L)]
    [DataRow(2, "Gather", new[] { "matrix", "one_axis" }, "", 0L)]
    [DataRow(2, "Add", new[] { "number_of_floats", "matrix" }, "", 0L)]
    [DataRow(1, "Shape", new[] { "matrix" }, "", 0L)]
    [DataRow(0, "Size", new[] { "matrix" }, "", 0L)]
    [DataRow(2, "Flatten", new[] { "number_of_floats" }, "", 0L)]
    [DataRow(3, "Expand", new[] { "matrix", "three" }, "", 0L)]
    [DataRow(-1, "Squeeze", new[] { "matrix" }, "", 0L)]
    [DataRow(-1, "Reshape", new[] { "matrix", "list" }, "", 0L)]
    [DataRow(-1, "Einsum", new[] { "matrix" }, "", 0L)]
    public void Ranks_follow_from_operators(int expected, string type, string[] inputs, string option, long value)
    {
        var node = Node(type, inputs, ["y"]);
        if (option.Length > 0) node.Attribute.Add(Int(option, value));
        var known = new KnownConstants(RankedValues(), null);
        known.AddRanks(Node("Cos", ["matrix"], ["z"]));
        known.AddRanks(node);
        known.AddRanks(Node("Relu", ["y"], ["after"]));
        Assert.AreEqual(expected < 0 ? null : (int?)expected, known.RankOf(Node("Relu", ["after"], ["end"]), 0));
        Assert.AreEqual(2, known.RankOf(Node("Relu", ["z"], ["end"]), 0));
    }

    /// <summary>ONNX Runtime ends the process in each of these.</summary>
    [TestMethod]
    [DataRow("STFT", 2, "expected 1")]
    [DataRow("STFT", 0, "expected at least 2")]
    [DataRow("DFT", 0, "expected at least 2")]
    [DataRow("ReverseSequence", 1, "expected 1")]
    [DataRow("Multinomial", 0, "expected 2")]
    [DataRow("Conv", 0, "expected at least 3")]
    [DataRow("Einsum", 1, "expected 2")]
    public void Scalars_that_operators_make_do_not_reach_kernels_that_crash_on_them(string type, int place, string expected)
    {
        var graph = RankedValues();
        var inputs = type switch
        {
            "STFT" => new[] { "cube", "number", "window" },
            "Conv" => ["cube", "cube"],
            "ReverseSequence" => ["matrix", "one_axis"],
            "Einsum" => ["matrix", "matrix"],
            _ => ["matrix"],
        };
        inputs[place] = "scalar";
        var node = Node(type, inputs, ["y"]);
        if (type == "Einsum")
            node.Attribute.Add(new AttributeProto { Name = "equation", Type = AttributeType.String, S = ByteString.CopyFromUtf8("...i, jk -> ...") });
        graph.Node.Add(Node("ReduceSum", ["matrix"], ["scalar"], Int("keepdims", 0)));
        Refused(With(graph, node), $"input {place} of node 'y_node' ('{type}') has the rank 0, {expected}");
    }

    private static GraphProto RankedValues() => new()
    {
        Input =
        {
            Value("matrix", DataType.Float, 3, 4), Value("cube", DataType.Float, 1, 8, 1), Value("window", DataType.Float, 4),
            Value("list", DataType.Int64, "n"),
        },
        Initializer =
        {
            Longs("nothing", [0]), Longs("one_axis", [1], 1), Longs("two_axes", [2], 0, 1), Longs("three", [3], 2, 3, 4), Longs("number", [], 2),
            Floats("number_of_floats", [], 2),
        },
    };

    [TestMethod]
    public void Lists_of_a_window_have_one_number_an_axis()
    {
        Refused(Node("Conv", ["x", "w"], ["y"], Ints("strides", 1)), "'strides' of node 'y_node' ('Conv') has 1 numbers for a window of 2 axes");
        Refused(Node("MaxPool", ["x"], ["y"], Ints("kernel_shape", 3, 3), Ints("pads", 1, 1, 1)), "'pads' of");
        Check(Node("Conv", ["x", "w"], ["y"], Ints("strides", 1, 2), Ints("pads", 3, 3, 3, 3)));
    }

    [TestMethod]
    [DataRow("HannWindow")]
    [DataRow("DFT")]
    [DataRow("Resize")]
    [DataRow("RoiAlign")]
    [DataRow("TfIdfVectorizer")]
    [DataRow("Pad")]
    public void Constant_sizes_are_found_wherever_an_operator_takes_them(string type)
    {
        var large = new GraphProto { Initializer = { Longs("size", [], 1L << 40), Longs("length", [], 1L << 24), Floats("scales", [2], 1e6f, 1e6f) } };
        NodeProto node = type switch
        {
            "HannWindow" => Node(type, ["size"], ["y"]),
            "DFT" => Node(type, ["x", "length"], ["y"]),
            "Resize" => Node(type, ["x", "", "scales"], ["y"]),
            "TfIdfVectorizer" => Node(
                type, ["x"], ["y"], Ints("ngram_counts", 0), Ints("ngram_indexes", 3, 1L << 31), Int("max_gram_length", 1), Int("min_gram_length", 1),
                Int("max_skip_count", 0), new AttributeProto { Name = "mode", Type = AttributeType.String, S = ByteString.CopyFromUtf8("TF") }),
            "RoiAlign" => Node(type, ["x", "x", "x"], ["y"], Int("output_height", 1 << 20), Int("output_width", 1 << 20)),
            _ => Node(type, ["x"], ["y"], Ints("pads", 0, 1L << 30, 0, 0)),
        };
        Refused(With(large, node, opset: type == "Pad" ? 9 : 21), "asks for a tensor of more than");

        // A branch sees the constants around it.
        var branch = new GraphProto { Name = "b", Node = { node }, Output = { new ValueInfoProto { Name = "y" } } };
        var other = new GraphProto { Name = "o", Node = { Node("Identity", ["x"], ["o"]) }, Output = { new ValueInfoProto { Name = "o" } } };
        var choice = Node("If", ["x"], ["r"], Graph("then_branch", branch), Graph("else_branch", other));
        Refused(With(large, choice, opset: type == "Pad" ? 9 : 21), "asks for a tensor of more than");
    }

    [TestMethod]
    public void The_version_that_a_function_imports_applies_inside_it()
    {
        var model = Dense();
        var function = new FunctionProto { Name = "f", Domain = "local", Input = { "a" }, Output = { "b" } };
        function.Node.Add(Node("ReduceSum", ["a"], ["b"], Ints("axes", 0)));
        function.OpsetImport.Add(new OperatorSetIdProto { Version = 11 });
        model.Functions.Add(function);
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "local", Version = 1 });
        Read(model);
        function.Node[0] = Node("Dropout", ["a", "a"], ["b"]);
        StringAssert.Contains(Assert.ThrowsExactly<OnnxFileException>(() => Read(model)).Message, "has 2 inputs, expected at most 1");
        function.OpsetImport[0].Version = 13;
        Read(model);
    }

    [TestMethod]
    public void A_domain_that_is_used_is_imported()
    {
        var model = Dense();
        model.OpsetImport[0].Domain = "ai.onnx.ml";
        model.OpsetImport[0].Version = 3;
        StringAssert.Contains(Assert.ThrowsExactly<OnnxFileException>(() => Read(model)).Message, "no version of ai.onnx is imported");
    }

    [TestMethod]
    public void The_table_knows_each_operator_in_its_versions()
    {
        Assert.IsGreaterThan(200, OperatorSchemas.Names.Count);
        Assert.AreEqual(7, OperatorSchemas.Find("", "Dropout", 8)!.Since);
        Assert.AreEqual("0.5", OperatorSchemas.Find("", "Dropout", 8)!.Attribute("ratio")!.Default);
        Assert.AreEqual(2, OperatorSchemas.Find("", "Dropout", 12)!.Inputs.Count(input => input.Occurrence == Occurrence.Optional));
        Assert.IsNull(OperatorSchemas.Find("", "Upsample", 10));
        Assert.IsNull(OperatorSchemas.Find("", "RMSNormalization", 22));
        Assert.AreEqual(23, OperatorSchemas.Find("", "RMSNormalization", 26)!.Since);
        Assert.AreEqual(Occurrence.OneOrMore, OperatorSchemas.Find("", "Concat", 21)!.Inputs[0].Occurrence);
        Assert.IsTrue(OperatorSchemas.Find("ai.onnx.ml", "TreeEnsemble", 5)!.Attribute("tree_roots")!.IsRequired);
        foreach (var name in OperatorSchemas.Names)
        {
            var (domain, type) = name.StartsWith("ai.onnx.ml.", StringComparison.Ordinal) ? ("ai.onnx.ml", name[11..]) : ("", name);
            for (var version = 1; version <= 26; version++) OperatorSchemas.Find(domain, type, version);
        }
    }

    private static void Refused(NodeProto node, string part) => Refused(With(new GraphProto(), node), part);

    private static void Refused(ModelProto model, string part) =>
        StringAssert.Contains(Assert.ThrowsExactly<OnnxFileException>(() => Read(model)).Message, part);

    private static void Check(NodeProto node) => Read(With(new GraphProto(), node));

    private static void Read(ModelProto model) => OnnxFileGuard.ReadBytes(model.ToByteArray(), "the model", null, new OnnxFileLimits());

    private static ModelProto With(GraphProto graph, NodeProto node, int opset = 21)
    {
        graph = graph.Clone();
        graph.Input.Add(Value("x", DataType.Float, "n", 1, 3, 3));
        graph.Initializer.Add(Floats("w", [1, 1, 3, 3], new float[9]));
        graph.Node.Add(node);
        return Model(graph, opset);
    }

    private static AttributeProto Int(string name, long value) => new() { Name = name, Type = AttributeType.Int, I = value };

    private static AttributeProto Graph(string name, GraphProto value) => new() { Name = name, Type = AttributeType.Graph, G = value };
}
