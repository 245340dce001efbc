using System.Text.Json;
using System.Text.Json.Nodes;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Parity;

/// <summary>Whole trainings against Keras: the loss after every epoch, the weights and the predictions at the end.</summary>
[TestClass]
[TestCategory("KerasParity")]
public sealed class ParityTrainingTests
{
    public static IEnumerable<object[]> Trainings => ParityFolder.Files("training", "*.json").Select(file => new object[] { file });

    [TestMethod]
    [DynamicData(nameof(Trainings))]
    public void Losses_and_weights_are_those_of_Keras(string file)
    {
        var json = ParityFolder.Read(file);
        var model = Model.FromJson(json["model"]!.ToJsonString());
        var weights = model.WeightPaths();
        Assert.AreEqual(json["initial_weights"]!.AsArray().Count, weights.Count);
        foreach (var (given, (_, weight)) in json["initial_weights"]!.AsArray().Zip(weights)) weight.Value = ParityArray.Read(given!).ToTensor();
        var optimizer = KerasObjects.Make<Optimizer>((string)json["optimizer"]!["class"]!, json["optimizer"]!["config"]!.AsObject());
        string[] losses = json["loss"] is JsonArray names
            ? [.. names.Select(name => (string)name!)]
            : [.. model.OutputNames.Select(_ => (string)json["loss"]!)];
        var weightsOfLosses = json["model"]!["compile_config"]?["loss_weights"] switch
        {
            JsonArray list => model.OutputNames.Zip(list).ToDictionary(pair => pair.First, pair => (float)pair.Second!),
            JsonObject named => named.ToDictionary(entry => entry.Key, entry => (float)entry.Value!),
            _ => [],
        };
        var history = json["history"]!.AsObject();

        // As the file says, and by hand for files that do not.
        var trainer = json["model"]!["compile_config"] is JsonObject { Count: > 0 } compiled
            ? KerasCompileConfig.Compile(JsonElement.Parse(compiled.ToJsonString()), model, threads: null)
            : model.Compile(
                optimizer,
                model.OutputNames.Zip(losses).ToDictionary(pair => pair.First, pair => Loss.Named(pair.Second)),
                weightsOfLosses,
                metrics: history.ContainsKey("accuracy") ? [Metric.Accuracy] : []);
        Assert.AreEqual(optimizer.GetType(), trainer.Optimizer.GetType());
        var ours = trainer.Fit(
            NDArrays.Create([.. json["inputs"]!.AsArray().Select(array => ParityArray.Read(array!))]),
            NDArrays.Create([.. json["targets"]!.AsArray().Select(array => ParityArray.Read(array!))]),
            batchSize: (int)json["batch_size"]!,
            epochs: (int)json["epochs"]!,
            shuffle: false,
            verbose: Verbosity.Silent);
        foreach (var (name, values) in history)
        {
            var expected = values!.AsArray().Select(value => (float)value!).ToArray();
            ParityArray.AreWithin(expected, [.. ours[name].Select(value => (float)value)], 0, 1e-4, name);
        }

        // An absolute tolerance too: the gradient of a bias before a batch normalization is nothing but rounding, which Adam divides by its own magnitude.
        foreach (var (given, (path, weight)) in json["final_weights"]!.AsArray().Zip(weights))
            ParityArray.AreWithin(ParityArray.Floats(given!), weight.Storage, 1e-3, 1e-3, path);
        var predictions = model.PredictAll(NDArrays.Create([.. json["inputs"]!.AsArray().Select(array => ParityArray.Read(array!))]));
        foreach (var (given, values) in json["predictions"]!.AsArray().Zip(predictions))
            ParityArray.AreWithin(ParityArray.Floats(given!), values.ToArray(), 1e-4, 1e-3, "predictions");
    }
}
