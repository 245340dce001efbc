using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using OnnxFunctional.Serialization;

namespace OnnxFunctional.Tests.Parity;

/// <summary>Configurations written by Keras are read and written again: the same keys with the same values.</summary>
[TestClass]
[TestCategory("KerasParity")]
public sealed class ParityConfigTests
{
    public static IEnumerable<object[]> Jsons =>
        ParityFolder.Files("layers", "*.json").Concat(ParityFolder.Files("training", "*.json")).Select(file => new object[] { file });

    public static IEnumerable<object[]> Models => ParityFolder.Files("models", "*.keras").Select(file => new object[] { file });

    [TestMethod]
    [DynamicData(nameof(Jsons))]
    public void A_model_in_a_case_is_written_as_Keras_wrote_it(string file) => RoundTrip(ParityFolder.Read(file)["model"]!);

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void A_model_file_is_written_as_Keras_wrote_it(string file)
    {
        using var zip = ZipFile.OpenRead(ParityFolder.PathOf(file));
        using var config = zip.GetEntry("config.json")!.Open();
        RoundTrip(JsonNode.Parse(config)!);
    }

    private static void RoundTrip(JsonNode keras)
    {
        var model = Model.FromJson(keras.ToJsonString());
        var differences = new List<string>();
        Compare(keras, JsonNode.Parse(model.ToJson()), "", differences);
        Assert.IsEmpty(differences, string.Join(Environment.NewLine, differences.Take(20)));
    }

    private static void Compare(JsonNode? expected, JsonNode? actual, string path, List<string> differences)
    {
        switch (expected, actual)
        {
            case (JsonObject left, JsonObject right):
                foreach (var (key, value) in left)
                {
                    // Keras marks objects that occur several times, initializers and policies too.
                    // The compile configuration belongs to the trainer.
                    // The user of Keras may give a default; it is not written here.
                    if (key is "use_causal_mask" or "return_attention_scores" && value?.GetValueKind() == JsonValueKind.False) continue;
                    if (key == "shared_object_id" || path + "/" + key == "/compile_config") continue;
                    if (right.ContainsKey(key)) Compare(value, right[key], path + "/" + key, differences);
                    else differences.Add($"{path}/{key} is missing; expected {Shown(value)}");
                }

                // The number of our format, which Keras ignores.
                differences.AddRange(right
                    .Where(entry => !left.ContainsKey(entry.Key) && path + entry.Key != FormatVersion.ArchitectureKey)
                    .Select(entry => $"{path}/{entry.Key} is {Shown(entry.Value)}; Keras does not write it"));
                break;
            case (JsonArray left, JsonArray right) when left.Count == right.Count:
                for (var i = 0; i < left.Count; i++) Compare(left[i], right[i], $"{path}/{i}", differences);
                break;
            case (JsonValue left, JsonValue right) when left.GetValueKind() == JsonValueKind.Number && right.GetValueKind() == JsonValueKind.Number:
                if (Number(left) != Number(right))
                    differences.Add($"{path} is {right.ToJsonString()}; expected {left.ToJsonString()}");
                break;
            default:
                if (!JsonNode.DeepEquals(expected, actual)) differences.Add($"{path} is {Shown(actual)}; expected {Shown(expected)}");
                break;
        }
    }

    private static float Number(JsonValue value) => float.Parse(value.ToJsonString(), CultureInfo.InvariantCulture);

    private static string Shown(JsonNode? node) => node?.ToJsonString() is { } text ? text[..Math.Min(text.Length, 80)] : "null";
}
