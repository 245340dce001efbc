using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Keras;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Parity;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Metrics;

namespace OnnxFunctional.Tests.Export.Keras;

/// <summary>Trainers saved as .keras: what Keras finds there, and that training resumes from it.</summary>
[TestClass]
public sealed class SavedTrainerTests
{
    private static readonly Dictionary<string, JsonNode> s_required = new()
    {
        ["num_classes"] = 3,
        ["target_class_ids"] = new JsonArray(0),
        ["recall"] = 0.5,
        ["precision"] = 0.5,
        ["sensitivity"] = 0.5,
        ["specificity"] = 0.5,
        ["initial_learning_rate"] = 0.1,
        ["decay_steps"] = 10,
        ["decay_rate"] = 0.5,
        ["first_decay_steps"] = 10,
        ["boundaries"] = new JsonArray(1, 2),
        ["values"] = new JsonArray(0.3, 0.2, 0.1),
    };

    public static IEnumerable<object[]> Files => KerasOptimizerTests.Files.Select(row => new[] { row[0] });

    /// <summary>The same arguments and variables as in the file that Keras wrote, and the same next step.</summary>
    [TestMethod]
    [DynamicData(nameof(Files))]
    public void A_trainer_from_Keras_is_saved_as_Keras_did(string file)
    {
        using var folder = new TemporaryFolder();
        var (path, copy) = (KerasOptimizerTests.PathOf(file), folder.File("copy.keras"));
        var trainer = Trainer.Load(path);
        trainer.SaveKeras(copy);
        var (expected, written) = (Config(path)["compile_config"]!["optimizer"]!, Config(copy)["compile_config"]!["optimizer"]!);
        Assert.AreEqual((string?)expected["class_name"], (string?)written["class_name"]);
        foreach (var (key, value) in expected["config"]!.AsObject())
        {
            // A name counts the optimizers of a program, and a loss scale is of Compile here.
            if (key is "name" or "loss_scale_factor") continue;
            var own = written["config"]!.AsObject().TryGetPropertyValue(key, out var found) ? found : null;
            Assert.AreEqual(Text(value), Text(own), key);
        }

        Assert.IsEmpty(written["config"]!.AsObject().Select(entry => entry.Key).Except(expected["config"]!.AsObject().Select(entry => entry.Key)));
        Assert.AreEqual("MeanSquaredError", (string?)Config(copy)["compile_config"]!["loss"]!["class_name"]);
        var (keras, ours) = (KerasTrainer.StateOf(path), KerasTrainer.StateOf(copy));
        CollectionAssert.AreEquivalent(keras.Keys.ToList(), ours.Keys.ToList());
        foreach (var (name, array) in keras)
        {
            CollectionAssert.AreEqual(array.Dims, ours[name].Dims, name);

            // Of these, Keras too has some that it never reads.
            if (!file.Contains("adafactor", StringComparison.Ordinal)) CollectionAssert.AreEqual(Values(array), Values(ours[name]), name);
        }

        if (file == "rmsprop.keras") return;
        var again = Trainer.Load(copy);
        var (x, y) = (new float[,] { { 1, 2, 3, 4 }, { 5, 6, 7, 9 } }, new float[,] { { 1, 0 }, { 0, 1 } });
        foreach (var each in (Trainer[])[trainer, again]) each.Fit(x, y, epochs: 2, batchSize: 2, verbose: Verbosity.Silent);
        foreach (var (one, other) in trainer.Model.Weights.Zip(again.Model.Weights)) CollectionAssert.AreEqual(one.Storage, other.Storage);
    }

    public static IEnumerable<object[]> Classes => KerasSignature.All
        .Where(signature => signature.Section is "optimizers" or "schedules" or "losses" or "metrics")
        .Where(signature => KerasClasses.All[signature.Section].ContainsKey(signature.Class))
        .Select(signature => new object[] { signature.ToString(), signature });

