using System.Text.Json.Nodes;
using OnnxFunctional.Export;
using OnnxFunctional.Export.TrainingStep;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>Folders that ExportTraining did not write in this form are refused with a message, whatever is wrong.</summary>
[TestClass]
public sealed class DamagedFolderTests
{
    private static readonly string[] s_all = [.. TrainingFolder.Graphs, TrainingFolder.ManifestFile];

    public static IEnumerable<object[]> Files => s_all.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void A_file_is_missing(string name) => Refused(folder => File.Delete(Path.Combine(folder, name)), name);

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void A_file_is_cut_short(string name) => Refused(folder =>
    {
        var path = Path.Combine(folder, name);
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
    }, name);

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void A_file_is_empty(string name) => Refused(folder => File.WriteAllBytes(Path.Combine(folder, name), []), name);

    /// <summary>One bit in the middle of each graph is flipped: the file might load and train something else.</summary>
    [TestMethod]
    [DataRow("init.onnx")]
    [DataRow("train.onnx")]
    [DataRow("evaluate.onnx")]
    [DataRow("predict.onnx")]
    public void A_bit_is_another(string name)
    {
        using var folder = new TemporaryFolder();
        Export(folder.Path);
        var path = Path.Combine(folder.Path, name);
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
        var error = Assert.ThrowsExactly<OnnxFileException>(() =>
        {
            using var trainer = OnnxTrainer.Load(folder.Path);
            trainer.Evaluate(StepData.Signed(1, 4, 3), StepData.Signed(2, 4, 2));
            trainer.Predict(StepData.Signed(1, 4, 3));
        });
        Assert.Contains(name, error.Message);
    }

    [TestMethod]
    public void A_file_of_another_export()
    {
        using var other = new TemporaryFolder();
        Export(other.Path, new Sgd(0.1, momentum: 0.8));
        Refused(
            folder => File.Copy(Path.Combine(other.Path, "train.onnx"), Path.Combine(folder, "train.onnx"), overwrite: true),
            "train.onnx",
            new Sgd(0.1, momentum: 0.9));
    }

    public static IEnumerable<object[]> Changes =>
    [
        Change("has format 2", json => json["format"] = 2),
        Change("null", json => json["inputs"]!.AsArray().Add(null)),
        Change("null", json => json["metrics"]![0]!["sums"]!.AsArray()[0] = null),
        Change("damaged", json => json.AsObject().Remove("state")),
        Change("damaged", json => json["state"]![0]!.AsObject().Remove("shape")),
        Change("damaged", json => json["loss"] = null),
        Change("damaged", json => json["inputs"] = "x"),
        Change("no inputs", json => json["inputs"] = new JsonArray()),
        Change("has the shape", json => json["inputs"]![0]!["shape"]![1] = -7),
        Change("has the shape", json => json["state"]![0]!["shape"]![0] = -1),
        Change("has the shape", json => json["state"]![0]!["shape"] = new JsonArray(int.MaxValue, int.MaxValue, int.MaxValue)),
        Change("batch size", json => json["batchSize"] = 0),
        Change("targets", json => json["targets"] = new JsonArray()),
        Change("count of steps", json => json["state"] = new JsonArray()),
        Change("count of steps", json => json["state"]!.AsArray().RemoveAt(json["state"]!.AsArray().Count - 1)),
        Change("names two tensors", json => json["state"]![1]!["next"] = json["state"]![0]!["next"]!.DeepClone()),
        Change("must be an input or an output", json => json["learningRateInput"] = null),
        Change("does not define its result", json => json["metrics"]![0]!["isMean"] = true),
        Change("does not define its result", json => json["metrics"]![0]!["keras"] = null),
        Change("metric 'auc'", json => (json["metrics"]![0]!["isMean"], json["metrics"]![0]!["keras"]) = (true, null)),
        Change("no average", json => json["state"]![0]!["average"] = "nothing"),
        Change("metric 'auc'", json => json["metrics"]![0]!["keras"]!["class_name"] = "Nothing"),
        Change("metric 'auc'", json => json["metrics"]![0]!["keras"]!["class_name"] = "MeanIoU"),
        Change("metric 'auc'", json => json["metrics"]![0]!["sums"]!.AsArray().RemoveAt(0)),
        Change("init.onnx is not among", json => json["files"]!.AsArray().RemoveAt(0)),
        Change("is not the file described", json => json["files"]![1]!["sha256"] = "00"),
        Change("is not the file described", json => json["files"]![1]!["bytes"] = 3),
        Change("has no input 'y'", json => json["inputs"]![0]!["name"] = "y"),
        Change("'dense/kernel' is Float [3, 2], not Float32 [2, 3]", json => json["state"]![0]!["shape"] = new JsonArray(2, 3)),
        Change("not Int64", json => json["inputs"]![0]!["type"] = "Int64"),
        Change("has no output 'nothing'", json => json["loss"] = "nothing"),
        Change("has no output 'nothing'", json => json["state"]![0]!["next"] = "nothing"),
        Change("also takes 'dense/bias'", json => json["state"]!.AsArray().RemoveAt(1)),
    ];

    [TestMethod]
    [DynamicData(nameof(Changes))]
    public void The_description_is_changed(string expected, object change) => Refused(folder =>
    {
        var path = Path.Combine(folder, TrainingFolder.ManifestFile);
        var json = JsonNode.Parse(File.ReadAllText(path))!;
        ((Action<JsonNode>)change)(json);
        File.WriteAllText(path, json.ToJsonString());
    }, expected);

    [TestMethod]
    public void The_description_is_no_JSON() =>
        Refused(folder => File.WriteAllText(Path.Combine(folder, TrainingFolder.ManifestFile), "weights: 3"), "damaged");

    [TestMethod]
    public void A_state_of_another_training_is_refused()
    {
        using var folder = new TemporaryFolder();
        Export(folder.File("a"));
        Export(folder.File("b"), new Sgd(0.1, momentum: 0.9));
        using var a = OnnxTrainer.Load(folder.File("a"));
        using var b = OnnxTrainer.Load(folder.File("b"));
        a.Save(folder.File("a.npz"));
        Assert.Contains("'optimizer/dense/kernel/momentum' is missing", Assert.ThrowsExactly<ModelException>(() => b.Restore(folder.File("a.npz"))).Message);
        File.WriteAllBytes(folder.File("cut.npz"), File.ReadAllBytes(folder.File("a.npz"))[..100]);
        Assert.ThrowsExactly<DataException>(() => a.Restore(folder.File("cut.npz")));
        Assert.ThrowsExactly<DataException>(() => a.Restore(folder.File("nowhere.npz")));
        Assert.AreEqual(0, b.Iterations);
    }

    private static object[] Change(string expected, Action<JsonNode> change) => [expected, change];

    private static void Refused(Action<string> damage, string expected, Optimizer? optimizer = null)
    {
        using var folder = new TemporaryFolder();
        Export(folder.Path, optimizer);
        damage(folder.Path);
        var error = Assert.ThrowsExactly<OnnxFileException>(() => OnnxTrainer.Load(folder.Path).Dispose());
        Assert.Contains(expected, error.Message);
    }

    private static void Export(string folder, Optimizer? optimizer = null)
    {
        var x = Model.Input([3], name: "x");
        var model = new Model(x, x.Apply(new Dense(2, Activation.Sigmoid)));
        var trainer = model.Compile(optimizer ?? new Sgd(0.1), Loss.BinaryCrossentropy, metrics: [Metric.Auc]);
        trainer.ExportTraining(folder, new TrainingExportOptions { Verify = false });
    }
}
