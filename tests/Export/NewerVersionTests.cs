using System.IO.Compression;
using System.Text.Json.Nodes;
using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Resume;
using OnnxFunctional.Layers;
using OnnxFunctional.Serialization;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export;

/// <summary>What a newer version of this library or of Keras wrote is said to be newer, not damaged; keys that are not known are named.</summary>
[TestClass]
public sealed class NewerVersionTests
{
    private const string Update = "was written by a newer version of OnnxFunctional";

    [TestMethod]
    public void A_models_text()
    {
        var json = JsonNode.Parse(Make().ToJson())!;
        json[FormatVersion.ArchitectureKey] = FormatVersion.Architecture + 1;
        json["config"]!["layers"]!.AsArray().Add(new JsonObject { ["class_name"] = "Unheard", ["new_key"] = 1 });
        var message = Assert.ThrowsExactly<ModelException>(() => Model.FromJson(json.ToJsonString())).Message;
        StringAssert.Contains(message, Update);
        Assert.IsFalse(message.Contains("Unheard", StringComparison.Ordinal), message);
        foreach (var wrong in new[] { "\"2\"", "0", "1.5" })
        {
            json[FormatVersion.ArchitectureKey] = JsonNode.Parse(wrong);
            StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => Model.FromJson(json.ToJsonString())).Message, FormatVersion.ArchitectureKey);
        }
    }

    [TestMethod]
    public void An_ONNX_file()
    {
        using var folder = new TemporaryFolder();
        Make().ExportOnnx(folder.File("a.onnx"));
        Change(folder.File("a.onnx"), OnnxFile.ArchitectureKey, text => text.Replace("\"onnx_functional_format\":2", "\"onnx_functional_format\":3"));
        StringAssert.Contains(Assert.Throws<ModelException>(() => Model.Load(folder.File("a.onnx"))).Message, Update);
    }

    [TestMethod]
    public void The_state_of_training()
    {
        using var folder = new TemporaryFolder();
        Make().Compile(new Adam(), Loss.MeanSquaredError).Save(folder.File("a.onnx"));
        Change(folder.File("a.onnx"), TrainingState.MetadataKey, text => text.Replace("\"version\":3", "\"version\":5,\"new_key\":1"));
        StringAssert.Contains(Assert.Throws<OnnxFileException>(() => Trainer.Load(folder.File("a.onnx"))).Message, Update);
        Change(folder.File("a.onnx"), TrainingState.MetadataKey, text => text.Replace("\"version\":5", "\"version\":4"));
        StringAssert.Contains(Assert.Throws<OnnxFileException>(() => Trainer.Load(folder.File("a.onnx"))).Message, "'new_key'");
    }

    [TestMethod]
    public void An_exported_training()
    {
        using var folder = new TemporaryFolder();
        Make().Compile(new Adam(), Loss.MeanSquaredError).ExportTraining(folder.File("step"));
        var path = Path.Combine(folder.File("step"), "training.json");
        var text = File.ReadAllText(path);
        File.WriteAllText(path, text.Replace("\"format\": 1", "\"format\": 2, \"newKey\": 1"));
        StringAssert.Contains(Assert.Throws<OnnxFileException>(() => OnnxTrainer.Load(folder.File("step"))).Message, Update);
        File.WriteAllText(path, text.Replace("\"format\": 1", "\"format\": 1, \"newKey\": 1"));
        StringAssert.Contains(Assert.Throws<OnnxFileException>(() => OnnxTrainer.Load(folder.File("step"))).Message, "newKey");
    }

    [TestMethod]
    [DataRow("3.17.0", true)]
    [DataRow("4.0.0", true)]
    [DataRow("nightly", true)]
    [DataRow("3.16.9", false)]
    [DataRow("3.0.5", false)]
    public void A_keras_file_that_cannot_be_read_says_which_unknown_version_wrote_it(string version, bool unknown)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.keras");
        Make().Save(path);
        Rewrite(path, "metadata.json", text => text.Replace("3.15.1", version));
        Assert.IsNotNull(Model.Load(path));
        Rewrite(path, "config.json", text => text.Replace("\"Dense\"", "\"Denser\""));
        var message = Assert.ThrowsExactly<ModelException>(() => Model.Load(path)).Message;
        Assert.AreEqual(unknown, message.Contains($"Keras {version} wrote the file", StringComparison.Ordinal), message);
        Rewrite(path, "metadata.json", _ => "{");
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => Model.Load(path)).Message, "metadata.json");
    }

    [TestMethod]
    [DataRow("\"kwargs\":{}", "\"kwargs\":{},\"kwarg\":{}", "'kwargs'")]
    [DataRow("\"trainable\":true,\"layers\"", "\"trainable\":true,\"lawyers\":1,\"layers\"", "'layers'")]
    [DataRow("\"sparse\":false", "\"sparse\":false,\"sprase\":true", "'sparse'")]
    [DataRow("\"inbound_nodes\"", "\"inbound_node\":1,\"inbound_nodes\"", "'inbound_nodes'")]
    [DataRow("\"units\":3", "\"units\":3,\"unit\":4", "unit ")]
    public void Unknown_keys_are_named_with_the_nearest_known_one(string known, string changed, string named)
    {
        var text = Make().ToJson();
        StringAssert.Contains(text, known);
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => Model.FromJson(text.Replace(known, changed))).Message, named);
    }

    private static Model Make()
    {
        var input = Model.Input([4]);
        return new Model(input, new Dense(3).Call(input));
    }

    private static void Change(string path, string key, Func<string, string> change)
    {
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        var entry = model.MetadataProps.Single(entry => entry.Key == key);
        Assert.AreNotEqual(entry.Value, change(entry.Value));
        entry.Value = change(entry.Value);
        File.WriteAllBytes(path, model.ToByteArray());
    }

    private static void Rewrite(string path, string name, Func<string, string> change)
    {
        using var zip = ZipFile.Open(path, ZipArchiveMode.Update);
        var entry = zip.GetEntry(name)!;
        string text;
        using (var reader = new StreamReader(entry.Open())) text = reader.ReadToEnd();
        entry.Delete();
        using var writer = new StreamWriter(zip.CreateEntry(name).Open());
        writer.Write(change(text));
    }
}
