using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using static OnnxFunctional.Tests.Export.HandmadeModels;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.Cli;

/// <summary>Commands that open ONNX files of other programs: convert, train, prune, verify.</summary>
[TestClass]
[DoNotParallelize]
public sealed class OpenedFileTests
{
    [TestMethod]
    public void A_file_of_another_program_is_written_again_in_another_opset_with_its_names()
    {
        using var folder = new TemporaryFolder();
        var labelled = Images(3);
        labelled.MetadataProps.Add(new StringStringEntryProto { Key = "names", Value = "cat,dog,owl" });
        var (file, again) = (Put(folder, labelled), folder.File("again.onnx"));
        var output = CommandRun.Of("convert", file, again, "--opset", "18").Succeeded().Output;
        StringAssert.Contains(output, "opset 18");
        StringAssert.Contains(output, "so no .keras file can be made of it; onnxf train trains it.");
        Assert.DoesNotContain("LoadModel", output);
        CommandRun.Of("verify", again).Succeeded();
        var (before, after) = (Read(file).Graph, Read(again).Graph);
        Assert.AreEqual(Names(before.Input), Names(after.Input));
        Assert.AreEqual(Names(before.Output), Names(after.Output));
        CollectionAssert.AreEqual(Weight(before, "K"), Weight(after, "K"));
        Assert.AreEqual("cat,dog,owl", OnnxFile.ReadMetadata(again)["names"]);

        foreach (var target in new[] { "model.keras", "model.json" })
        {
            var refused = CommandRun.Of("convert", file, folder.File(target));
            refused.Refused("it holds nodes of an ONNX file, which have no configuration as layers of Keras have. Give a name that ends in .onnx.");
            Assert.IsFalse(File.Exists(folder.File(target)));
        }
    }

    [TestMethod]
    public void A_bound_input_is_a_number_for_all_elements_or_each_of_them()
    {
        using var folder = new TemporaryFolder();
        var (file, again) = (Put(folder, Scaled()), folder.File("again.onnx"));
        foreach (var (values, third) in new[] { ("2", 6f), ("1,2,-3", -9f) })
        {
            CommandRun.Of("verify", file, "--bind", "scale=" + values).Succeeded();
            CommandRun.Of("convert", file, again, "--bind", "scale=" + values).Succeeded();
            using var onnx = OnnxModel.Load(again);
            Assert.AreEqual("x", string.Join(' ', onnx.Inputs.Select(input => input.Name)));
            Assert.AreEqual(third, onnx.Predict(new float[,] { { 1, 2, 3 } })[0, 2]);
        }

        CommandRun.Of("verify", file, "--bind", "scale=2", "--input-shape", "x=5,3").Succeeded();
    }

    [TestMethod]
    [DataRow("--bind", "scale=1,2", "scale=1,2 has 2 numbers; input scale: float[3] has 3 elements. Give one number for all, or each.")]
    [DataRow("--bind", "scale=a", "'a' is no number")]
    [DataRow("--bind", "scales=1", "which '{0}' does not have. Did you mean 'scale'?")]
    [DataRow("--bind", "x=1", "whose sizes are open. Give them too: --input-shape x=SIZES.")]
    [DataRow("--input-shape", "x=0,3", "'0' is no size")]
    [DataRow("--input-shape", "x=2,4", "--input-shape gives input 'x' the shape (2, 4), but the file takes")]
    public void What_an_input_does_not_take_is_refused(string option, string value, string expected)
    {
        using var folder = new TemporaryFolder();
        var file = Put(folder, Scaled());
        foreach (var command in new[] { "verify", "convert" })
        {
            string[] target = command == "convert" ? [folder.File("again.onnx")] : [];
            CommandRun.Of([command, file, .. target, option, value]).Refused(expected.Replace("{0}", file, StringComparison.Ordinal));
        }
    }

    [TestMethod]
    public void Options_for_files_of_other_programs_are_refused_where_they_change_nothing()
    {
        using var folder = new TemporaryFolder();
        var (ours, data) = (folder.File("ours.onnx"), SampleFiles.Flowers(folder, 30));
        CommandRun.Of("train", "mlp", "--data", data, "--target", "species", "--epochs", "1", "--out", ours).Succeeded();
        CommandRun.Of("verify", ours, "--bind", "numbers=1,2", "--input-shape", "numbers=1,2").Refused("is opened as layers of this library");
        CommandRun.Of("train", "mlp", "--data", data, "--target", "species", "--bind", "a=1").Refused("'mlp' is none. Leave them out.");
        CommandRun.Of("verify", ours, "--bind", "numbers").Misused("--bind is 'numbers'; expected NAME=VALUE");
        CommandRun.Of("verify", ours, "--bind", "a=1", "--bind", "a=2").Misused("--bind names the input 'a' twice.");
    }

