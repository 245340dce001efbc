using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export;

/// <summary>Adapters of whole models, of opened files, in other uses of a model, and what is refused.</summary>
[TestClass]
public sealed class AdapterUseTests
{
    private static readonly NDArray s_x = Values(6, 5);

    public static IEnumerable<object[]> Refusals =>
    [
        [() => new Dense(2).EnableLora(4), "Dense 'dense', EnableLora: It is not built, so it has no kernel yet. Call it on a tensor first."],
        [() => Built(new Dense(2, name: "d")).EnableLora(0), "Dense 'd', EnableLora: The rank of adapters is 0; expected 1 or more, such as 8."],
        [(Action)(() => _ = new Dense(2, loraRank: -1, name: "d")), "Dense 'd', EnableLora: The rank of adapters is -1; expected 1 or more, such as 8."],
        [() => Built(new Dense(2, name: "d")).EnableLora(2, double.NaN), "Dense 'd', EnableLora: loraAlpha is NaN; expected a number."],
        [() => Built(new Dropout(0.1, name: "d")).EnableLora(2), "Dropout 'd', EnableLora: It has no kernel that takes an adapter."],
        [
            () => Built(new Dense(2, kernelConstraint: Constraint.NonNeg, name: "d")).EnableLora(2),
            "Dense 'd', EnableLora: Its kernel has a constraint, which an adapter would not obey."
        ],
        [
            () => { var layer = Built(new Dense(2, loraRank: 1, name: "d")); layer.EnableLora(2); },
            "Dense 'd', EnableLora: It has adapters already; EnableLora once, before Compile."
        ],
        [() => Network().SaveAdapter("x.onnx_adapter"), "Model 'net' has no adapters. Call EnableLora on it or on some of its layers first."],
        [(Action)(() => Adapted().Prune(0.5)), "Prune: 'dense/kernel' of model 'net' has an adapter, which would be lost."],
        [
            () => { var model = Network(); var trainer = model.Compile(new Sgd(0.1), Loss.MeanSquaredError); model.EnableLora(1); Fit(trainer); },
            "EnableLora was called after Compile of model 'net'. Compile the model again; its weights are kept."
        ],
    ];

    [TestMethod]
    [DynamicData(nameof(Refusals))]
    public void A_wrong_use_is_refused_in_a_sentence(Action use, string message)
    {
        var refusal = Assert.Throws<ModelException>(use);
        StringAssert.StartsWith(refusal.Message, message);
    }

    [TestMethod]
    public void A_model_gives_adapters_to_all_kernels_and_freezes_the_rest()
    {
        var input = Model.Input([5]);
        var model = new Model(input, input.Apply(new Dense(7), new BatchNormalization(), new Dense(3)));
        model.EnableLora(2);
        Assert.IsTrue(model.TrainableWeights.All(weight => weight.Name is "lora_kernel_a" or "lora_kernel_b"));
        Assert.HasCount(4, model.TrainableWeights);
        Assert.IsFalse(model.GetLayer("batch_normalization").Trainable);
    }

