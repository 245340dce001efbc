using System.Numerics.Tensors;
using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.Export.Runtime;

[TestClass]
public class OnnxModelTests
{
    private static readonly OnnxModelOptions OneThread = new() { IntraOpThreads = 1 };

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(7)]
    public void Any_batch_computes_the_graph(int batch)
    {
        using var model = Open(HandmadeModels.Dense());
        var x = Numbers(batch, 3);
        var y = model.Predict(x);
        CollectionAssert.AreEqual(new int?[] { batch, 2 }, y.Shape.ToArray());
        for (var row = 0; row < batch; row++)
        {
            Assert.AreEqual(x[row, 0] + (3 * x[row, 1]) + (5 * x[row, 2]) + 0.5f, y[row, 0], 1e-4f);
            Assert.AreEqual(Math.Max((2 * x[row, 0]) + (4 * x[row, 1]) + (6 * x[row, 2]) - 100, 0), y[row, 1], 1e-4f);
        }
    }

    /// <summary>ONNX Runtime divides by the number of rows there, which ends the process.</summary>
    [TestMethod]
    public void Empty_batches_are_refused_where_ONNX_Runtime_crashes()
    {
        var x = Model.Input([4, 3], name: "x");
        foreach (var layer in new Layer[] { new Lstm(2), new Gru(2), new SimpleRnn(2), new Bidirectional(new Lstm(2)) })
        {
            var network = new Model(x, x.Apply(layer));
            using var folder = new TemporaryFolder();
            network.ExportOnnx(folder.File("m.onnx"), new ExportOptions { Verify = false });
            using var model = OnnxModel.Load(folder.File("m.onnx"));
            var empty = Tensor.Create(Array.Empty<float>(), [0, 4, 3]);
            Assert.Contains("needs at least one row", Assert.ThrowsExactly<ArgumentException>(() => model.Predict(empty)).Message);
            Assert.AreEqual(0, network.Predict(empty).Count);
        }
    }

    /// <summary>With a declared rank the file is not loaded; without one, ONNX Runtime ends the process.</summary>
    [TestMethod]
    [DataRow("ReverseSequence")]
    [DataRow("DFT")]
    [DataRow("STFT")]
    public void Scalars_are_refused_where_ONNX_Runtime_crashes(string type)
    {
        var graph = new GraphProto
        {
            Input = { HandmadeModels.Value("x", DataType.Float) },
            Output = { new ValueInfoProto { Name = "y" } },
            Initializer = { HandmadeModels.Longs("list", type == "DFT" ? [] : [1], 1) },
            Node = { HandmadeModels.Node(type, ["x", "list"], ["y"]) },
        };
        graph.Input[0].Type.TensorType.Shape = null;
        using var model = Open(HandmadeModels.Model(graph));
        Assert.Contains("is a scalar, and its " + type, Assert.ThrowsExactly<ArgumentException>(() => model.Run(OnnxValue.Scalar(1f))).Message);
    }

    /// <summary>The file leaves the rank open, and ONNX Runtime ends the process.</summary>
    [TestMethod]
    [DataRow("MaxRoiPool", "takes 4")]
    [DataRow("Multinomial", "takes 2")]
    [DataRow("ReverseSequence", "takes at least 2")]
    public void Inputs_of_another_rank_are_refused_where_ONNX_Runtime_crashes(string type, string expected)
    {
        var node = HandmadeModels.Node(type, type == "Multinomial" ? ["x"] : ["x", "other"], ["y"]);
        if (type == "MaxRoiPool") node.Attribute.Add(HandmadeModels.Ints("pooled_shape", 1, 1));
        var graph = new GraphProto
        {
            Input = { HandmadeModels.Value("x", DataType.Float) },
            Output = { new ValueInfoProto { Name = "y" } },
            Initializer = { type == "MaxRoiPool" ? HandmadeModels.Floats("other", [1, 5], 0, 0, 0, 1, 1) : HandmadeModels.Longs("other", [1], 1) },
            Node = { node },
        };
        graph.Input[0].Type.TensorType.Shape = null;
        using var model = Open(HandmadeModels.Model(graph));
        var refusal = Assert.ThrowsExactly<ArgumentException>(() => model.Run(OnnxValue.From(Tensor.Create(new float[4], [4]))));
        Assert.Contains("has 1 dimensions", refusal.Message);
        Assert.Contains(expected, refusal.Message);
    }

    [TestMethod]
    public void Views_of_tensors_are_read_in_their_own_order()
    {
        using var model = Open(HandmadeModels.Dense());
        var wide = Numbers(6, 5);
        var strided = wide.Slice(1..4, 1..4);
        Assert.IsFalse(strided.IsDense);
        var rows = Numbers(6, 3).Slice(2..5, 0..3);
        foreach (var view in new[] { strided, rows })
            CollectionAssert.AreEqual(model.Predict(view.ToDenseTensor()).ToArray(), model.Predict(view).ToArray());
    }

    [TestMethod]
    public void Inputs_have_name_type_and_shape()
    {
        using var model = Open(HandmadeModels.Dense());
        Assert.AreEqual("x: float[batch, 3]", model.Inputs[0].ToString());
        Assert.AreEqual("y: float[batch, 2]", model.Outputs[0].ToString());
        Assert.AreEqual(new OnnxDimension(null, "batch"), model.Inputs[0].Dimensions[0]);
        Assert.AreEqual(new OnnxDimension(3, null), model.Inputs[0].Dimensions[1]);
    }

    [TestMethod]
    public void A_run_by_name_or_order_gives_all_outputs_of_their_types()
    {
        using var model = Open(HandmadeModels.AddAndCompare());
        var a = Tensor.Create([1f, 2, 3, 4], [1, 4]);
        var b = Tensor.Create([4f, 2, 1, 0], [1, 4]);
        var byName = model.Run(new Dictionary<string, OnnxValue> { ["b"] = b, ["a"] = a });
        CollectionAssert.AreEqual(new[] { "sum", "larger" }, byName.Keys.ToArray());
        CollectionAssert.AreEqual(new[] { 5f, 4, 4, 4 }, Flat(byName["sum"].As<float>()));
        CollectionAssert.AreEqual(new[] { false, false, true, true }, Flat(byName["larger"].As<bool>()));
        CollectionAssert.AreEqual(new[] { false, false, true, true }, Flat(model.Run(a, b)[1].As<bool>()));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => byName["larger"].As<float>()).Message, "holds bool, not float");
    }

    [TestMethod]
    public void Every_element_type_comes_back_as_it_went()
    {
        RoundTrip(DataType.Float, 1.5f, -2f);
        RoundTrip(DataType.Double, 1.5, -2);
        RoundTrip(DataType.Float16, (Half)1.5, (Half)(-2));
        RoundTrip<sbyte>(DataType.Int8, 1, -2);
        RoundTrip<byte>(DataType.Uint8, 1, 255);
        RoundTrip<short>(DataType.Int16, 1, -2);
        RoundTrip<ushort>(DataType.Uint16, 1, 65535);
        RoundTrip(DataType.Int32, 1, -2);
        RoundTrip<uint>(DataType.Uint32, 1, uint.MaxValue);
        RoundTrip(DataType.Int64, 1, long.MinValue);
        RoundTrip<ulong>(DataType.Uint64, 1, ulong.MaxValue);
        RoundTrip(DataType.Bool, true, false);
        RoundTrip(DataType.String, "", "Gr\u00fc\u00dfe \U0001F600");
    }

    [TestMethod]
    public void A_wrong_input_is_a_sentence_with_input_expected_and_received()
    {
        using var model = Open(HandmadeModels.Dense());
        Refused(() => model.Predict(Numbers(2, 4)), "Input 'x' of the model expects float[batch, 3], received float[2, 4]: dimension 1 must be 3.");
        Refused(() => model.Predict(Numbers(3)), "3", "Add the batch dimension: [1, 3].");
        Refused(() => model.Predict(Numbers(2, 1, 3)), "expected 2 dimensions, but got 3. Reshape");
        Refused(() => model.Run(Tensor.Create([1L, 2, 3], [1, 3])), "received long[1, 3]: the element types differ. Convert the tensor to float first.");
        Refused(() => model.Run(Numbers(1, 3), Numbers(1, 3)), "takes 1 inputs (x: float[batch, 3]), but got 2");
        Refused(() => model.Run(new Dictionary<string, OnnxValue>()), "Input 'x' of the model is missing. It takes x: float[batch, 3].");
        Refused(() => model.Run(new Dictionary<string, OnnxValue> { ["X"] = Numbers(1, 3) }), "has no input 'X'. It takes x: float[batch, 3].");
        Refused(() => model.Run(new Dictionary<string, OnnxValue> { ["x"] = null! }), "is null");
    }

    [TestMethod]
    public void Equal_symbols_must_be_equal_numbers()
    {
        using var model = Open(HandmadeModels.AddAndCompare());
        Refused(() => model.Run(Numbers(2, 4), Numbers(3, 4)), "'batch' is 3 here and 2 in 'a'");
    }

    [TestMethod]
    public void A_null_string_is_a_sentence()
    {
        using var model = Open(HandmadeModels.Identity(DataType.String));
        Refused(() => model.Run(Tensor.Create(["a", null!], [2])), "flat position 1 (null)");
    }

    [TestMethod]
    public void Predict_with_several_inputs_or_other_outputs_points_to_Run()
    {
        using var several = Open(HandmadeModels.AddAndCompare());
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidOperationException>(() => several.Predict(Numbers(1, 4))).Message, "Use Run with the inputs by name.");
        using var whole = Open(HandmadeModels.Identity(DataType.Int64));
        CollectionAssert.AreEqual(new long[] { 7, -3 }, (long[])whole.Predict(new long[] { 7, -3 }));
        using var other = Open(HandmadeModels.Identity(DataType.Double));
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => other.Predict(Numbers(1))).Message, "returns y: double[n]. Use Run");
    }

    [TestMethod]
    public void A_failure_inside_OnnxRuntime_is_an_ExportException_with_the_shapes()
    {
        using var model = Open(HandmadeModels.Lookup());
        var failure = Assert.ThrowsExactly<ExportException>(() => model.Run(Tensor.Create([0L, 3], [2])));
        StringAssert.Contains(failure.Message, "failed while running the model on ids: long[2]");
        StringAssert.Contains(failure.Message, "out of data bounds");
        CollectionAssert.AreEqual(new[] { 10f, 11 }, Flat(model.Run(Tensor.Create([1L], [1]))[0].As<float>()));
    }

    [TestMethod]
    public void Messages_name_the_file()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("dense.onnx"), HandmadeModels.Dense().ToByteArray());
        using var model = OnnxModel.Load(folder.File("dense.onnx"), ExecutionProvider.Cpu);
        Assert.AreEqual(22.5f, model.Predict(Tensor.Create([1f, 2, 3], [1, 3]))[0, 0]);
        Refused(() => model.Predict(Numbers(1, 4)), "dense.onnx");
    }

    [TestMethod]
    public void A_missing_empty_or_damaged_file_is_a_sentence()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("empty.onnx"), []);
        File.WriteAllText(folder.File("text.onnx"), "This is not a model.");
        FileRefused(() => OnnxModel.Load(folder.File("absent.onnx")), "does not exist");
        FileRefused(() => OnnxModel.Load(folder.Path), "is a folder");
        FileRefused(() => OnnxModel.Load(folder.File("empty.onnx")), "it is empty");
        FileRefused(() => OnnxModel.Load(folder.File("text.onnx")), "not an ONNX file");
        FileRefused(() => OnnxModel.Load("\0"), "cannot be read", "does not exist");
    }

    [TestMethod]
    public void Bytes_that_OnnxRuntime_refuses_are_an_OnnxFileException()
    {
        var unknown = HandmadeModels.Dense();
        unknown.Graph.Node[1].OpType = "NoSuchOperator";
        FileRefused(() => Open(unknown), "ONNX Runtime does not load the model");
    }

    [TestMethod]
    [DataRow(GraphOptimization.None)]
    [DataRow(GraphOptimization.Basic)]
    [DataRow(GraphOptimization.Extended)]
    [DataRow(GraphOptimization.All)]
    public void Every_optimization_level_gives_the_same(GraphOptimization optimization)
    {
        using var model = OnnxModel.FromBytes(
            HandmadeModels.Dense().ToByteArray(), options: new OnnxModelOptions { Optimization = optimization, IntraOpThreads = 2 });
        Assert.AreEqual(22.5f, model.Predict(Tensor.Create([1f, 2, 3], [1, 3]))[0, 0]);
    }

    [TestMethod]
    public void Cuda_without_its_package_says_which_package()
    {
        var failure = Assert.ThrowsExactly<ExportException>(() => OnnxModel.FromBytes(HandmadeModels.Dense().ToByteArray(), ExecutionProvider.Cuda(1)));
        StringAssert.Contains(failure.Message, "CUDA:1 was requested");
        StringAssert.Contains(failure.Message, "CPUExecutionProvider");
        StringAssert.Contains(failure.Message, "Microsoft.ML.OnnxRuntime.Gpu");
        Assert.AreEqual("CUDA:1", ExecutionProvider.Cuda(1).ToString());
        Assert.AreEqual("CPU", ExecutionProvider.Cpu.ToString());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ExecutionProvider.Cuda(-1));
    }

    [TestMethod]
    public void Any_use_after_Dispose_is_an_ObjectDisposedException()
    {
        var model = Open(HandmadeModels.Dense());
        model.Dispose();
        model.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => model.Predict(Numbers(1, 3)));
        Assert.ThrowsExactly<ObjectDisposedException>(() => model.Run(Numbers(1, 3)));
        Assert.ThrowsExactly<ObjectDisposedException>(() => model.Run(new Dictionary<string, OnnxValue> { ["x"] = Numbers(1, 3) }));
        Assert.ThrowsExactly<ObjectDisposedException>(() => model.Inputs);
        Assert.ThrowsExactly<ObjectDisposedException>(() => model.Outputs);
    }

    [TestMethod]
    public void Dispose_while_threads_run_never_crashes()
    {
        for (var round = 0; round < 20; round++)
        {
            using var model = Open(HandmadeModels.Dense());
            using var begun = new CountdownEvent(3);
            var threads = Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    begun.Signal();
                    while (true)
                    {
                        try
                        {
                            Assert.AreEqual(22.5f, model.Predict(Tensor.Create([1f, 2, 3], [1, 3]))[0, 0]);
                        }
                        catch (ObjectDisposedException)
                        {
                            return;
                        }
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)).ToArray();
            begun.Wait();
            Thread.Yield();
            model.Dispose();
            Task.WaitAll(threads);
        }
    }

    [TestMethod]
    public void Cancellation_stops_a_loop_that_would_not_end()
    {
        using var model = Open(HandmadeModels.Loop());
        var inputs = new Dictionary<string, OnnxValue> { ["x"] = OnnxValue.Scalar(0f), ["times"] = OnnxValue.Scalar(long.MaxValue) };
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        Assert.ThrowsExactly<OperationCanceledException>(() => model.Run(inputs, soon.Token));

        Assert.ThrowsExactly<OperationCanceledException>(() => model.Run(inputs, new CancellationToken(canceled: true)));
        inputs["times"] = OnnxValue.Scalar(5L);
        var y = model.Run(inputs)["y"];
        Assert.AreEqual(5f, y.As<float>()[0]);
        Assert.AreEqual("float[]", y.ToString());
    }

    private static OnnxModel Open(ModelProto model) => OnnxModel.FromBytes(model.ToByteArray(), ExecutionProvider.Cpu, OneThread);

    private static Tensor<float> Numbers(params nint[] lengths)
    {
        var count = 1;
        foreach (var length in lengths) count *= (int)length;
        return Tensor.Create([.. Enumerable.Range(0, count).Select(i => i + 0.25f)], lengths);
    }

    private static T[] Flat<T>(Tensor<T> tensor)
    {
        var result = new T[tensor.FlattenedLength];
        tensor.FlattenTo(result);
        return result;
    }

    private static void RoundTrip<T>(DataType type, params T[] values)
    {
        using var model = Open(HandmadeModels.Identity(type));
        Assert.AreEqual(typeof(T), model.Inputs[0].ElementType);
        var result = model.Run(OnnxValue.From(Tensor.Create(values, [values.Length])))[0];
        Assert.AreEqual(typeof(T), result.ElementType);
        CollectionAssert.AreEqual(values, Flat(result.As<T>()));
    }

    private static void Refused(Action action, params string[] parts)
    {
        var failure = Assert.ThrowsExactly<ArgumentException>(action);
        foreach (var part in parts) StringAssert.Contains(failure.Message, part);
    }

    private static void FileRefused(Action action, params string[] anyOf)
    {
        var failure = Assert.ThrowsExactly<OnnxFileException>(action);
        Assert.IsTrue(anyOf.Any(part => failure.Message.Contains(part, StringComparison.Ordinal)), failure.Message);
    }
}
