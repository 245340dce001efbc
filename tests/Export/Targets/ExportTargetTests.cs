using OnnxFunctional.Export;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Import.Schemas;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Targets;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.Emit;

namespace OnnxFunctional.Tests.Export.Targets;

[TestClass]
public sealed class ExportTargetTests
{
    [TestMethod]
    [DataRow("1.13", TargetProvider.Cpu, 17, 8)]
    [DataRow("1.14", TargetProvider.Cpu, 18, 8)]
    [DataRow("1.16", TargetProvider.Web, 19, 9)]
    [DataRow("1.17.3", TargetProvider.Cpu, 20, 9)]
    [DataRow("1.20", TargetProvider.CoreML, 21, 10)]
    [DataRow("latest", TargetProvider.Nnapi, 21, 10)]
    [DataRow("1.13", TargetProvider.Cuda, 17, 8)]
    [DataRow("1.20", TargetProvider.Cuda, 18, 8)]
    [DataRow("1.17", TargetProvider.DirectML, 17, 8)]
    [DataRow("latest", TargetProvider.DirectML, 19, 9)]
    public void A_target_chooses_the_operator_set_and_the_version_of_the_file(string version, TargetProvider provider, int opset, int ir)
    {
        var target = ExportTarget.OnnxRuntime(version, provider) with { CpuFallback = true };
        var options = new ExportOptions { Target = target };
        Assert.AreEqual(opset, options.Opset);
        var proto = Dense().Emit(options).Proto;
        Assert.AreEqual(opset, proto.OpsetImport.Single().Version);
        Assert.AreEqual(ir, proto.IrVersion);
        StringAssert.StartsWith(target.ToString(), $"ONNX Runtime {version} with ");
    }

    [TestMethod]
    public void An_operator_set_that_is_given_counts_if_the_target_runs_it()
    {
        Assert.AreEqual(18, new ExportOptions { Target = ExportTarget.OnnxRuntime("1.17"), Opset = 18 }.Opset);
        var error = Refused(Dense(), new() { Opset = 21, Target = ExportTarget.OnnxRuntime("1.17") });
        StringAssert.Contains(error, "ONNX Runtime 1.17 with the CPU runs operator set 20, and ExportOptions.Opset is 21; leave Opset out");
    }

    [TestMethod]
    [DataRow("1.12")]
    [DataRow("1.99")]
    [DataRow("2.0")]
    [DataRow("1")]
    [DataRow("1.1x")]
    [DataRow("newest")]
    public void An_unknown_version_is_refused(string version) =>
        StringAssert.Contains(
            Refused(Dense(), new() { Target = ExportTarget.OnnxRuntime(version) }),
            $"the version {version} of ONNX Runtime is not known; expected 1.13 to 1.31, or latest.");

    /// <summary>An unknown version, and operators without a kernel in two layers.</summary>
    [TestMethod]
    public void All_that_a_target_lacks_is_in_one_message()
    {
        var x = Model.Input([4], name: "numbers");
        var y = x.Apply(new ActivationLayer(Activation.Softplus, name: "plus"), new Dense(2, name: "dense"), new Elu(name: "elu"));
        var model = new Model(x, y, name: "net");
        var error = Refused(model, new() { Target = ExportTarget.OnnxRuntime("1.40", TargetProvider.Nnapi) });
        StringAssert.StartsWith(error, "'net' cannot be written as ONNX opset 21 for ONNX Runtime 1.40 with NNAPI:");
        foreach (var part in (string[])
        [
            "version 1.40 of ONNX Runtime is not known",
            "input 'numbers': NNAPI takes fixed sizes; give 'batch' in ExportOptions.Sizes. Set ExportTarget.CpuFallback, or choose TargetProvider.Cpu.",
            "layer 'plus': Softplus is not taken in NNAPI. Set ExportTarget.CpuFallback, or choose TargetProvider.Cpu.",
        ]) StringAssert.Contains(error, part);
        Assert.DoesNotContain("'dense'", error);
        Assert.DoesNotContain("'elu'", error);
    }

    [TestMethod]
    [DataRow(TargetProvider.Cuda, "Cosh", "layer 'odd': Cosh has no kernel in CUDA.")]
    [DataRow(TargetProvider.Cuda, "Gru", "layer 'odd': GRU has a kernel for resetAfter: true only in CUDA.")]
    [DataRow(TargetProvider.Cuda, "HardLstm", "layer 'odd': LSTM has a kernel for its usual activations only in CUDA.")]
    [DataRow(TargetProvider.DirectML, "Scan", "Scan has no kernel in DirectML.")]
    [DataRow(TargetProvider.CoreML, "Lstm", "layer 'odd': LSTM is not taken in Core ML.")]
    [DataRow(TargetProvider.CoreML, "Conv3D", "layer 'odd': Conv is taken for sequences and images only in Core ML.")]
    [DataRow(TargetProvider.Nnapi, "Conv1D", "layer 'odd': Conv is taken for images only in NNAPI.")]
    public void What_a_provider_has_no_kernel_for_is_named_with_its_layer(TargetProvider provider, string kind, string says)
    {
        (int?[] Shape, Layer Layer) odd = kind switch
        {
            "Cosh" => ([4], new Function("odd", Ops.Cosh)),
            "Gru" => ([5, 4], new Gru(3, resetAfter: false, name: "odd")),
            "HardLstm" => ([5, 4], new Lstm(3, recurrentActivation: Activation.HardSigmoid, name: "odd")),
            "Scan" => ([null, 4], new Rnn(new StackedRnnCells([new LstmCell(3), new GruCell(2)]), name: "odd")),
            "Lstm" => ([5, 4], new Lstm(3, name: "odd")),
            "Conv3D" => ([5, 5, 5, 1], new Conv3D(2, 2, name: "odd")),
            _ => ([5, 4], new Conv1D(3, 2, name: "odd")),
        };
        var x = Model.Input(Shape.Create(odd.Shape));
        var model = new Model(x, odd.Layer.Call(x));
        var options = new ExportOptions { Target = ExportTarget.OnnxRuntime(provider: provider), Sizes = new Dictionary<string, int> { ["batch"] = 1 } };
        StringAssert.Contains(Refused(model, options), says);

        // Beside the processor it is written, and the report says what runs there.
        using var folder = new TemporaryFolder();
        var report = model.ExportOnnx(folder.File("m.onnx"), options with { Target = options.Target with { CpuFallback = true } });
        Assert.IsTrue(report.Passed);
        Assert.Contains(place => place.Contains(says, StringComparison.Ordinal), report.OnCpu);
    }