    [TestMethod]
    public void What_decides_a_branch_is_named_with_the_option_that_fixes_it()
    {
        using var folder = new TemporaryFolder();
        var loop = Loop();
        (loop.Graph.Input[0], loop.Graph.Output[0]) = (Value("x", DataType.Float, "n", 3), Value("y", DataType.Float, "n", 3));
        var body = loop.Graph.Node[0].Attribute[0].G;
        (body.Input[2], body.Output[1]) = (Value("before", DataType.Float, "n", 3), Value("after", DataType.Float, "n", 3));
        var file = Put(folder, loop);
        CommandRun.Of("verify", file).Refused("Fix what decides it: --bind times=VALUE. onnxf predict runs it.");
        CommandRun.Of("verify", file, "--bind", "times=3").Succeeded();
        CommandRun.Of("verify", file, "--bind", "times=3.5").Refused("'3.5' is no whole number");
    }

    [TestMethod]
    [DataRow(false, 0.0)]
    [DataRow(true, 0.5)]
    public void The_loss_of_a_node_is_chosen_by_what_it_predicts(bool isProbability, double threshold)
    {
        using var folder = new TemporaryFolder();
        var (file, data, trained) = (Put(folder, Decision(isProbability)), Table(folder), folder.File("trained.onnx"));
        string[] train = ["train", file, "--data", data, "--target", "label", "--learning-rate", "0.05", "--out", trained];
        var result = CommandRun.Of([.. train, "--epochs", "30", "--json"]).Json();
        Assert.IsTrue((bool)result["verified"]!);
        Assert.AreEqual(threshold, (double)result["data"]!["threshold"]!);
        Assert.AreEqual(1.0, (double)result["onnxRuntime"]!["accuracy"]!);
        Assert.IsLessThan(0.3, (double)result["onnxRuntime"]!["loss"]!);
        Assert.IsNotNull(result["epochs"]![29]);
        StringAssert.Contains(CommandRun.Of("evaluate", trained, "--data", data, "--target", "label").Succeeded().Output, "accuracy");
        CommandRun.Of("train", trained, "--data", data, "--target", "label", "--epochs", "1", "--out", trained).Succeeded();
    }

    [TestMethod]
    public void Only_the_layers_that_are_named_are_trained()
    {
        using var folder = new TemporaryFolder();
        var (file, photos) = (Put(folder, Images(2)), SampleFiles.Photos(folder));
        string[] train = ["train", file, "--data", photos, "--scale", "0.004", "--epochs", "2", "--out", folder.File("trained.onnx"), "--json"];
        foreach (var (options, changed) in new[]
        {
            (new[] { "--trainable", "scores*" }, "WB"),
            (["--trainable", "features_node", "--trainable", "scores_node"], "KWB"),
            (["--lora", "1"], "KW"),
            (Array.Empty<string>(), "KWB"),
        })
        {
            var result = CommandRun.Of([.. train, .. options]).Json();
            Assert.AreEqual("""["bright","dark"]""", result["data"]!["classes"]!.ToJsonString());
            var (before, after) = (Read(file).Graph, Read(folder.File("trained.onnx")).Graph);
            foreach (var name in new[] { "K", "W", "B" })
            {
                var isSame = Weight(before, name).SequenceEqual(Weight(after, name));
                Assert.AreEqual(!changed.Contains(name, StringComparison.Ordinal), isSame, $"{name} with {string.Join(' ', options)}");
            }
        }

        CommandRun.Of([.. train, "--trainable", "score_node"]).Refused("no layer with weights has that name. Did you mean 'scores_node'?");
        CommandRun.Of([.. train, "--trainable", "scores_node", "--lora", "2"]).Refused("both say what is trained");
    }

    [TestMethod]
    public void A_file_of_another_program_becomes_smaller_and_is_trained_again()
    {
        using var folder = new TemporaryFolder();
        var (file, small) = (Put(folder, Images(2)), folder.File("small.onnx"));
        var output = CommandRun.Of("prune", file, small, "--amount", "0.4").Succeeded().Output;
        StringAssert.Contains(output, "features_node (Conv)");
        StringAssert.Contains(output, "they are the model's output 'scores'");
        Assert.AreEqual(3, Read(small).Graph.Initializer.Single(tensor => tensor.Name == "K").Dims[0]);
        CommandRun.Of("verify", small).Succeeded();
        CommandRun.Of("train", small, "--data", SampleFiles.Photos(folder), "--epochs", "1", "--out", small).Succeeded();
        CommandRun.Of("prune", file, small, "--keep", "features").Refused("The layers are features_node, scores_node.");
        CommandRun.Of("prune", file, folder.File("small.keras")).Refused("Give a name that ends in .onnx.");
    }

