using System.Text.Json;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Keras;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Parity;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Metrics;
using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Tests.Export.Keras;

/// <summary>Models of Keras' files, compiled as there: forms of the arguments, in Keras 2 and 3, and what is refused.</summary>
[TestClass]
public sealed class KerasTrainerTests
{
    private const string Adam = """
        "optimizer_config": {"class_name": "Adam", "config": {"name": "Adam", "learning_rate": 0.01, "decay": 0.0, "amsgrad": false}}
        """;

    /// <summary>A file that Keras 3.16 wrote with h5py; its optimizer's variables lie by names, in the order of the list of them.</summary>
    [TestMethod]
    public void An_h5_file_is_compiled_with_the_state_of_its_optimizer()
    {
        var path = HuntFolder.PathOf("legacy_h5/sequential_compiled.h5");
        var trainer = Trainer.Load(path);
        Assert.IsInstanceOfType<Adam>(trainer.Optimizer);
        Assert.IsInstanceOfType<CategoricalCrossentropy>(trainer.Compiled.Losses[0]);
        Assert.AreEqual(0.001f, trainer.LearningRate);
        var arrays = Hdf5Reader.Read(File.ReadAllBytes(path));
        foreach (var layer in (string[])["dense", "dense_1"])
        {
            foreach (var (part, slot) in ((string, string)[])[("kernel", "momentum"), ("kernel", "velocity"), ("bias", "momentum"), ("bias", "velocity")])
            {
                var expected = arrays[$"optimizer_weights/adam/sequential_{layer}_{part}_{slot}"];
                var values = new float[expected.Count];
                expected.CopyTo(values);
                CollectionAssert.AreEqual(values, trainer.Compiled.State.Find($"{layer}/{part}/{slot}")!.Storage, $"{layer} {part} {slot}");
            }
        }

        var again = Model.Load(path).Compile(new Adam(), Loss.CategoricalCrossentropy);
        again.LoadOptimizer(path);
        Assert.AreEqual(trainer.Iterations, again.Iterations);
    }

    [TestMethod]
    [DataRow("\"loss\": \"mse\"")]
    [DataRow("\"loss\": [\"mse\"]")]
    [DataRow("\"loss\": {\"out\": \"mean_squared_error\"}")]
    [DataRow("\"loss\": {\"class_name\": \"MeanSquaredError\", \"config\": {\"name\": \"mean_squared_error\", \"reduction\": \"sum_over_batch_size\"}}")]
    [DataRow("\"loss\": {\"class_name\": \"MeanSquaredError\", \"config\": {\"name\": \"mean_squared_error\", \"reduction\": \"auto\", \"fn\": null}}")]
    [DataRow("\"loss\": {\"module\": \"builtins\", \"class_name\": \"function\", \"config\": \"mean_squared_error\", \"registered_name\": \"function\"}")]
    public void A_loss_is_named_described_or_given_by_output(string loss)
    {
        var compiled = Compiled(loss).Compiled;
        Assert.IsInstanceOfType<MeanSquaredError>(compiled.Losses[0]);
        Assert.AreEqual(LossReduction.SumOverBatchSize, compiled.Losses[0]!.Reduction);
    }

    [TestMethod]
    [DataRow("[\"accuracy\"]", "accuracy")]
    [DataRow("[[\"accuracy\", \"mae\"]]", "accuracy mean_absolute_error")]
    [DataRow("{\"out\": [\"mae\"]}", "mean_absolute_error")]
    [DataRow("[{\"class_name\": \"MeanMetricWrapper\", \"config\": {\"name\": \"m\", \"dtype\": \"float32\", \"fn\": \"mae\"}}]", "mean_absolute_error")]
    [DataRow("[{\"class_name\": \"AUC\", \"config\": {\"name\": \"area\", \"curve\": \"PR\", \"summation_method\": \"interpolation\"}}]", "area")]
    [DataRow("[{\"class_name\": \"BinaryCrossentropy\", \"config\": {\"name\": \"bce\", \"from_logits\": true, \"label_smoothing\": 0}}]", "bce")]
    public void Metrics_are_named_described_or_given_by_output(string metrics, string expected)
    {
        var compiled = Compiled($$""" "loss": "mse", "metrics": {{metrics}} """).Compiled;
        var found = compiled.Metrics.ByOutput is { } named ? named.Single().Value.ToArray() : [.. compiled.Metrics];
        Assert.AreEqual(expected, string.Join(' ', found.Select(metric => metric.Name)));
        if (found[0] is Auc area) Assert.AreEqual(AucCurve.PR, area.Curve);
        if (found[0] is Metric.FromLoss { Loss: BinaryCrossentropy loss }) Assert.IsTrue(loss.FromLogits);
    }

