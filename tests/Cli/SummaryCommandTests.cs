using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.Cli;

/// <summary>onnxf summary.</summary>
[TestClass]
public sealed class SummaryCommandTests
{
    [TestMethod]
    [DataRow("m.keras")]
    [DataRow("m.onnx")]
    public void Columns_and_inner_layers_are_shown_on_request_for_both_kinds_of_files(string name)
    {
        using var folder = new TemporaryFolder();
        var model = Written(folder.File(name));
        var plain = CommandRun.Of("summary", folder.File(name)).Succeeded().Output;
        StringAssert.DoesNotMatch(plain, new("MACs"));
        var text = CommandRun.Of(
            "summary", folder.File(name), "--expand-nested", "--show-trainable", "--show-macs", "--show-activation-memory").Succeeded().Output;
        string[] words = ["first (Dense)", "MACs", "Activations", "Trainable", "Multiply-adds for one sample: 27"];
        foreach (var word in words) StringAssert.Contains(text, word);
        var lines = CommandRun.Of("summary", folder.File(name), "--line-length", "100").Succeeded().Output.Split('\n');
        Assert.IsTrue(lines.Where(line => line.Length > 0 && "┏┡├└│┃".Contains(line[0])).All(line => line.TrimEnd().Length == 100));
        Assert.AreEqual(model.CountParams(), (long)CommandRun.Of("summary", folder.File(name), "--show-macs", "--json").Json()["parameters"]!);
        CommandRun.Of("summary", folder.File(name), "--line-length", "12").Refused("lineLength 12");
    }

    [TestMethod]
    public void Nodes_of_another_program_have_multiply_adds()
    {
        using var folder = new TemporaryFolder();
        Written(folder.File("m.onnx"));
        var proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("m.onnx")));
        proto.MetadataProps.Clear();
        File.WriteAllBytes(folder.File("others.onnx"), proto.ToByteArray());
        var text = CommandRun.Of("summary", folder.File("others.onnx"), "--show-macs").Succeeded().Output;
        StringAssert.Contains(text, "Multiply-adds for one sample: 27");
    }

    private static Model Written(string path)
    {
        var input = Model.Input([4]);
        var inner = new Sequential([4], new Dense(3, name: "first"), new Dense(5, name: "second"));
        var model = new Model(input, inner.Call(input));
        if (path.EndsWith(".onnx", StringComparison.Ordinal)) model.ExportOnnx(path);
        else model.Save(path);
        return model;
    }
}