    [TestMethod]
    public void A_file_of_a_fixed_batch_trains_by_such_batches()
    {
        using var folder = new TemporaryFolder();
        var file = Decision(true);
        file.Graph.Input[0].Type.TensorType.Shape.Dim[0] = new TensorShapeProto.Types.Dimension { DimValue = 4 };
        var (path, data) = (Put(folder, file), Table(folder));
        string[] train = ["train", path, "--data", data, "--target", "label", "--epochs", "1", "--out", folder.File("trained.onnx")];
        CommandRun.Of(train).Succeeded();
        CommandRun.Of([.. train, "--batch-size", "8"]).Refused("4");
    }

    [TestMethod]
    public void Targets_that_do_not_fit_the_output_are_refused_before_training()
    {
        using var folder = new TemporaryFolder();
        var (file, data) = (Put(folder, Decision(true)), Table(folder, classes: 3));
        string[] options = ["--data", data, "--target", "label", "--out", folder.File("trained.onnx")];
        CommandRun.Of(["train", file, .. options]).Refused("has 3 classes, but output 'y' has a single unit");
        CommandRun.Of(["train", Put(folder, Scaled()), .. options]).Refused("has no column for input 'x': a model of several inputs takes columns");
        Assert.IsFalse(File.Exists(folder.File("trained.onnx")));
    }

    /// <summary>y = x * scale, scale of three elements.</summary>
    private static ModelProto Scaled() => Model(new GraphProto
    {
        Input = { Value("x", DataType.Float, "n", 3), Value("scale", DataType.Float, 3) },
        Output = { Value("y", DataType.Float, "n", 3) },
        Node = { Node("Mul", ["x", "scale"], ["z"]), Node("Mul", ["z", "z"], ["w"]), Node("Identity", ["z"], ["y"]) },
    });

    /// <summary>Scores of classes of images, channels-first as most files have them.</summary>
    private static ModelProto Images(int classes) => Model(new GraphProto
    {
        Input = { Value("image", DataType.Float, "n", 3, 8, 7) },
        Output = { Value("scores", DataType.Float, "n", classes) },
        Initializer = { Waves("K", 5, 3, 3, 3), Waves("W", 5, classes), Waves("B", classes) },
        Node =
        {
            Node("Conv", ["image", "K"], ["features"]),
            Node("Relu", ["features"], ["positive"]),
            Node("GlobalAveragePool", ["positive"], ["mean"]),
            Node("Flatten", ["mean"], ["flat"]),
            Node("Gemm", ["flat", "W", "B"], ["scores"]),
        },
    });

    /// <summary>One number per sample, for two classes.</summary>
    private static ModelProto Decision(bool isProbability) => Model(new GraphProto
    {
        Input = { Value("x", DataType.Float, "n", 3) },
        Output = { Value("y", DataType.Float, "n", 1) },
        Initializer = { Waves("W", 3, 1), Waves("B", 1) },
        Node = { Node("Gemm", ["x", "W", "B"], ["z"]), Node(isProbability ? "Sigmoid" : "Identity", ["z"], ["y"]) },
    });

    private static TensorProto Waves(string name, params long[] dims) =>
        Floats(name, dims, [.. Enumerable.Range(0, (int)dims.Aggregate(1L, (all, dim) => all * dim)).Select(i => 0.5f * MathF.Sin(1 + (i * 1.7f)))]);

    /// <summary>Samples of three numbers; their class is the sign of the first.</summary>
    private static string Table(TemporaryFolder folder, int classes = 2)
    {
        var random = new Random(3);
        var text = new StringBuilder("a,b,c,label\n");
        for (var i = 0; i < 40; i++)
        {
            var first = (random.NextSingle() * 4) - 2;
            var label = classes == 2 ? (first > 0 ? "plus" : "minus") : $"kind{i % classes}";
            text.Append(CultureInfo.InvariantCulture, $"{first:F3},{random.NextSingle():F3},{random.NextSingle():F3},{label}\n");
        }

        return SampleFiles.Write(folder, "table.csv", text.ToString());
    }

    private static ModelProto Read(string path) => ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));

    private static string Names(IEnumerable<ValueInfoProto> values) => string.Join(' ', values.Select(value => value.Name));

    private static float[] Weight(GraphProto graph, string name) =>
        MemoryMarshal.Cast<byte, float>(graph.Initializer.Single(tensor => tensor.Name == name).RawData.Span).ToArray();
}
