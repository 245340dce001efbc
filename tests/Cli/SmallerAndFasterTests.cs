using OnnxFunctional.Export;
using OnnxFunctional.Tests.Parity;

namespace OnnxFunctional.Tests.Cli;

/// <summary>The commands prune and bench.</summary>
[TestClass]
[DoNotParallelize]
public sealed class SmallerAndFasterTests
{
    [TestMethod]
    public void A_pruned_file_is_smaller_keeps_its_names_and_can_be_trained_again()
    {
        using var folder = new TemporaryFolder();
        var (data, model, small) = (SampleFiles.Flowers(folder), folder.File("model.onnx"), folder.File("small.onnx"));
        CommandRun.Of("train", "mlp", "--data", data, "--target", "species", "--epochs", "1", "--out", model).Succeeded();
        var result = CommandRun.Of("prune", model, small, "--amount", "0.75", "--json").Json();
        Assert.IsLessThan((long)result["before"]!["parameters"]!, 4 * (long)result["after"]!["parameters"]!);
        Assert.IsTrue((bool)result["verified"]!);
        Assert.IsLessThan(new FileInfo(model).Length, new FileInfo(small).Length);
        StringAssert.Contains(CommandRun.Of("evaluate", small, "--data", data).Succeeded().Output, "rose");
        var trained = CommandRun.Of("train", small, "--data", data, "--epochs", "1", "--out", small, "--json").Json();
        Assert.AreEqual("""["iris","lily","rose"]""", trained["data"]!["classes"]!.ToJsonString());
        Assert.AreEqual((long)result["after"]!["parameters"]!, (long)trained["parameters"]!);

        CommandRun.Of("prune", model, folder.File("kept.keras"), "--keep", "dense").Succeeded();
        CommandRun.Of("prune", model, folder.File("kept.onnx"), "--keep", "nothing").Refused("nothing");
        Assert.IsFalse(File.Exists(folder.File("kept.onnx")));
    }

    [TestMethod]
    [DataRow("models/mlp.keras", 2)]
    [DataRow("layers.onnx", 2)]
    [DataRow("foreign.onnx", 1)]
    public void Both_runtimes_are_measured_where_they_run_the_model(string file, int sides)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File(Path.GetFileName(file));
        if (file.EndsWith(".keras", StringComparison.Ordinal))
        {
            path = ParityFolder.PathOf(file);
        }
        else
        {
            var (steps, word) = (Model.Input([null, 3], name: "steps"), Model.Input([1], DType.String, "word"));
            var both = new OnnxFunctional.Layers.Concatenate().Call(
                new OnnxFunctional.Layers.Lstm(4).Call(steps),
                new OnnxFunctional.Layers.StringLookup(vocabulary: ["a", "b"], outputMode: OnnxFunctional.Layers.EncodingMode.OneHot).Call(word));
            new Model(new[] { steps, word }, new OnnxFunctional.Layers.Dense(2).Call(both)).ExportOnnx(path, new() { Verify = false });
            if (file.StartsWith("foreign", StringComparison.Ordinal)) RemoveArchitecture(path);
        }

        var result = CommandRun.Of("bench", path, "--runs", "5", "--batch-size", "3", "--threads", "1", "--json").Json();
        var rows = result["results"]!.AsArray();
        Assert.HasCount(2 * sides, rows);
        foreach (var row in rows) Assert.IsGreaterThan(0.0, (double)row!["medianMilliseconds"]!);
        Assert.AreEqual(sides == 2 ? "1 1 3 3" : "1 3", string.Join(' ', rows.Select(row => (int)row!["batch"]!)));
        var text = CommandRun.Of("bench", path, "--runs", "2", "--batch-size", "1").Succeeded().Output;
        StringAssert.Contains(text, "samples per second");
        if (sides == 1) StringAssert.Contains(text, "ONNX Runtime only: ");
    }

    private static void RemoveArchitecture(string path)
    {
        var proto = OnnxFunctional.Export.Proto.ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        proto.MetadataProps.Clear();
        proto.ProducerName = "another";
        File.WriteAllBytes(path, Google.Protobuf.MessageExtensions.ToByteArray(proto));
    }
}
