using OnnxFunctional.Export;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Pruning;
using OnnxFunctional.Tests.Export.Importers;
using OnnxFunctional.Tests.Export.Targets;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.OnnxBackend;

/// <summary>Pretrained files of others: opened, compared with ONNX Runtime on the file at every node, written again, differentiated.</summary>
[TestClass]
[TestCategory(BackendArchive.Category)]
[TestCategory(DataFolder.Category)]
public sealed class RealFileTests
{
    // How many numbers of the weights are compared with finite differences.
    private const int Compared = 20;

    // Other than verification takes by default.
    private const int Samples = 5;

    private const string Variable = "REAL_ONNX_DIR";

    private static readonly string s_root = DataFolder.Beside("real-onnx", Variable);

    public required TestContext TestContext { get; init; }

    public static IEnumerable<object[]> Files => (Directory.Exists(s_root) ? Directory.GetFiles(s_root, "*.onnx") : [])
        .Select(path => Path.GetFileName(path))
        .Order(StringComparer.Ordinal)
        .DefaultIfEmpty("")
        .Select(file => new object[] { file });

    public static IEnumerable<object[]> FilesForTargets =>
        Files.Where(row => TargetForms.AreAll || !((string)row[0]).Contains("mlsd", StringComparison.Ordinal));

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void A_pretrained_file_is_a_model_that_equals_it_at_every_node_for_five_samples_at_once(string file)
    {
        var read = OnnxFileGuard.ReadFile(PathOf(file), new OnnxFileLimits(), forEngine: true);
        var (import, verification) = OnnxFile.Import(read, OptionsFor(file), new ExportOptions { BatchSizes = [Samples] });
        var model = import.Model;
        Assert.IsTrue(verification.Layers.All(layer => layer.IsWithinTolerance));
        var beyond = verification.Layers.Where(layer => layer.LargestDifference > 1e-4 * layer.LargestValue).ToList();
        TestContext.WriteLine($"{verification.Layers.Count} tensors, {beyond.Count} differ by more than 1e-4 of their largest value, all by rounding:");
        foreach (var layer in beyond)
            TestContext.WriteLine($"  {layer.Layer} {layer.Shape}: {layer.LargestDifference:G3} of {layer.LargestValue:G4}, {layer.Where}");
        Assert.IsGreaterThan(0, model.CountParams());
        TestContext.WriteLine($"spelled out: {string.Join(", ", SpelledOutIn(model).GroupBy(name => name).Select(group => $"{group.Count()} {group.Key}"))}");

        // Files that take one sample take any number here.
        Assert.IsTrue(model.Inputs.All(input => input.Shape.Contains(null)), model.Inputs[0].Shape.ToString());
        Assert.IsTrue(model.NonTrainableWeights.All(weight => weight.Name.Length > 0));
    }

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void A_pretrained_file_is_written_again_with_its_names_and_equals_the_model(string file)
    {
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(PathOf(file), OptionsFor(file) with { Verify = false, KeepBatch = true });
        var written = folder.File("again.onnx");
        model.ExportOnnx(written, new ExportOptions { BatchSizes = [1] });
        using var before = OnnxModel.Load(PathOf(file));
        using var after = OnnxModel.Load(written);
        CollectionAssert.AreEqual(before.Outputs.Select(output => output.Name).ToArray(), after.Outputs.Select(output => output.Name).ToArray());
        CollectionAssert.IsSubsetOf(after.Inputs.Select(input => input.Name).ToArray(), before.Inputs.Select(input => input.Name).ToArray());
        TestContext.WriteLine($"transposes: {Transposes(PathOf(file))} in the file, {Transposes(written)} written");
    }

