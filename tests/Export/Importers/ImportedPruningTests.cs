using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Importers;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Builder.Pruning;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Importers;

/// <summary>Opened files without some of their channels.</summary>
[TestClass]
public sealed class ImportedPruningTests
{
    // A missing rule would only keep more, and go unnoticed.
    private static readonly string[] s_open =
    [
        "Dense", "Dense_rank3", "Flatten", "Dropout", "BatchNormalization", "Relu", "PRelu", "Conv1D_causal", "Conv2D", "Conv3D", "Conv2DTranspose",
        "DepthwiseConv2D", "SeparableConv2D", "MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "Add", "Multiply",
        "Concatenate", "Permute", "ZeroPadding2D", "Cropping2D", "Identity",
    ];

    public static IEnumerable<object[]> Files => PruningFiles.All.Select(file => new object[] { file });

    public static IEnumerable<object[]> Rows => EveryLayerTests.Rows;

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void Channels_that_nobody_reads_are_removed_without_changing_the_outputs(object row)
    {
        var file = (PruningFile)row;
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(file.Put(folder));
        var before = model.Predict(file.Data(3)).ToArray();
        var pruned = model.Prune(0.5);
        var found = pruned.Layers.ToDictionary(layer => layer.Name);
        foreach (var (node, channels, left) in file.Removed) Assert.AreEqual((channels, left), (found[node].Before, found[node].After), pruned.ToString());
        Equal(before, pruned.Model.Predict(file.Data(3)).ToArray());
        Equal(before, pruned.Model.Predict(file.Data(3), batchSize: 1).ToArray());
        CollectionAssert.AreEqual(before, model.Predict(file.Data(3)).ToArray(), "the model itself changed");
        Assert.IsLessThan(pruned.ParametersBefore, pruned.Parameters);
        Masked.Equals(model, new Random(3));
    }

    /// <summary>The smaller model is one like any other: file, training and pruning work.</summary>
    [TestMethod]
    [DynamicData(nameof(Files))]
    public void A_smaller_model_of_a_file_is_written_opened_trained_and_pruned_again(object row)
    {
        var file = (PruningFile)row;
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(file.Put(folder));
        var small = model.Prune(0.5).Model;
        CollectionAssert.AreEqual(Described(model), Described(small));
        Assert.IsFalse(small.Weights.Intersect(model.Weights).Any());
        Assert.AreEqual(model.Inputs[0].Shape, small.Inputs[0].Shape);
        Assert.AreEqual(model.Outputs[0].Shape, small.Outputs[0].Shape);

        Assert.IsTrue(small.ExportOnnx(folder.File("small.onnx"), new ExportOptions { BatchSizes = [1, 3] }).Passed);
        using (var host = OnnxModel.Load(folder.File("small.onnx")))
        {
            Assert.AreEqual("x y", $"{host.Inputs.Single().Name} {host.Outputs.Single().Name}");
            Equal(small.Predict(file.Data(3)).ToArray(), host.Predict(file.Data(3)).ToArray());
        }

        Equal(small.Predict(file.Data(3)).ToArray(), OnnxFile.LoadModel(folder.File("small.onnx")).Predict(file.Data(3)).ToArray());
        Assert.IsLessThan(model.ExportOnnx(folder.File("again.onnx")).FileBytes, new FileInfo(folder.File("small.onnx")).Length);

        var trainer = small.Compile(new Adam(0.02), Loss.MeanSquaredError);
        var (x, y) = (file.Data(8), NDArray.Create(new float[8 * file.Output.Aggregate(1, (all, dim) => all * dim)], Shape.Of([8, .. file.Output])));
        var history = trainer.Fit(x, y, epochs: 12, batchSize: 4, verbose: Verbosity.Silent);
        Assert.IsLessThan(history["loss"][0], history["loss"][^1]);
        trainer.Save(folder.File("run.onnx"));
        var other = model.Prune(0.5).Model.Compile(new Adam(0.02), Loss.MeanSquaredError);
        other.Restore(folder.File("run.onnx"));
        CollectionAssert.AreEqual(small.Predict(x).ToArray(), other.Model.Predict(x).ToArray());

        var again = small.Prune(0);
        Equal(small.Predict(x).ToArray(), again.Model.Predict(x).ToArray());
        small.EnableLora(1);
        Assert.IsTrue(small.ExportOnnx(folder.File("adapted.onnx")).Passed);
    }

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Channels_pass_through_the_nodes_that_a_layer_is_written_as_or_stay(string name, object row)
    {
        var through = EveryLayerTests.PassesThrough((LayerCase)row, Opened);
        if (s_open.Contains(name)) Assert.IsTrue(through);
    }