    /// <summary>Keras passes all that it finds to the constructor, and refuses what that does not take.</summary>
    [TestMethod]
    [DynamicData(nameof(Classes))]
    public void What_is_written_of_a_class_are_arguments_of_Keras(string name, object row)
    {
        var signature = (KerasSignature)row;
        var given = new JsonObject(signature.Arguments.Where(argument => argument.Default is null && s_required.ContainsKey(argument.Name))
            .Select(argument => KeyValuePair.Create(argument.Name, (JsonNode?)s_required[argument.Name].DeepClone())));
        var trainer = signature.Section switch
        {
            "optimizers" => Compiled(KerasObjects.Make<Optimizer>(signature.Class, given)),
            "schedules" => Compiled(new Sgd(KerasObjects.Make<Schedule>(signature.Class, given))),
            "losses" => Compiled(new Sgd(), KerasObjects.Make<Loss>(signature.Class, given)),
            _ => Compiled(new Sgd(), metric: KerasObjects.Make<Metric>(signature.Class, given)),
        };
        var config = KerasCompileWriter.Write(trainer.Compiled);
        var written = signature.Section switch
        {
            "optimizers" => config["optimizer"]!,
            "schedules" => config["optimizer"]!["config"]!["learning_rate"]!,
            "losses" => config["loss"]!,
            _ => config["metrics"]![0]!,
        };
        if (written is JsonValue word)
        {
            Assert.AreEqual("accuracy", (string?)word);
            return;
        }

        Assert.AreEqual(signature.Class, (string?)written["class_name"], name);
        var unknown = written["config"]!.AsObject().Select(entry => entry.Key).Except(signature.Arguments.Select(argument => argument.Name));
        Assert.AreEqual("", string.Join(", ", unknown), name);
        KerasCompileConfig.Compile(JsonElement.Parse(config.ToJsonString()), trainer.Model, null);
    }

    [TestMethod]
    [DataRow(MixedPrecision.Float16, "mixed_float16")]
    [DataRow(MixedPrecision.BFloat16, "mixed_bfloat16")]
    public void A_precision_is_the_policy_of_layers_and_comes_back(MixedPrecision precision, string policy)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("mixed.keras");
        var trainer = Compiled(new Adam(0.01), precision: precision);
        trainer.Fit(new float[8, 3], new float[8, 2], batchSize: 4, epochs: 2, verbose: Verbosity.Silent);
        trainer.SaveKeras(path);
        var config = Config(path);
        Assert.AreEqual(policy, (string?)config["config"]!["layers"]![1]!["config"]!["dtype"]!["config"]!["name"]);
        var optimizer = config["compile_config"]!["optimizer"]!;
        Assert.AreEqual(precision == MixedPrecision.Float16 ? "LossScaleOptimizer" : "Adam", (string?)optimizer["class_name"]);

        // Keras' LossScaleOptimizer has a number of steps and a learning rate of its own before the state of the scale.
        var variables = KerasTrainer.StateOf(path).Keys.Count(key => key.StartsWith("optimizer/vars/", StringComparison.Ordinal));
        Assert.AreEqual(precision == MixedPrecision.Float16 ? 4 + 2 + 4 : 2 + 4, variables);
        var loaded = Trainer.Load(path);
        Assert.AreEqual(precision, loaded.Compiled.Precision);
        Assert.AreEqual(4, loaded.Iterations);
        Assert.AreEqual(trainer.LossScale, loaded.LossScale);