    /// <summary>For one target of all, or for each: tools/targets.sh, which also has mlsd, whose images of 320 x 320 take a minute to compare.</summary>
    [TestMethod]
    [DynamicData(nameof(FilesForTargets))]
    public void A_pretrained_file_is_written_for_a_target_and_equals_the_model(string file)
    {
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(PathOf(file), OptionsFor(file) with { Verify = false });
        foreach (var target in TargetForms.Of(file.Length))
        {
            var report = model.ExportOnnx(folder.File("m.onnx"), new ExportOptions { Target = target, BatchSizes = [1], Lengths = [] });
            Assert.IsTrue(report.Passed, target.ToString());
            TestContext.WriteLine($"{target}: operator set {report.Opset}, largest difference {report.LargestDifference:0.0e+00}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void The_gradient_of_a_pretrained_file_is_that_of_finite_differences(string file)
    {
        var options = OptionsFor(file) with { Verify = false };
        var model = OnnxFile.LoadModel(PathOf(file), WithState(options));
        var random = new Random(7);
        var data = model.Inputs.Select(input => InputValues.Draw(input, random)).ToArray();
        Draw(model, random);
        using var loss = new Slope(model, data);
        var weights = model.TrainableWeights;
        for (var i = 0; i < Compared; i++)
        {
            var weight = weights[random.Next(weights.Count)];
            var at = random.Next(weight.Length);
            if (loss.Difference(weight, at) is { } difference) Assert.Fail($"{weight.Name}[{at}]: {difference}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void Adapters_of_a_pretrained_file_run_in_ONNX_Runtime_as_merged_ones_do(string file)
    {
        using var folder = new TemporaryFolder();
        var options = OptionsFor(file) with { Verify = false, KeepBatch = true };
        var model = OnnxFile.LoadModel(PathOf(file), WithState(options));
        var full = model.TrainableWeights.Sum(weight => (long)weight.Length);
        model.EnableLora(4);
        var adapters = model.TrainableWeights.Sum(weight => (long)weight.Length);
        var random = new Random(5);
        foreach (var weight in model.TrainableWeights)
        {
            for (var i = 0; i < weight.Length; i++) weight.Storage[i] += 0.02f * ((float)random.NextDouble() - 0.5f);
        }

        // Both are compared with the engine.
        var once = new ExportOptions { BatchSizes = [1] };
        model.ExportOnnx(folder.File("merged.onnx"), once);
        model.ExportOnnx(folder.File("apart.onnx"), once with { AdaptersApart = true });
        model.SaveAdapter(folder.File("one.onnx_adapter"));
        using var merged = OnnxModel.Load(folder.File("merged.onnx"));
        using var apart = OnnxModel.Load(folder.File("apart.onnx"), options: new OnnxModelOptions { Adapter = folder.File("one.onnx_adapter") });
        var data = model.InputNames.Zip(model.Inputs).ToDictionary(named => named.First, named => (OnnxValue)InputValues.Draw(named.Second, random));
        var (left, right) = (merged.Run(data), apart.Run(data));
        foreach (var output in model.OutputNames.Where(name => left[name].ElementType == typeof(float)))
        {
            var (x, y) = (left[output].As<float>().ToArray(), right[output].As<float>().ToArray());
            var largest = x.Max(Math.Abs);
            for (var i = 0; i < x.Length; i++) Assert.AreEqual(x[i], y[i], 1e-3 * Math.Max(1, largest), $"{output}[{i}]");
        }

        TestContext.WriteLine($"{adapters:N0} numbers to train, {full:N0} without adapters; {new FileInfo(folder.File("one.onnx_adapter")).Length:N0} bytes");
    }

    /// <summary>The states of a speech detector lie (2, samples, 128), and nothing in the file says that their samples are those of the sound.</summary>
    [TestMethod]
    [DynamicData(nameof(Files))]
    public void A_pretrained_file_without_half_of_its_channels_equals_it_with_their_readers_masked(string file)
    {
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(PathOf(file), WithState(OptionsFor(file)) with { Verify = false });
        var flow = new ChannelFlow(model);
        if (ChannelChoice.Choose(ChannelMaker.AllOf(model, flow), flow.Classes, 0.5, new()).Count == 0)
        {
            // Channels that are shuffled between groups hang together, all of them.
            StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => model.Prune(0.5)).Message, "no channel can be removed");
            return;
        }

        var pruned = Masked.Equals(model, new Random(7));
        TestContext.WriteLine(pruned.ToString());
        Assert.IsLessThan(0.95 * pruned.ParametersBefore, pruned.Parameters);
        Assert.IsTrue(pruned.Model.ExportOnnx(folder.File("small.onnx"), new ExportOptions { BatchSizes = [1] }).Passed);
        CollectionAssert.AreEqual(model.OutputNames.ToArray(), OnnxFile.LoadModel(folder.File("small.onnx")).OutputNames.ToArray());
    }

    private static ImportOptions WithState(ImportOptions options) => options.Shapes.Count > 0 ? options.BindShape("state", [null, 2, 128]) : options;

    /// <summary>Networks whose weights are all one number have nothing but rounding as gradient: they get weights as Keras' He normal draws them.</summary>
    private static void Draw(Model model, Random random)
    {
        foreach (var weight in model.TrainableWeights.Where(weight => weight.Shape.Rank >= 2 && weight.Storage.All(value => value == weight.Storage[0])))
        {
            var scale = MathF.Sqrt(6f * weight.Shape.Dims[^1] / weight.Length);
            for (var i = 0; i < weight.Length; i++) weight.Storage[i] = scale * ((2 * random.NextSingle()) - 1);
        }
    }

    private static string PathOf(string file) =>
        file.Length > 0 ? Path.Combine(s_root, file) : throw DataFolder.Missing("A pretrained file, such as silero_vad_v6.onnx,", s_root, Variable);

    /// <summary>The operators that run in place of arithmetic.</summary>
    private static IEnumerable<string> SpelledOutIn(Model model)
    {
        Value[] inputs = [.. model.Inputs.Select(input => input.Value)];
        Value[] outputs = [.. model.Outputs.Select(output => output.Value)];
        var map = Graph.Between(inputs, outputs).Rewrite(SpelledOut.Of);
        var before = model.Graph.Nodes.ToHashSet();
        return Graph.Between(inputs, [.. outputs.Select(output => map[output])]).Nodes.Where(node => !before.Contains(node))
            .Select(node => node.Op).Where(op => op is Operators.LayerNormalization or Operators.Gelu).Select(op => op.Name);
    }

    private static int Transposes(string path) =>
        OnnxFunctional.Export.Proto.ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)).Graph.Node.Count(node => node.OpType == "Transpose");

    /// <summary>Speech detectors take the sampling rate as an input, by which they choose one of two networks, and decide by the length of the sound.</summary>
    private static ImportOptions OptionsFor(string file) => file.Contains("silero", StringComparison.Ordinal)
        ? new ImportOptions().Bind("sr", NDArray.Create([16000L], [])).BindShape("input", [null, 576])
        : new();
}