    [TestMethod]
    [TestCategory(DataFolder.Category)]
    public void A_pretrained_network_loses_half_of_the_channels_inside()
    {
        var folder = DataFolder.Beside("pretrained", "PRETRAINED_DIR");
        var path = Path.Combine(folder, "ResNet18.onnx");
        if (!File.Exists(path)) throw DataFolder.Missing("ResNet18.onnx", folder, "PRETRAINED_DIR");
        var model = OnnxFile.LoadModel(path, new ImportOptions { Verify = false });
        var pruned = Masked.Equals(model, new Random(5));
        Assert.IsLessThan(pruned.ParametersBefore / 2, pruned.Parameters);
        using var written = new TemporaryFolder();
        Assert.IsTrue(pruned.Model.ExportOnnx(written.File("small.onnx"), new ExportOptions { BatchSizes = [1] }).Passed);
    }

    [TestMethod]
    public void What_is_frozen_fixed_or_named_stays_so()
    {
        using var folder = new TemporaryFolder();
        var file = PruningFiles.All[0];
        var model = OnnxFile.LoadModel(file.Put(folder), new ImportOptions { TrainBatchNormalization = true, Trainable = name => name != "W" });
        model.GetLayer("c_node").Trainable = false;
        var small = model.Prune(0.5, new PruningOptions { Keep = ["h_node"] }).Model;
        Assert.AreEqual(Trained(model), Trained(small));
        Assert.AreEqual((4, 17), (small.Weights.Single(weight => weight.Name == "b").Shape[0], small.Weights.Single(weight => weight.Name == "v").Shape[0]));

        // Statistics of batches move in training, those of the smaller model too.
        var mean = small.Weights.Single(weight => weight.Name == "mean");
        var before = mean.Value.ToArray();
        small.Compile(new Sgd(0.01), Loss.MeanSquaredError).Fit(file.Data(4), new float[4, 3], epochs: 1, verbose: Verbosity.Silent);
        CollectionAssert.AreNotEqual(before, mean.Value.ToArray());

        static string Trained(Model model) => string.Join(" ", model.TrainableWeights.Select(weight => weight.Name));
    }

    [TestMethod]
    public void A_new_head_and_a_model_around_an_opened_one_are_pruned_with_it()
    {
        using var folder = new TemporaryFolder();
        var file = PruningFiles.All[0];
        var opened = OnnxFile.LoadModel(file.Put(folder));
        var body = new Model(opened.Inputs, opened.GetLayer("r_node").Output, "body");
        var x = Model.Input(Shape.Create([.. file.Input.Select(size => (int?)size)]), name: "image");
        var model = new Model(x, body.Call(x).Apply(new Dense(5, Activation.Relu, name: "hidden"), new Dense(2, name: "last")));
        var pruned = model.Prune(0.5);
        Assert.AreEqual("body/c_node 4, body/h_node 9, hidden 3, last 2", string.Join(", ", pruned.Layers.Select(layer => $"{layer.Name} {layer.After}")));
        Assert.IsTrue(pruned.Model.ExportOnnx(folder.File("small.onnx")).Passed);
    }

