using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.Emit;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export;

[TestClass]
public sealed class OnnxExporterTests
{
    public static IEnumerable<object[]> Models() =>
    [
        ["mlp", Make([10], x => x.Apply(new Dense(32, Activation.Relu), new Dense(64, Activation.Gelu), new Dense(1, Activation.Sigmoid)))],
        [
            "cnn",
            Make([12, 12, 1], x => x.Apply(
                new Conv2D(4, 3, activation: Activation.Relu),
                new MaxPooling2D(2),
                new Conv2D(6, 3, activation: Activation.Relu),
                new MaxPooling2D(2),
                new Flatten(),
                new Dense(8, Activation.Relu),
                new Dense(10, Activation.Softmax))),
        ],
        [
            "color",
            Make([9, 9, 3], x => x.Apply(
                new Conv2D(4, 3, padding: Padding.Same),
                new BatchNormalization(),
                new Dropout(0.5),
                new Conv2D(4, 2, activation: Activation.Tanh),
                new GlobalAveragePooling2D(),
                new Dense(3))),
        ],
        ["lstm", Make([null, 3], x => x.Apply(new Lstm(5, returnSequences: true), new Lstm(4), new Dense(2)))],
        ["gru", Make([7, 3], x => x.Apply(new Gru(5, returnSequences: true), new SimpleRnn(4), new Dense(2)))],
    ];

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void A_file_is_verified_before_it_gets_its_name(string name, Model model)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, name + ".onnx");
        var report = model.ExportOnnx(path);
        Assert.IsTrue(report.IsVerified);
        Assert.IsNull(report.FirstFailure);
        Assert.IsLessThan(1e-4f, report.LargestDifference);
        StringAssert.Contains(report.ToString(), "agree on");
        foreach (var layer in model.Layers.Where(layer => layer is not InputLayer and not Layers.Dropout))
            Assert.ContainsSingle(row => row.Layer == layer.Name, report.Layers);
        Assert.AreEqual(report.FileBytes, new FileInfo(path).Length);

        var shape = model.Input.Shape;
        var x = EmittedRun.Random([3, .. Enumerable.Range(1, shape.Count - 1).Select(axis => shape[axis] ?? 6)]);
        using var onnx = OnnxModel.Load(path);
        Near.Equal(EmittedRun.Data(model.Predict(x)), EmittedRun.Data(onnx.Predict(x)), 1e-4f, name);
    }

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Weights_come_back_from_the_file(string name, Model model)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, name + ".onnx");
        model.ExportOnnx(path, new ExportOptions { Verify = false });
        var before = model.WeightPaths().Select(named => named.Weight.Storage.ToArray()).ToList();
        foreach (var (_, weight) in model.WeightPaths()) weight.Storage.AsSpan().Fill(-1);
        var file = OnnxFileGuard.ReadFile(path, new OnnxFileLimits());
        WeightReader.Load(model, file);
        foreach (var (named, data) in model.WeightPaths().Zip(before)) CollectionAssert.AreEqual(data, named.Weight.Storage, named.Path);
    }

    [TestMethod]
    public void Weights_of_another_model_are_refused_and_change_nothing()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "model.onnx");
        Make([10], x => x.Apply(new Dense(3, name: "a"))).ExportOnnx(path, new ExportOptions { Verify = false });
        var other = Make([10], x => x.Apply(new Dense(4, name: "a"), new Dense(2, name: "b")));
        var before = other.Weights[0].Storage.ToArray();
        var file = OnnxFileGuard.ReadFile(path, new OnnxFileLimits());
        var error = Assert.ThrowsExactly<OnnxFileException>(() => WeightReader.Load(other, file));
        StringAssert.Contains(error.Message, "'a/kernel'");
        StringAssert.Contains(error.Message, "'b/kernel'");
        CollectionAssert.AreEqual(before, other.Weights[0].Storage);
    }

    [TestMethod]
    public void Metadata_is_read_back()
    {
        using var folder = new TemporaryFolder();
        var input = Model.Input([2]);
        var options = new ExportOptions { Metadata = new Dictionary<string, string> { ["labels"] = "Müsli, \"b\"", ["author"] = "" } };
        new Model(input, new Dense(2).Call(input)).ExportOnnx(folder.File("m.onnx"), options);
        var read = OnnxFile.ReadMetadata(folder.File("m.onnx"));
        Assert.AreEqual("Müsli, \"b\"", read["labels"]);
        Assert.AreEqual("", read["author"]);
        Assert.IsTrue(read.ContainsKey(OnnxFile.ArchitectureKey));
        Assert.Throws<OnnxFileException>(() => OnnxFile.ReadMetadata(folder.File("none.onnx")));
    }

    [TestMethod]
    public void Given_samples_are_verified_too()
    {
        using var folder = new TemporaryFolder();
        var model = Make([4], x => x.Apply(new Dense(3)));
        var report = model.ExportOnnx(Path.Combine(folder.Path, "model.onnx"), new ExportOptions { Samples = [EmittedRun.Random(70, 4)] });
        Assert.IsTrue(report.IsVerified);
        var error = Assert.ThrowsExactly<ExportException>(
            () => model.ExportOnnx(Path.Combine(folder.Path, "model.onnx"), new ExportOptions { Samples = [EmittedRun.Random(70, 5)] }));
        StringAssert.Contains(error.Message, "Samples");
    }

    /// <summary>A file that is right for the usual length only.</summary>
    [TestMethod]
    public void Other_lengths_are_verified_where_a_file_takes_any()
    {
        var x = Model.Input([null, 3], name: "x");
        var emitted = new Model(x, Ops.Mean(new Dense(2, name: "dense").Call(x), 1)).Emit();
        var options = new ExportOptions { BatchSizes = [2] };
        Assert.IsNotEmpty(Verifier.Run(emitted, VerifiedFile.Of(emitted.Proto.ToByteArray()), options).Layers);

        // Nine steps are what a verification takes first.
        var graph = emitted.Proto.Graph;
        foreach (var node in graph.Node.Where(node => node.Input.Contains("x"))) node.Input[node.Input.IndexOf("x")] = "cut";
        foreach (var (name, value) in (ReadOnlySpan<(string, long)>)[("start", 0), ("end", 9), ("axis", 1)])
            graph.Initializer.Add(new TensorProto { Name = name, DataType = 7, Dims = { 1 }, Int64Data = { value } });
        graph.Node.Insert(0, new NodeProto { OpType = "Slice", Input = { "x", "start", "end", "axis" }, Output = { "cut" } });
        var file = emitted.Proto.ToByteArray();
        Assert.IsNotEmpty(Verifier.Run(emitted, VerifiedFile.Of(file), options with { Lengths = [] }).Layers);
        var error = Assert.ThrowsExactly<ExportException>(() => Verifier.Run(emitted, VerifiedFile.Of(file), options));
        StringAssert.Contains(error.Message, "random batch of 2, length 17");
        StringAssert.Contains(
            Assert.ThrowsExactly<ExportException>(() => Make([4], y => y.Apply(new Dense(3))).ToOnnx(new() { Lengths = [0] })).Message,
            "ExportOptions.Lengths has 0; expected lengths of 1 or more.");
    }

    [TestMethod]
    public void A_difference_names_the_first_layer_and_leaves_no_file()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "model.onnx");
        var model = Make([64], x => x.Apply(new Dense(64, Activation.Tanh, name: "first"), new Dense(64, name: "second")));
        var error = Assert.ThrowsExactly<ExportException>(() => model.ExportOnnx(path, new ExportOptions { AbsoluteTolerance = 0, RelativeTolerance = 0 }));
        StringAssert.Contains(error.Message, "first at layer 'first'");
        StringAssert.Contains(error.Message, "OUT OF TOLERANCE");
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Saliency_runs_in_the_engine_and_in_the_file(string name, Model model)
    {
        using var folder = new TemporaryFolder();
        var saliency = new Model(model.Inputs, [model.Output, Gradient.Of(Ops.Max(model.Output, axis: -1), model.Input)]);
        var report = saliency.ExportOnnx(Path.Combine(folder.Path, name + ".onnx"));
        Assert.IsNull(report.FirstFailure);
    }

    [TestMethod]
    public void Indices_stay_within_the_table()
    {
        using var folder = new TemporaryFolder();
        var tokens = Model.Input([6], DType.Int64, "tokens");
        var model = new Model(tokens, tokens.Apply(new Embedding(5, 3, maskZero: true), new Lstm(4), new Dense(2)));
        Assert.IsNull(model.ExportOnnx(Path.Combine(folder.Path, "text.onnx")).FirstFailure);
    }

    private static Model Make(Shape shape, Func<SymbolicTensor, SymbolicTensor> layers)
    {
        var input = Model.Input(shape);
        return new Model(input, layers(input));
    }
}