    [TestMethod]
    public void What_a_provider_has_kernels_for_is_written()
    {
        var x = Model.Input([12, 12, 3]);
        var y = x.Apply(
            new Conv2D(4, 3, padding: Padding.Same), new BatchNormalization(), new ActivationLayer(Activation.Relu), new MaxPooling2D(2), new Flatten(),
            new Dense(3, Activation.Softmax));
        var model = new Model(x, y);
        foreach (var provider in Enum.GetValues<TargetProvider>())
        {
            var options = new ExportOptions
            {
                Target = ExportTarget.OnnxRuntime(provider: provider),
                Sizes = new Dictionary<string, int> { ["batch"] = 1 },
                FoldBatchNormalization = true,
            };
            using var folder = new TemporaryFolder();
            var report = model.ExportOnnx(folder.File("m.onnx"), options);
            Assert.IsTrue(report.Passed, provider.ToString());
            Assert.IsEmpty(report.OnCpu);
        }
    }

    /// <summary>CUDA leaves a ConvTranspose to the processor whose sides are cropped unevenly.</summary>
    [TestMethod]
    [DataRow(3, 2, Padding.Same)]
    [DataRow(2, 3, Padding.Valid)]
    [DataRow(4, 2, Padding.Same)]
    public void Cuda_gets_transposed_convolutions_without_uneven_padding(int kernel, int stride, Padding padding)
    {
        var x = Model.Input([5, null, 2]);
        var model = new Model(x, new Conv2DTranspose(3, kernel, stride, padding).Call(x));
        var options = new ExportOptions { Target = ExportTarget.OnnxRuntime("1.20", TargetProvider.Cuda) };
        var pads = model.Emit(options).Proto.Graph.Node.Single(node => node.OpType == "ConvTranspose").Attribute.Single(a => a.Name == "pads").Ints;
        CollectionAssert.AreEqual(pads.Take(2).ToArray(), pads.Skip(2).ToArray());
        using var folder = new TemporaryFolder();
        Assert.IsTrue(model.ExportOnnx(folder.File("m.onnx"), options).Passed);
    }

    [TestMethod]
    public void Weights_beyond_the_memory_of_a_browser_are_refused()
    {
        var graph = new GraphProto();
        for (var i = 0; i < 3; i++)
            graph.Initializer.Add(new TensorProto { Name = $"w{i}", RawData = LateBytes.Of(400_000_000, () => throw new InvalidOperationException()) });
        var target = ExportTarget.OnnxRuntime(provider: TargetProvider.Web);
        Assert.Contains("4,800,000,000 bytes, and WebAssembly has 4,294,967,296", TargetCheck.Lacks(new ModelProto { Graph = graph }, target).Single());
        graph.Initializer.RemoveAt(0);
        Assert.IsEmpty(TargetCheck.Lacks(new ModelProto { Graph = graph }, target));
    }

    [TestMethod]
    public void The_lists_of_kernels_name_operators_that_exist()
    {
        foreach (var name in AcceleratorKernels.Names.Concat(MobileKernels.Names).Where(name => name is not "LabelEncoder"))
            Assert.Contains(name, OperatorSchemas.Names, name);
    }

    /// <summary>A graph that the newest kernels run is written for every target, or refused by sentences that name a layer and a remedy.</summary>
    [TestMethod]
    public void Every_layer_is_written_for_every_target_or_refused_with_its_name()
    {
        var (written, refused) = (0, 0);
        foreach (var row in Cases.LayerCases.All)
        {
            var model = row.Build();
            foreach (var provider in Enum.GetValues<TargetProvider>())
            {
                try
                {
                    OnnxEmitter.Emit(model, new ExportOptions { Target = ExportTarget.OnnxRuntime("1.20", provider) }.ForEmission());
                    written++;
                }
                catch (ExportException refusal)
                {
                    refused++;
                    Assert.IsFalse(provider is TargetProvider.Cpu or TargetProvider.Web, refusal.Message);
                    foreach (var line in refusal.Message.ReplaceLineEndings("\n").Split('\n').Skip(1))
                        Assert.MatchesRegex("^- (layer|input) '.+': .+", line);
                }
            }
        }

        Assert.IsGreaterThan(200, written);
        Assert.IsGreaterThan(100, refused);
    }

    private static string Refused(Model model, ExportOptions options)
    {
        using var folder = new TemporaryFolder();
        var error = Assert.ThrowsExactly<ExportException>(() => model.ExportOnnx(folder.File("m.onnx"), options)).Message;
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
        return error;
    }

    private static Model Dense()
    {
        var x = Model.Input([4]);
        return new Model(x, new Dense(2).Call(x));
    }

    private sealed class Function(string name, Func<SymbolicTensor, SymbolicTensor> function) : Layer(name)
    {
        protected override SymbolicTensor Forward(SymbolicTensor x) => function(x);
    }
}