    [TestMethod]
    public void Nodes_that_are_called_several_times_keep_their_channels()
    {
        using var folder = new TemporaryFolder();
        var file = PruningFiles.All[0];
        var opened = OnnxFile.LoadModel(file.Put(folder));
        var shape = Shape.Create([.. file.Input.Select(size => (int?)size)]);
        SymbolicTensor[] images = [Model.Input(shape, name: "left"), Model.Input(shape, name: "right")];
        var both = new Add().Call([.. images.Select(image => opened.Call(image))]);
        var pruned = Masked.Equals(new Model(images, both.Apply(new Dense(6, name: "hidden"), new Dense(1, name: "last"))), new Random(2));
        var kept = pruned.Layers[0];
        Assert.AreEqual((kept.Before, "the node is called several times, or inside another layer"), (kept.After, kept.Reason));
        Assert.AreEqual(3, pruned.Layers.Single(layer => layer.Name == "hidden").After);
        pruned.Model.ExportOnnx(folder.File("small.onnx"));
    }

    [TestMethod]
    public void The_report_says_which_nodes_keep_their_channels_and_why()
    {
        using var folder = new TemporaryFolder();
        var file = PruningFiles.All[0];
        var model = OnnxFile.LoadModel(file.Put(folder));
        Assert.AreEqual("they are the model's output 'y'", model.Prune(0.5).Layers.Single(layer => layer.Name == "m_node").Reason);
        var refusal = Assert.Throws<ModelException>(() => model.Prune(0.5, new() { Keep = ["c_nod"] }));
        Assert.Contains("Did you mean 'c_node'? The layers are c_node, h_node, m_node.", refusal.Message);

        var x = Model.Input([6, 6, 4], name: "x");
        var grouped = new Model(x, x.Apply(
            new Conv2D(4, 1, name: "before"), new Conv2D(6, 3, groups: 2, name: "grouped"), new LayerNormalization(name: "norm"),
            new Flatten(), new Dense(4, name: "hidden"), new Dense(2, name: "last")));
        var rows = Opened(grouped).Prune(0.5).Layers.ToDictionary(layer => layer.Name, layer => (layer.After, layer.Reason));
        Assert.AreEqual("before 4, grouped 6, hidden 2, last 2", string.Join(", ", rows.Select(row => $"{row.Key.Split('/')[0]} {row.Value.After}")));
        Assert.Contains("the convolution has groups", string.Join("\n", rows.Values));
        Assert.Contains("combines them with channels that stay", string.Join("\n", rows.Values));
    }

    [TestMethod]
    public void The_report_of_costs_runs_files_that_were_opened()
    {
        using var folder = new TemporaryFolder();
        var model = OnnxFile.LoadModel(PruningFiles.All[0].Put(folder));
        var report = PruningReport.Measure(model, model.Prune(0.5).Model, runs: 3);
        Assert.IsLessThan(report.Before.Parameters, report.After.Parameters);
        Assert.IsLessThan(report.Before.MultiplyAdds, report.After.MultiplyAdds);
        Assert.IsLessThan(report.Before.FileBytes, report.After.FileBytes);
    }

    private static Model Opened(Model model)
    {
        var (emitted, _) = OnnxExporter.Emit(model, new ExportOptions());
        emitted.Proto.MetadataProps.Clear();
        return GraphImport.Run(OnnxFileGuard.ReadBytes(emitted.Proto.ToByteArray(), model.Name, null, new OnnxFileLimits(), forEngine: true), new()).Model;
    }

    private static string[] Described(Model model) => [.. model.Layers.Select(layer => $"{layer.Name} {layer.ClassName} {layer.GetType().Name}")];

    private static void Equal(float[] expected, float[] found)
    {
        Assert.HasCount(expected.Length, found);
        for (var i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], found[i], 2e-5f * MathF.Max(1, MathF.Abs(expected[i])));
    }
}
