using System.IO.Compression;
using System.Text.Json.Nodes;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.Keras;

/// <summary>Layers of text in files.</summary>
[TestClass]
public sealed class TextLayerFileTests
{
    private static readonly string[] s_texts = ["Earth, wind and FIRE", "fire", "", "water and wind"];

    [TestMethod]
    public void Files_hold_layers_of_text_with_their_vocabularies()
    {
        using var folder = new TemporaryFolder();
        foreach (var model in Models())
        {
            var expected = Numbers(model);
            model.Save(folder.File("model.keras"));
            CollectionAssert.AreEqual(expected, Numbers(Model.Load(folder.File("model.keras"))), model.Name);
            CollectionAssert.AreEqual(expected, Numbers(Model.FromJson(model.ToJson())), model.Name);
            if (model.Name == "hashing") continue;
            model.ExportOnnx(folder.File("model.onnx"));
            CollectionAssert.AreEqual(expected, Numbers(Model.Load(folder.File("model.onnx"))), model.Name);
        }
    }

    /// <summary>Keras keeps what Adapt learned in a file of its own, with the special words first.</summary>
    [TestMethod]
    public void Vocabularies_that_Keras_learned_are_read_from_its_assets()
    {
        using var folder = new TemporaryFolder();
        var inner = Model.Input([1], DType.String);
        var nested = new Model(inner, new StringLookup(vocabulary: ["wind", "fire"]).Call(inner), "nested");
        var (text, id) = (Model.Input([1], DType.String), Model.Input([1], DType.Int64));
        var first = new TextVectorization(outputSequenceLength: 3, vocabulary: ["earth", "fire"]).Call(text);
        var second = new TextVectorization(outputSequenceLength: 3, vocabulary: ["wind"]).Call(text);
        var model = new Model([text, id], [first, second, nested.Call(text), new IntegerLookup(vocabulary: [70, 50]).Call(id)]);
        NDArrays data = [s_texts, new[] { 50, 60, 70, 50 }];
        float[] expected = [.. model.PredictAll(data).SelectMany(output => output.ToArray())];
        model.Save(folder.File("model.keras"));
        using (var zip = ZipFile.Open(folder.File("model.keras"), ZipArchiveMode.Update))
        {
            var config = zip.GetEntry("config.json")!;
            string json;
            using (var reader = new StreamReader(config.Open())) json = reader.ReadToEnd();
            config.Delete();
            var root = JsonNode.Parse(json)!;
            Forget(root);
            Write(zip, "config.json", root.ToJsonString());
            Write(zip, "assets/layers/text_vectorization/vocabulary.txt", "\n[UNK]\nearth\nfire");
            Write(zip, "assets/layers/text_vectorization_1/vocabulary.txt", "\n[UNK]\nwind");
            Write(zip, "assets/layers/functional/layers/string_lookup/vocabulary.txt", "[UNK]\nwind\nfire");
            Write(zip, "assets/layers/integer_lookup/vocabulary.txt", "-1\n70\n50");
        }

        var again = Model.Load(folder.File("model.keras"));
        CollectionAssert.AreEqual(expected, again.PredictAll(data).SelectMany(output => output.ToArray()).ToArray());
    }

    private static void Forget(JsonNode model)
    {
        foreach (var layer in model["config"]!["layers"]!.AsArray())
        {
            var config = layer!["config"]!.AsObject();
            if (config.ContainsKey("vocabulary")) config["vocabulary"] = null;
            if (config.ContainsKey("layers")) Forget(layer);
        }
    }

    private static void Write(ZipArchive zip, string path, string text)
    {
        using var writer = new StreamWriter(zip.CreateEntry(path).Open());
        writer.Write(text);
    }

    private static IEnumerable<Model> Models()
    {
        string[] words = ["earth", "wind", "and", "fire"];
        yield return Of("int", new TextVectorization(outputSequenceLength: 4, vocabulary: words));
        yield return Of("plain", new TextVectorization(
            standardize: TextStandardization.None, split: TextSplit.None, outputMode: EncodingMode.Count, vocabulary: ["fire", "wind"]));
        yield return Of("tf_idf", new TextVectorization(
            8, padToMaxTokens: true, outputMode: EncodingMode.TfIdf, vocabulary: words, idfWeights: [0.5, 0.25, 0.75, 1]));
        var learned = new TextVectorization(outputMode: EncodingMode.MultiHot);
        learned.Adapt(s_texts);
        yield return Of("learned", learned);
        var counted = new TextVectorization(outputMode: EncodingMode.TfIdf);
        counted.Adapt(s_texts);
        yield return Of("counted", counted);
        yield return Of("lookup", new StringLookup(maskToken: "", vocabulary: words));
        yield return Of("hashing", new Hashing(5, "", 133));
    }

    private static Model Of(string name, Layer layer)
    {
        var input = Model.Input([1], DType.String);
        return new Model(input, layer.Call(input), name);
    }

    private static float[] Numbers(Model model) => model.Predict(s_texts).ToArray();
}
