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