        // A model that is not trained keeps the policy of its file.
        loaded.Model.Save(folder.File("copy.keras"));
        Assert.AreEqual(policy, (string?)Config(folder.File("copy.keras"))["config"]!["layers"]![1]!["config"]!["dtype"]!["config"]!["name"]);
    }

    [TestMethod]
    public void A_loss_scale_other_than_Keras_default_is_refused_by_name()
    {
        var config = KerasCompileWriter.Write(Compiled(new Adam(), precision: MixedPrecision.Float16).Compiled);
        config["optimizer"]!["config"]!["initial_scale"] = 1024;
        var message = Assert.ThrowsExactly<ModelException>(
            () => KerasCompileConfig.Compile(JsonElement.Parse(config.ToJsonString()), Compiled(new Adam()).Model, null)).Message;
        StringAssert.Contains(message, "initial_scale of the file's LossScaleOptimizer is 1024; expected 32768");
    }

    [TestMethod]
    public void Several_outputs_have_losses_weights_and_metrics_by_name()
    {
        var x = Model.Input([3], name: "x");
        var model = new Model(x, [new Dense(1, name: "a").Call(x), new Dense(2, Activation.Softmax, name: "b").Call(x)]);
        var trainer = model.Compile(
            new Sgd(), new LossList { ["a"] = Loss.MeanSquaredError, ["b"] = Loss.SparseCategoricalCrossentropy }, lossWeights: [1, 0.5f],
            metrics: new() { ["b"] = [Metric.Accuracy, Metric.SparseCategoricalCrossentropy] });
        var config = KerasCompileWriter.Write(trainer.Compiled);
        Assert.AreEqual("MeanSquaredError", (string?)config["loss"]!["a"]!["class_name"]);
        Assert.AreEqual(0.5f, (float)config["loss_weights"]!["b"]!);
        Assert.AreEqual("accuracy", (string?)config["metrics"]!["b"]![0]);
        Assert.AreEqual("keras.metrics", (string?)config["metrics"]!["b"]![1]!["module"]);
        Assert.AreEqual("SparseCategoricalCrossentropy", (string?)config["metrics"]!["b"]![1]!["class_name"]);
        var again = KerasCompileConfig.Compile(JsonElement.Parse(config.ToJsonString()), model, null);
        Assert.AreEqual(config.ToJsonString(), KerasCompileWriter.Write(again.Compiled).ToJsonString());
    }

    [TestMethod]
    public void A_checkpoint_in_keras_is_one_from_which_training_resumes()
    {
        using var folder = new TemporaryFolder();
        var trainer = Compiled(new Adam());
        trainer.Fit(new float[4, 3], new float[4, 2], epochs: 3, verbose: Verbosity.Silent, callbacks: [new ModelCheckpoint(folder.File("best.keras"))]);
        Assert.AreEqual(3, Trainer.Load(folder.File("best.keras")).Iterations);
    }

    [TestMethod]
    public void What_cannot_be_written_says_so_and_leaves_no_file()
    {
        using var folder = new TemporaryFolder();
        Refused("a custom function or class", Compiled(new Adam(), Loss.From((yTrue, yPred) => Ops.Mean(Ops.Abs(yPred - yTrue), -1))));
        Refused("excludeFromWeightDecay", Compiled(new AdamW(excludeFromWeightDecay: ["bias"])));
        Refused("which Keras knows only as 'accuracy'", Compiled(new Adam(), metric: new Accuracy("share")));
        Assert.IsEmpty(Directory.GetFiles(folder.Path));
        var trainer = Compiled(new Adam());
        foreach (var call in (Action<string>[])[path => trainer.Save(path), path => trainer.Model.ExportOnnx(path)])
            StringAssert.Contains(Assert.ThrowsExactly<ExportException>(() => call(folder.File("model.keras"))).Message, "writes an ONNX file");

        void Refused(string part, Trainer trainer) => StringAssert.Contains(
            Assert.ThrowsExactly<ModelException>(() => trainer.SaveKeras(folder.File("model.keras"))).Message, part);
    }

    private static Trainer Compiled(
        Optimizer optimizer, Loss? loss = null, Metric? metric = null, MixedPrecision precision = MixedPrecision.Float32)
    {
        var x = Model.Input([3], name: "x");
        var model = new Model(x, new Dense(2, name: "out").Call(x), seed: 1);
        return model.Compile(optimizer, loss ?? Loss.MeanSquaredError, metrics: metric is null ? [] : [metric], precision: precision);
    }

    private static JsonObject Config(string path)
    {
        using var zip = ZipFile.OpenRead(path);
        using var config = zip.GetEntry("config.json")!.Open();
        return JsonNode.Parse(config)!.AsObject();
    }

    /// <summary>Numbers as they are in float32; an empty list is what is left out.</summary>
    private static string Text(JsonNode? value) => value switch
    {
        null or JsonArray { Count: 0 } => "",
        JsonValue number when number.GetValueKind() == JsonValueKind.Number => $"{(float)(double)number}",
        _ => value.ToJsonString(),
    };

    private static float[] Values(Hdf5Array array)
    {
        var values = new float[array.Count];
        array.CopyTo(values);
        return values;
    }
}
