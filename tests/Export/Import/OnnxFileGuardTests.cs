using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Training;
using static OnnxFunctional.Tests.Export.HandmadeModels;
using AttributeType = OnnxFunctional.Export.Proto.AttributeProto.Types.AttributeType;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.Export.Import;

[TestClass]
public class OnnxFileGuardTests
{
    [TestMethod]
    public void Well_formed_files_are_accepted()
    {
        foreach (var model in new[] { Dense(), AddAndCompare(), Identity(DataType.String), Lookup(), Loop(), WithFunctions(depth: 5, calls: 2) }) Check(model);
    }

    [TestMethod]
    public void A_refusal_names_the_file_however_long_its_folder_is()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(Directory.CreateDirectory(folder.File(new string('f', 100))).FullName, "model.onnx");
        File.WriteAllBytes(path, [1, 2, 3]);
        Assert.StartsWith($"'{path}' is not accepted: ", Assert.ThrowsExactly<OnnxFileException>(() => OnnxModel.Load(path)).Message);
    }

    [TestMethod]
    public void A_link_is_read_as_the_file_behind_it()
    {
        using var folder = new TemporaryFolder();
        var (file, link) = (folder.File("stored"), folder.File("model.onnx"));
        var input = Model.Input([3]);
        var model = new Model(input, new OnnxFunctional.Layers.Dense(2).Call(input));
        model.ExportOnnx(file);
        File.CreateSymbolicLink(link, file);
        using var onnx = OnnxModel.Load(link);
        float[,] x = { { 1, 2, 3 } };
        Assert.AreEqual(model.Predict(x)[0, 0], onnx.Predict(x)[0, 0], 1e-6);
        Assert.AreEqual(onnx.Predict(x)[0, 0], OnnxFile.LoadModel(link).Predict(x)[0, 0], 1e-6);
        Assert.IsTrue(OnnxFile.Verify(link).Passed);
    }

    [TestMethod]
    public void Nodes_in_any_order_are_accepted()
    {
        var model = Dense();
        var first = model.Graph.Node[0];
        model.Graph.Node.RemoveAt(0);
        model.Graph.Node.Add(first);
        Check(model);
    }

    [TestMethod]
    public void Versions_that_are_not_read_are_refused()
    {
        Refused(model => model.IrVersion = 2, "IR version is 2");
        Refused(model => model.IrVersion = 14, "IR version is 14");
        Refused(model => model.OpsetImport[0].Version = 6, "version 6 of the operators of ai.onnx");
        Refused(model => model.OpsetImport[0].Version = 27, "version 27");
        Refused(model => model.OpsetImport.Add(new OperatorSetIdProto { Domain = "ai.onnx", Version = 21 }), "twice");
        Refused(model => model.OpsetImport.Clear(), "imports no operators");
        Refused(model => model.Graph = null, "no graph");
        Refused(model => model.Graph.Node[0].Domain = "evil.corp", "domain 'evil.corp'");
        Refused(model => model.Graph.Node[0].OpType = "", "has no operator");
    }

    [TestMethod]
    public void Tensors_that_do_not_hold_what_they_announce_are_refused()
    {
        Refused(model => model.Graph.Initializer[0].Dims[0] = 4, "needs 32 bytes and holds 24");
        Refused(model => model.Graph.Initializer[0].Dims[0] = 2, "needs 16 bytes and holds 24");
        Refused(model => model.Graph.Initializer[0].Dims[0] = -3, "dimension -3");
        Refused(model => model.Graph.Initializer[0].Dims.Add([1L << 40, 1L << 40]), "more than 2^63");
        Refused(model => model.Graph.Initializer[0].Dims.Add([1, 1, 1, 1, 1, 1, 1]), "9 dimensions");
        Refused(model => model.Graph.Initializer[0].DataType = 0, "unknown element type 0");
        Refused(model => model.Graph.Initializer[0].DataType = 99, "unknown element type 99");
        Refused(model => model.Graph.Initializer[0].DataType = (int)DataType.String, "strings as raw bytes");
        Refused(model => model.Graph.Initializer[0].FloatData.Add(1), "holds its data twice");
        Refused(model => model.Graph.Initializer[0].ClearRawData(), "needs 6 values of its type and holds 0");
        Refused(model => model.Graph.Initializer[0].Segment = new TensorProto.Types.Segment(), "segments");
        Refused(model => model.Graph.Initializer[0].ExternalData.Add(Entry("location", "w")), "without declaring its data as external");
        Refused(model => model.Graph.Input[0].Type.TensorType.ElemType = 77, "unknown element type 77");
        Refused(model => model.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimValue = -1, "the dimension -1");
    }

    [TestMethod]
    public void Tensors_of_every_type_and_form_are_measured_right()
    {
        Accept(new TensorProto { DataType = (int)DataType.Int4, Dims = { 3 }, RawData = ByteString.CopyFrom(1, 2) });
        Accept(new TensorProto { DataType = (int)DataType.Int4, Dims = { 3 }, Int32Data = { 1, 2 } });
        Accept(new TensorProto { DataType = (int)DataType.Uint2, Dims = { 5 }, RawData = ByteString.CopyFrom(1, 2) });
        Accept(new TensorProto { DataType = (int)DataType.Complex64, Dims = { 2 }, FloatData = { 1, 2, 3, 4 } });
        Accept(new TensorProto { DataType = (int)DataType.Complex128, Dims = { 1 }, RawData = ByteString.CopyFrom(new byte[16]) });
        Accept(new TensorProto { DataType = (int)DataType.Float16, Dims = { 2 }, Int32Data = { 1, 2 } });
        Accept(new TensorProto { DataType = (int)DataType.Bool, Dims = { 2 }, RawData = ByteString.CopyFrom(0, 1) });
        Accept(new TensorProto { DataType = (int)DataType.Uint32, Dims = { 1 }, Uint64Data = { 1 } });
        Accept(new TensorProto { DataType = (int)DataType.Double, DoubleData = { 1 } });
        Accept(new TensorProto { DataType = (int)DataType.String, Dims = { 2 }, StringData = { ByteString.Empty, ByteString.Empty } });
        Accept(new TensorProto { DataType = (int)DataType.Float, Dims = { 0, long.MaxValue } });

        static void Accept(TensorProto tensor)
        {
            tensor.Name = "t";
            Check(With(Dense(), model => model.Graph.Initializer.Add(tensor)));
        }
    }

    [TestMethod]
    public void Names_defined_twice_or_nowhere_are_refused()
    {
        Refused(model => model.Graph.Node[1].Output[0] = "z", "'z' is defined twice");
        Refused(model => model.Graph.Node[1].Output[0] = "W", "'W' is defined twice");
        Refused(model => model.Graph.Node[0].Input[0] = "q", "takes 'q', which is never defined");
        Refused(model => model.Graph.Output[0].Name = "q", "output 'q' of the graph is never computed");
        Refused(model => model.Graph.Input.Add(Value("x", DataType.Float)), "input 'x' twice");
        Refused(model => model.Graph.Initializer[1].Name = "W", "initializer 'W' twice");
        Refused(model => model.Graph.Node[0].Input[0] = "y", "form a cycle");
        Refused(model => model.Graph.Node[0].Input[0] = "z", "form a cycle");
    }

    [TestMethod]
    public void Names_inside_loops_see_what_is_around()
    {
        var unknown = Loop();
        unknown.Graph.Node[0].Attribute[0].G.Node[1].Input[1] = "q";
        Refused(unknown, "takes 'q'");

        var cycle = Loop();
        cycle.Graph.Node[0].Attribute[0].G.Node[1].Input[1] = "y";
        Refused(cycle, "form a cycle");
    }

    [TestMethod]
    public void Attributes_of_another_kind_or_several_are_refused()
    {
        Refused(
            model => model.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "alpha", Type = AttributeType.Float, I = 1 }),
            "declares Float and holds Int");
        Refused(
            model => model.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "alpha", Type = AttributeType.Float, F = 1, I = 1 }), "has several values");
        Refused(
            model => model.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "body", Type = AttributeType.Graph }), "declares Graph and holds nothing");
        Refused(model => model.Graph.Node[0].Attribute.Add(new AttributeProto { Type = AttributeType.Int, I = 1 }), "without a name");
        Refused(model => model.Graph.Node[0].Attribute.Add([Ints("pads", 1), Ints("pads", 1)]), "node 'z_node' ('Gemm') has the attribute 'pads' twice");
        Refused(model => model.Graph.Node[0].Attribute.Add(Ints("kernel_shape", 3, 0)), "is 0");
        Refused(model => model.Graph.Node[0].Attribute.Add(Ints("strides", 3, -1)), "is -1");
        Refused(model => model.Graph.Node[0].Attribute.Add(Ints("kernel_shape", 1 << 20, 1 << 20)), "multiplies to more than 2^31");
        Refused(model => model.Graph.Node[0].Attribute.Add(Ints("pads", long.MaxValue)), "is 9223372036854775807");
        Refused(model => model.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "group", Type = AttributeType.Int, I = 0 }), "is 0");
    }

    [TestMethod]
    [DataRow("ConstantOfShape", 0)]
    [DataRow("Expand", 1)]
    [DataRow("Tile", 1)]
    [DataRow("Resize", 3)]
    public void Constant_sizes_beyond_the_limit_are_refused(string type, int position)
    {
        Refused(WithSize(1L << 20, 1L << 20), "asks for a tensor of more than");
        Refused(WithSize(long.MaxValue, long.MaxValue), "asks for a tensor of more than");
        Check(WithSize(16, 16));
        Check(WithSize(-1, 0));

        ModelProto WithSize(params long[] sizes)
        {
            string[] inputs = [.. Enumerable.Range(0, position).Select(i => i == 0 ? "x" : ""), "size"];
            return With(Dense(), model =>
            {
                model.Graph.Initializer.Add(Longs("size", [2], sizes));
                model.Graph.Node.Add(Node(type, inputs, ["large"]));
            });
        }
    }

    [TestMethod]
    public void Constant_sizes_of_other_forms_are_refused()
    {
        Refused(model => model.Graph.Node.Add(Node("RandomNormal", [], ["large"], Ints("shape", 1L << 30, 1L << 30))), "asks for a tensor");
        Refused(
            model =>
            {
                model.Graph.Node.Add(Node("Constant", [], ["size"], Ints("value_ints", 1L << 40)));
                model.Graph.Node.Add(Node("ConstantOfShape", ["size"], ["large"]));
            },
            "asks for a tensor");
        Refused(
            model =>
            {
                model.Graph.Initializer.Add([Longs("from", [], long.MinValue), Longs("to", [], long.MaxValue), Longs("step", [], 1)]);
                model.Graph.Node.Add(Node("Range", ["from", "to", "step"], ["large"]));
            },
            "asks for a tensor");
        Refused(
            model =>
            {
                model.Graph.Initializer.Add(Longs("pads", [4], 0, 1L << 40, 0, 0));
                model.Graph.Node.Add(Node("Pad", ["x", "pads"], ["large"]));
            },
            "asks for a tensor");
        Refused(
            model => model.Graph.SparseInitializer.Add(
                new SparseTensorProto { Values = Floats("s", [1], 1), Indices = Longs("", [1], 0), Dims = { 1L << 30, 1L << 30 } }),
            "asks for a tensor");
    }

    [TestMethod]
    public void Deep_wide_or_recursive_functions_are_refused_at_once()
    {
        Check(WithFunctions(depth: 99, calls: 1));
        Refused(WithFunctions(depth: 150, calls: 1), "more than 100 deep");
        Refused(WithFunctions(depth: 3000, calls: 1), "more than 100 deep");
        Refused(WithFunctions(depth: 25, calls: 2), "more than 1000000 nodes");
        Refused(WithFunctions(depth: 90, calls: 2), "more than 1000000 nodes");
        var recursive = WithFunctions(depth: 3, calls: 1);
        recursive.Functions[^1].Node[0].OpType = "f0";
        recursive.Functions[^1].Node[0].Domain = "local";
        Refused(recursive, "calls itself");
        var twice = WithFunctions(depth: 2, calls: 1);
        twice.Functions.Add(twice.Functions[0].Clone());
        Refused(twice, "defined twice");
    }

    [TestMethod]
    public void Graphs_nested_too_deep_are_refused()
    {
        Check(Nested(20));
        Refused(Nested(33), "nested more than");
        Refused(Nested(60), "nested more than");
    }

    [TestMethod]
    public void Limits_are_the_callers()
    {
        Refused(Dense(), "OnnxFileLimits.MaxFileBytes", new OnnxFileLimits { MaxFileBytes = 100 });
        Refused(Dense(), "OnnxFileLimits.MaxParts", new OnnxFileLimits { MaxParts = 10 });
        Refused(Dense(), "OnnxFileLimits.MaxRank", new OnnxFileLimits { MaxRank = 1 });
        Refused(Dense(), "OnnxFileLimits.MaxNodes", new OnnxFileLimits { MaxNodes = 1 });
        Refused(WithFunctions(3, 1), "OnnxFileLimits.MaxFunctions", new OnnxFileLimits { MaxFunctions = 2 });
        Refused(WithFunctions(3, 1), "OnnxFileLimits.MaxFunctionDepth", new OnnxFileLimits { MaxFunctionDepth = 2 });
        Refused(Loop(), "OnnxFileLimits.MaxSubgraphDepth", new OnnxFileLimits { MaxSubgraphDepth = 0 });
    }

    [TestMethod]
    public void Parts_are_counted_before_they_are_built()
    {
        // 10 MB of empty nodes would be half a gigabyte of objects.
        var empties = new byte[10_000_000];
        for (var i = 0; i < empties.Length; i += 2) empties[i] = 0x0A;
        var file = new byte[empties.Length + 5];
        file[0] = 0x3A;
        var length = empties.Length;
        for (var i = 1; i < 5; i++, length >>= 7) file[i] = (byte)((length & 0x7F) | (i < 4 ? 0x80 : 0));
        empties.CopyTo(file, 5);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Refused(file, "parts");
        Assert.IsLessThan(1_000_000, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void Messages_quote_briefly_and_without_control_characters()
    {
        var failure = Refused(model => model.Graph.Node[0].Input[0] = "\u001b[31m" + new string('q', 5000), "'?[31mqqq");
        Assert.IsLessThan(400, failure.Message.Length);
    }

    private static OnnxFileException Refused(Action<ModelProto> change, string part) => Refused(With(Dense(), change), part);

    private static OnnxFileException Refused(ModelProto model, string part, OnnxFileLimits? limits = null) => Refused(model.ToByteArray(), part, limits);

    private static OnnxFileException Refused(byte[] bytes, string part, OnnxFileLimits? limits = null)
    {
        var failure = Assert.ThrowsExactly<OnnxFileException>(() => OnnxFileGuard.ReadBytes(bytes, "the model", null, limits ?? new OnnxFileLimits()));
        StringAssert.Contains(failure.Message, part);
        return failure;
    }

    private static void Check(ModelProto model) => OnnxFileGuard.ReadBytes(model.ToByteArray(), "the model", null, new OnnxFileLimits());

    private static ModelProto With(ModelProto model, Action<ModelProto> change)
    {
        change(model);
        return model;
    }

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };

    /// <summary>Functions f0 ... that each call the next one; the last is a Relu.</summary>
    private static ModelProto WithFunctions(int depth, int calls)
    {
        var model = Dense();
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "local", Version = 1 });
        for (var i = 0; i < depth; i++)
        {
            var function = new FunctionProto { Name = "f" + i, Domain = "local", Input = { "in" }, Output = { "v" + (calls - 1) } };
            function.OpsetImport.Add(model.OpsetImport);
            for (var call = 0; call < calls; call++)
            {
                var node = Node(i == depth - 1 ? "Relu" : "f" + (i + 1), [call == 0 ? "in" : "v" + (call - 1)], ["v" + call]);
                if (i < depth - 1) node.Domain = "local";
                function.Node.Add(node);
            }

            model.Functions.Add(function);
        }

        var caller = Node("f0", ["y"], ["called"]);
        caller.Domain = "local";
        model.Graph.Node.Add(caller);
        return model;
    }

    private static ModelProto Nested(int depth)
    {
        var model = Dense();
        var graph = model.Graph;
        for (var i = 0; i < depth; i++)
        {
            var inner = new GraphProto { Name = "g" + i };
            var branch = new AttributeProto { Name = "then_branch", Type = AttributeType.Graph, G = inner };
            var other = new AttributeProto { Name = "else_branch", Type = AttributeType.Graph, G = new GraphProto() };
            graph.Node.Add(new NodeProto { OpType = "If", Input = { "x" }, Output = { "r" + i }, Attribute = { branch, other } });
            graph = inner;
        }

        return model;
    }
}