    [TestMethod]
    public void An_adapter_of_an_opened_file_trains_and_is_written_merged_and_apart()
    {
        using var folder = new TemporaryFolder();
        Network().ExportOnnx(folder.File("net.onnx"));
        var model = Foreign(folder);
        var before = model.Predict(s_x);
        model.EnableLora(2);
        Assert.AreEqual(
            "dense/kernel.lora_a, dense/kernel.lora_b, dense_1/kernel.lora_a, dense_1/kernel.lora_b",
            string.Join(", ", model.TrainableWeights.Select(weight => weight.Name)));
        Fit(model.Compile(new Adam(0.05), Loss.MeanSquaredError), 20);
        var after = model.Predict(s_x);
        Assert.IsGreaterThan(1e-2, Largest(before, after));

        model.ExportOnnx(folder.File("merged.onnx"));
        using (var merged = OnnxModel.Load(folder.File("merged.onnx"))) Assert.AreEqual(0, Largest(after, merged.Predict(s_x)), 1e-5);
        Assert.AreEqual(Foreign(folder).CountParams(), OnnxFile.LoadModel(folder.File("merged.onnx")).CountParams());

        model.ExportOnnx(folder.File("apart.onnx"), new ExportOptions { AdaptersApart = true });
        model.SaveAdapter(folder.File("one.onnx_adapter"));
        using (var plain = OnnxModel.Load(folder.File("apart.onnx"))) Assert.AreEqual(0, Largest(before, plain.Predict(s_x)), 1e-5);
        using var adapted = OnnxModel.Load(folder.File("apart.onnx"), options: new() { Adapter = folder.File("one.onnx_adapter") });
        Assert.AreEqual(0, Largest(after, adapted.Predict(s_x)), 1e-5);

        // In another process: the file again, adapters of the same rank, the saved ones.
        var again = Foreign(folder);
        again.EnableLora(2);
        again.LoadAdapter(folder.File("one.onnx_adapter"));
        Assert.AreEqual(0, Largest(after, again.Predict(s_x)));
    }

    [TestMethod]
    public void A_layer_with_an_adapter_is_called_twice_and_differentiated()
    {
        var input = Model.Input([5]);
        var dense = new Dense(5, Activation.Tanh);
        var twice = dense.Call(dense.Call(input));
        var model = new Model(input, [twice, Gradient.Of(twice, input)], seed: 5);
        dense.EnableLora(2);
        var random = new Random(1);
        foreach (var weight in dense.TrainableWeights) for (var i = 0; i < weight.Length; i++) weight.Storage[i] = (float)random.NextDouble() - 0.5f;
        using var folder = new TemporaryFolder();
        model.ExportOnnx(folder.File("m.onnx"));

        var outputs = model.PredictNamed(s_x).Values.ToArray();
        const float Step = 1e-2f;
        for (var i = 0; i < 5; i++)
        {
            var (above, below) = (s_x.ToArray(), s_x.ToArray());
            (above[i], below[i]) = (above[i] + Step, below[i] - Step);
            var slope = Sum(above) - Sum(below);
            Assert.AreEqual(slope / (2 * Step), outputs[1].ToArray()[i], 1e-2);
        }

        double Sum(float[] x) => new Model(input, twice).Predict(NDArray.Create(x, s_x.Shape)).ToArray().Sum(value => (double)value);
    }

    [TestMethod]
    public void A_training_step_as_files_trains_adapters_only()
    {
        using var folder = new TemporaryFolder();
        var model = Adapted();
        var trainer = model.Compile(new Adam(0.01), Loss.MeanSquaredError);
        trainer.ExportTraining(folder.File("step"));
        using var host = OnnxTrainer.Load(folder.File("step"));
        var frozen = model.GetLayer("dense").Weights.First(weight => weight.Name == "kernel").Value.ToArray();
        var (y, losses) = (Values(6, 3), new List<double>());
        for (var i = 0; i < 5; i++) losses.Add(host.TrainOnBatch(s_x, y)["loss"]);
        Assert.IsLessThan(losses[0], losses[^1]);
        Fit(trainer, 5);
        CollectionAssert.AreEqual(frozen, model.GetLayer("dense").Weights.First(weight => weight.Name == "kernel").Value.ToArray());
    }

    [TestMethod]
    [DataRow(MixedPrecision.Float16)]
    [DataRow(MixedPrecision.BFloat16)]
    public void An_adapter_trains_in_mixed_precision(MixedPrecision precision)
    {
        var (exact, narrow) = (LossWith(MixedPrecision.Float32), LossWith(precision));
        Assert.AreEqual(exact, narrow, 0.02 * exact);

        static double LossWith(MixedPrecision precision) =>
            Adapted().Compile(new Adam(0.02), Loss.MeanSquaredError, precision: precision)
                .Fit(s_x, Values(6, 3), epochs: 30, verbose: Verbosity.Silent)["loss"][^1];
    }

