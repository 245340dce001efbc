using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Tests.Parity;

namespace OnnxFunctional.Tests.Cli;

/// <summary>Every model file written by Keras becomes a verified ONNX file, structured as one would write it by hand.</summary>
[TestClass]
[DoNotParallelize]
[TestCategory("KerasParity")]
public sealed class ConvertTests
{
    public static IEnumerable<object[]> Models => ParityFolder.Files("models", "*.keras").Select(file => new object[] { file });

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void A_Keras_file_becomes_a_verified_file(string file)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.onnx");
        var output = CommandRun.Of("convert", ParityFolder.PathOf(file), path).Succeeded().Output;
        StringAssert.Contains(output, "ONNX Runtime and the engine agree on");
        CommandRun.Of("verify", path).Succeeded();

        var model = Model.Load(ParityFolder.PathOf(file));
        var graph = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)).Graph;
        var recurrent = model.Layers.Count(layer => layer is OnnxFunctional.Layers.RecurrentLayer or OnnxFunctional.Layers.Bidirectional);
        Assert.AreEqual(recurrent, graph.Node.Count(node => node.OpType is "LSTM" or "GRU" or "RNN"), "one node for each recurrent layer");
    }

    [TestMethod]
    public void An_ONNX_file_of_ours_becomes_a_Keras_file_and_comes_back_with_the_same_numbers()
    {
        using var folder = new TemporaryFolder();
        var (first, keras, second) = (folder.File("first.onnx"), folder.File("model.keras"), folder.File("second.onnx"));
        CommandRun.Of("train", "mlp", "--data", SampleFiles.Flowers(folder, 30), "--target", "species", "--epochs", "1", "--out", first).Succeeded();
        StringAssert.Contains(CommandRun.Of("convert", first, keras).Succeeded().Output, "The names of columns and classes stay behind");
        CommandRun.Of("convert", keras, second).Succeeded();
        var before = Model.Load(first).Weights.SelectMany(weight => weight.Value.ToArray()).ToArray();
        CollectionAssert.AreEqual(before, Model.Load(keras).Weights.SelectMany(weight => weight.Value.ToArray()).ToArray());
        CollectionAssert.AreEqual(before, Model.Load(second).Weights.SelectMany(weight => weight.Value.ToArray()).ToArray());

        // From ONNX to ONNX, names stay.
        CommandRun.Of("convert", first, second, "--opset", "18").Succeeded();
        Assert.AreEqual(OnnxFile.ReadMetadata(first)["onnxfunctional.data"], OnnxFile.ReadMetadata(second)["onnxfunctional.data"]);
    }

    [TestMethod]
    public void An_h5_file_becomes_a_verified_file_and_a_Keras_file()
    {
        using var folder = new TemporaryFolder();
        var source = HuntFolder.PathOf("legacy_h5/sequential_compiled.h5");
        StringAssert.Contains(CommandRun.Of("convert", source, folder.File("a.onnx")).Succeeded().Output, "ONNX Runtime and the engine agree on");
        CommandRun.Of("convert", source, folder.File("a.keras")).Succeeded();
        CommandRun.Of("verify", folder.File("a.onnx"), "--against", source).Succeeded();
    }

    [TestMethod]
    public void What_a_file_holds_is_told_by_its_bytes()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Repository.PathOf("tests", "Reference", "keras-parity", "models", "mlp.keras"), folder.File("a.onnx"));
        CommandRun.Of("verify", folder.File("a.onnx")).Refused("is no ONNX file. Make a verified one of it: onnxf convert");
        StringAssert.Contains(CommandRun.Of("summary", folder.File("a.onnx")).Succeeded().Output, "Total params");
        CommandRun.Of("convert", folder.File("a.onnx"), folder.File("b.onnx")).Succeeded();
        File.Move(folder.File("b.onnx"), folder.File("b.keras"));
        CommandRun.Of("verify", folder.File("b.keras")).Succeeded();
        CommandRun.Of("convert", folder.File("b.keras"), folder.File("c.json")).Succeeded();
        File.Move(folder.File("c.json"), folder.File("c.keras"));
        Assert.AreEqual("json", (string)CommandRun.Of("summary", folder.File("c.keras"), "--json").Json()["kind"]!);
        CommandRun.Of("predict", folder.File("c.keras"), "--data", folder.File("a.onnx")).Refused("holds an architecture without weights. Train it");
        CommandRun.Of("predict", folder.File("b.keras"), "--data", folder.File("a.onnx")).Refused("is a .keras file, a model; expected data");
    }

    [TestMethod]
    public void The_result_for_programs_lists_the_layers()
    {
        using var folder = new TemporaryFolder();
        var file = Repository.PathOf("tests", "Reference", "keras-parity", "models", "mlp.keras");
        var converted = CommandRun.Of("convert", file, folder.File("m.onnx"), "--json").Json();
        var verified = CommandRun.Of("verify", folder.File("m.onnx"), "--json").Json();
        foreach (var result in new[] { converted, verified })
        {
            Assert.AreEqual(folder.File("m.onnx"), (string)result["file"]!);
            Assert.IsTrue((bool)result["verified"]!);
            Assert.AreEqual(21, (int)result["opset"]!);
            Assert.IsGreaterThan(0L, (long)result["bytes"]!);
            Assert.IsLessThan(1e-4, (double)result["largestDifference"]!);
            foreach (var layer in result["layers"]!.AsArray())
                Assert.AreEqual("layer,shape,largestValue,largestDifference,withinTolerance", string.Join(',', layer!.AsObject().Select(entry => entry.Key)));
        }

        var summary = CommandRun.Of("summary", folder.File("m.onnx"), "--json").Json();
        Assert.AreEqual("onnx", (string)summary["kind"]!);
        Assert.AreEqual("batch", (string)summary["inputs"]![0]!["shape"]![0]!);
        var keras = CommandRun.Of("summary", file, "--json").Json();
        Assert.AreEqual("keras", (string)keras["kind"]!);
        Assert.AreEqual((long)keras["parameters"]!, keras["layers"]!.AsArray().Sum(layer => (long)layer!["parameters"]!));
    }

    [TestMethod]
    public void An_older_operator_set_is_written_on_request()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.onnx");
        StringAssert.Contains(
            CommandRun.Of("convert", Repository.PathOf("tests", "Reference", "keras-parity", "models", "mlp.keras"), path, "--opset", "17").Succeeded().Output,
            "opset 17");
        Assert.AreEqual(17, ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)).OpsetImport.Single(import => import.Domain.Length == 0).Version);
    }
}