    [TestMethod]
    public void Losses_and_their_weights_are_given_for_several_outputs()
    {
        var x = Model.Input([3], name: "x");
        var model = new Model(x, [new Dense(1, name: "a").Call(x), new Dense(1, name: "b").Call(x)]);
        foreach (var arguments in (string[])
            [
                """ "loss": ["mse", "mae"], "loss_weights": [1.0, 0.5], "metrics": [["mae"], null] """,
                """ "loss": {"b": "mae", "a": "mse"}, "loss_weights": {"b": 0.5}, "metrics": {"a": ["mae"]} """,
            ])
        {
            var compiled = Compiled(arguments, model).Compiled;
            Assert.IsInstanceOfType<MeanSquaredError>(compiled.Losses[0]);
            Assert.IsInstanceOfType<MeanAbsoluteError>(compiled.Losses[1]);
            CollectionAssert.AreEqual(new[] { 1f, 0.5f }, compiled.LossWeights.ToArray());
            Assert.AreEqual("a", string.Join(' ', compiled.Metrics.ByOutput!.Select(entry => entry.Key)));
        }
    }

    [TestMethod]
    [DataRow("\"loss\": \"mze\"", "There is no loss 'mze'")]
    [DataRow("\"loss\": [\"mse\", \"mse\"]", "for 2 outputs, but the model has 1")]
    [DataRow("\"loss\": {\"class_name\": \"MeanSquaredError\", \"config\": {\"wibble\": 3}}", "has no option 'wibble'")]
    [DataRow("\"loss\": \"mse\", \"loss_weights\": [\"x\"]", "expected a number")]
    [DataRow("\"loss\": \"mse\", \"wibble\": 3", "the key 'wibble' is not known")]
    [DataRow("\"loss\": \"mse\", \"metrics\": [3]", "expected a name or an object")]
    public void What_is_not_known_is_refused_by_name(string arguments, string expected) =>
        Assert.Contains(expected, Assert.ThrowsExactly<ModelException>(() => Compiled(arguments)).Message);

    [TestMethod]
    public void An_optimizer_whose_rate_decayed_otherwise_is_refused()
    {
        var json = JsonElement.Parse("""{"loss": "mse", "optimizer_config": {"class_name": "SGD", "config": {"learning_rate": 0.1, "decay": 0.01}}}""");
        Assert.Contains("'decay'", Assert.ThrowsExactly<ModelException>(() => KerasCompileConfig.Compile(json, Sample(), null)).Message);
    }

    [TestMethod]
    public void A_schedule_is_read_with_its_options()
    {
        var trainer = KerasCompileConfig.Compile(
            JsonElement.Parse("""
                {"loss": "mse", "optimizer": {"module": "keras.optimizers", "class_name": "SGD", "registered_name": null, "config": {"name": "sgd",
                "momentum": 0.5, "learning_rate": {"module": "keras.optimizers.schedules", "class_name": "ExponentialDecay", "registered_name": null,
                "config": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9, "staircase": true, "name": "ExponentialDecay"}}}}}
                """),
            Sample(),
            null);
        Assert.IsTrue(((ExponentialDecay)trainer.Optimizer.LearningRate).Staircase);
    }

    [TestMethod]
    public void A_model_that_was_not_compiled_says_so_and_is_compiled_by_hand()
    {
        using var folder = new TemporaryFolder();
        Sample().Save(folder.File("a.keras"));
        Assert.Contains("was not compiled", Assert.ThrowsExactly<ModelException>(() => Trainer.Load(folder.File("a.keras"))).Message);
        Assert.AreEqual(0, Trainer.Load(folder.File("a.keras"), compile: model => model.Compile(new Adam(), Loss.MeanSquaredError)).Iterations);
        var sample = new LegacySample { Texts = { ["model_config"] = Sample().ToJson(), ["keras_version"] = "2.15.0" } }.Add(Sample());
        File.WriteAllBytes(folder.File("a.h5"), sample.Whole());
        Assert.Contains("was not compiled", Assert.ThrowsExactly<ModelException>(() => Trainer.Load(folder.File("a.h5"))).Message);
        sample.Texts["training_config"] = "{" + Adam + ", \"loss\": \"mse\", \"loss_weights\": null, \"metrics\": null}";
        File.WriteAllBytes(folder.File("b.h5"), sample.Whole());
        Assert.AreEqual(0.01f, Trainer.Load(folder.File("b.h5")).LearningRate);
        sample.Texts["training_config"] = "{\"loss\": ";
        File.WriteAllBytes(folder.File("c.h5"), sample.Whole());
        Assert.Contains("cannot be read", Assert.ThrowsExactly<ModelException>(() => Trainer.Load(folder.File("c.h5"))).Message);
    }

    private static Model Sample()
    {
        var x = Model.Input([3], name: "x");
        return new Model(x, new Dense(2, name: "out").Call(x));
    }

    private static Trainer Compiled(string arguments, Model? model = null) =>
        KerasCompileConfig.Compile(JsonElement.Parse("{" + Adam + ", " + arguments + "}"), model ?? Sample(), threads: null);
}