    [TestMethod]
    public void A_damaged_adapter_file_is_refused_and_changes_nothing()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.onnx_adapter");
        var model = Adapted();
        model.SaveAdapter(path);
        var (content, before) = (File.ReadAllBytes(path), model.GetWeights());
        var random = new Random(11);
        var refused = 0;
        for (var i = 0; i < 400; i++)
        {
            var changed = (byte[])content.Clone();
            if (i % 4 == 0) changed = changed[..random.Next(changed.Length)];
            else for (var k = 0; k <= i % 3; k++) changed[random.Next(changed.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(path, changed);
            try
            {
                model.LoadAdapter(path);
                model.SetWeights(before);
            }
            catch (OnnxFileException refusal)
            {
                refused++;
                Assert.Contains("a.onnx_adapter", refusal.Message);
                foreach (var (weight, value) in model.Weights.Zip(before)) CollectionAssert.AreEqual(value.ToArray(), weight.Value.ToArray());
            }
        }

        Assert.IsGreaterThan(100, refused);
    }

    [TestMethod]
    public void A_missing_adapter_file_and_a_folder_are_refused_as_such()
    {
        using var folder = new TemporaryFolder();
        var model = Adapted();
        Assert.Contains("does not exist", Assert.Throws<OnnxFileException>(() => model.LoadAdapter(folder.File("none.onnx_adapter"))).Message);
        Assert.Contains("Pass the path of an .onnx_adapter file", Assert.Throws<OnnxFileException>(() => model.LoadAdapter(folder.Path)).Message);
    }

    [TestMethod]
    public void An_adapter_of_another_rank_or_model_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.onnx_adapter");
        Adapted().SaveAdapter(path);
        var other = Network();
        other.EnableLora(3);
        var refusal = Assert.Throws<OnnxFileException>(() => other.LoadAdapter(path));
        Assert.Contains("'dense/lora_kernel_a' is (5, 2), expected (5, 3)", refusal.Message);
        Assert.Contains("EnableLora with the rank", refusal.Message);

        Network().ExportOnnx(folder.File("plain.onnx"));
        refusal = Assert.Throws<OnnxFileException>(() => OnnxModel.Load(folder.File("plain.onnx"), options: new() { Adapter = path }));
        Assert.Contains("ExportOptions.AdaptersApart", refusal.Message);
    }

    private static Model Network()
    {
        var input = Model.Input([5], name: "x");
        return new Model(input, input.Apply(new Dense(7, Activation.Relu), new Dense(3)), name: "net", seed: 2);
    }

    private static Model Adapted()
    {
        var model = Network();
        model.EnableLora(2);
        return model;
    }

    /// <summary>The file without the description of its layers, as others write it.</summary>
    private static Model Foreign(TemporaryFolder folder)
    {
        var proto = OnnxFunctional.Export.Proto.ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder.File("net.onnx")));
        proto.MetadataProps.Clear();
        using (var stream = File.Create(folder.File("foreign.onnx"))) Google.Protobuf.MessageExtensions.WriteTo(proto, stream);
        return OnnxFile.LoadModel(folder.File("foreign.onnx"));
    }

    private static T Built<T>(T layer) where T : Layer
    {
        layer.Call(Model.Input([5]));
        return layer;
    }

    private static void Fit(Trainer trainer, int epochs = 1) => trainer.Fit(s_x, Values(6, 3), epochs: epochs, verbose: Verbosity.Silent);

    private static NDArray Values(int rows, int columns) =>
        NDArray.Create([.. Enumerable.Range(0, rows * columns).Select(i => MathF.Sin(1 + (i * 1.3f)))], [rows, columns]);

    private static double Largest(NDArray a, NDArray b) => a.ToArray().Zip(b.ToArray(), (x, y) => Math.Abs((double)x - y)).Max();
}
