using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Cli;

/// <summary>The files of the three MNIST networks contain the operators one would choose by hand; untrained weights are enough to check it.</summary>
[TestClass]
public sealed class TrainedNetworkTests
{
    [TestMethod]
    [DataRow("cnn", "Conv 2, Gemm 2, MaxPool 2, Softmax 1", DisplayName = "cnn")]
    [DataRow("mlp", "Gemm 3, Softmax 1", DisplayName = "mlp")]
    [DataRow("lstm", "Gemm 1, LSTM 1, Softmax 1", DisplayName = "lstm")]
    public void A_file_has_one_node_for_each_layer(string kind, string expected)
    {
        using var folder = new TemporaryFolder();
        var images = NDArray.Create(new byte[2 * 28 * 28], [2, 28, 28, 1]);
        var data = new LoadedData(new() { ["image"] = images }, [new("label", new long[] { 0, 9 }, TaskKind.Classification, Target.Numbered(10))], null);
        Feature[] features = [new(new("image", false, [28, 28, 1]), FeatureKind.Pixels, [])];
        var report = BuiltInNetwork.Make(kind, features, data, seed: 3).ExportOnnx(folder.File("mnist.onnx"));
        Assert.IsTrue(report.Passed, report.ToString());

        var graph = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("mnist.onnx"))).Graph;
        var counts = graph.Node
            .GroupBy(node => node.OpType)
            .ToDictionary(group => group.Key, group => group.Count());
        string[] counted = ["Conv", "Gemm", "LSTM", "MatMul", "MaxPool", "Scan", "Softmax"];
        Assert.AreEqual(expected, string.Join(", ", counted.Where(counts.ContainsKey).Select(type => $"{type} {counts[type]}")), Listing());
        if (kind == "lstm") return;
        Assert.IsFalse(counts.ContainsKey("Transpose"), "one channel needs no Transpose: " + Listing());
        Assert.IsLessThanOrEqualTo(kind == "cnn" ? 2 : 1, counts.GetValueOrDefault("Flatten") + counts.GetValueOrDefault("Reshape"), Listing());
        Assert.IsGreaterThanOrEqualTo(1, counts.GetValueOrDefault("Flatten") + counts.GetValueOrDefault("Reshape"), Listing());

        string Listing() => string.Join(", ", counts.Select(entry => $"{entry.Key} {entry.Value}"));
    }
}
