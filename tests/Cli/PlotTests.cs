using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Parity;
using OnnxFunctional.Tests.Visualization;

namespace OnnxFunctional.Tests.Cli;

/// <summary>onnxf plot.</summary>
[TestClass]
public sealed class PlotTests
{
    [TestMethod]
    [DataRow("png")]
    [DataRow("svg")]
    [DataRow("pdf")]
    [DataRow("mmd")]
    public void A_keras_file_is_drawn_as_each_kind(string kind)
    {
        using var folder = new TemporaryFolder();
        var run = CommandRun.Of("plot", ParityFolder.PathOf("models/nested.keras"), folder.File("m." + kind), "--show-shapes", "--expand-nested").Succeeded();
        StringAssert.Contains(run.Output, "Drawn as");
        Assert.IsGreaterThan(100, new FileInfo(folder.File("m." + kind)).Length);
    }

    [TestMethod]
    public void A_file_of_this_library_shows_layers_and_one_of_others_nodes()
    {
        using var folder = new TemporaryFolder();
        var input = Model.Input([7]);
        var model = new Model(input, new Dense(3, Activation.Softmax, name: "digits").Call(input));
        model.ExportOnnx(folder.File("ours.onnx"));
        CommandRun.Of("plot", folder.File("ours.onnx"), folder.File("m.svg"), "--show-layer-names", "--show-trainable").Succeeded();
        CollectionAssert.Contains(Texts(folder.File("m.svg")), "digits (Dense)");

        var proto = OnnxFunctional.Export.Proto.ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("ours.onnx")));
        proto.MetadataProps.Clear();
        File.WriteAllBytes(folder.File("others.onnx"), Google.Protobuf.MessageExtensions.ToByteArray(proto));
        CommandRun.Of("plot", folder.File("others.onnx"), folder.File("m.svg"), "--rankdir", "lr").Succeeded();
        CollectionAssert.Contains(Texts(folder.File("m.svg")), "Gemm");
        CommandRun.Of("plot", folder.File("others.onnx"), folder.File("m.svg"), "--show-trainable").Refused("--show-trainable is for layers");
    }

    [TestMethod]
    public void Wrong_uses_are_sentences()
    {
        using var folder = new TemporaryFolder();
        var model = ParityFolder.PathOf("models/mlp.keras");
        CommandRun.Of("plot", model, folder.File("m.gif")).Refused("ends in .png, .svg, .pdf or .mmd");
        CommandRun.Of("plot", model, folder.File("m.png"), "--rankdir", "up").Misused("--rankdir is 'up'");
        CommandRun.Of("plot", model, folder.File("m.png"), "--dpi", "0").Misused("--dpi is 0");
        CommandRun.Of("plot", folder.File("none.onnx"), folder.File("m.png")).Refused("There is no file");
        Assert.IsEmpty(Directory.EnumerateFiles(folder.Path));
    }

    private static string[] Texts(string path) => [.. SvgPicture.Parse(File.ReadAllText(path)).Texts.Select(text => text.Value)];
}
