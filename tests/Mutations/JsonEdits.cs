using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>Changes of JSON that leave it well-formed: another value, a missing, doubled or renamed key, a value from elsewhere.</summary>
internal static class JsonEdits
{
    private const int MostNodes = 20_000;

    private static readonly string[] s_words =
    [
        "", "x", "NaN", "Infinity", "relu", "softmax", "float16", "int32", "string", "Dense", "same", "causal", "/", "a/b", "../x", "0", "\u0000", "ä",
    ];

    private static readonly Encoding s_utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    public static byte[] Change(byte[] content, Random random)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(content, documentOptions: new JsonDocumentOptions { MaxDepth = 200 });
        }
        catch (Exception broken) when (broken is JsonException or ArgumentException)
        {
            return Edits.Text(content, random);
        }

        try
        {
            var places = new List<JsonNode>();
            Collect(root, places);
            if (places.Count == 0) return Edits.Text(content, random);
            Change(random.One(places), places, random);
            return s_utf8.GetBytes(root!.ToJsonString());
        }
        catch (Exception broken) when (broken is ArgumentException or InvalidOperationException)
        {
            // A doubled key, or text that is no UTF-8.
            return Edits.Text(content, random);
        }
    }

    private static void Collect(JsonNode? node, List<JsonNode> places)
    {
        if (places.Count > MostNodes) return;
        switch (node)
        {
            case JsonObject { Count: > 0 } members:
                places.Add(members);
                foreach (var (_, member) in members) Collect(member, places);
                break;
            case JsonArray { Count: > 0 } items:
                places.Add(items);
                foreach (var item in items) Collect(item, places);
                break;
        }
    }

    private static void Change(JsonNode place, List<JsonNode> places, Random random)
    {
        if (place is JsonArray items)
        {
            var index = random.Next(items.Count);
            switch (random.Next(4))
            {
                case 0:
                    items.RemoveAt(index);
                    break;
                case 1:
                    items.Insert(index, items[random.Next(items.Count)]?.DeepClone());
                    break;
                default:
                    items[index] = Value(items[index], places, random);
                    break;
            }

            return;
        }

        var members = (JsonObject)place;
        var key = random.One(members.Select(member => member.Key).ToList());
        switch (random.Next(6))
        {
            case 0:
                members.Remove(key);
                break;
            case 1:
                var moved = members[key]?.DeepClone();
                members.Remove(key);
                var keys = places.OfType<JsonObject>().SelectMany(other => other).Select(other => other.Key).ToList();
                members[random.Next(2) == 0 ? key + "_" : random.One(keys)] = moved;
                break;
            default:
                members[key] = Value(members[key], places, random);
                break;
        }
    }

    private static JsonNode? Value(JsonNode? old, List<JsonNode> places, Random random)
    {
        switch (random.Next(10))
        {
            case 0:
                return null;
            case 1:
                return random.Next(2) == 0;
            case 2 or 3:
                return random.Number();
            case 4:
                return random.One([0.5, -0.5, 1e308, -1e308, 1e-308, 1e20, 2.5, 3e9]);
            case 5:
                return random.One(s_words);
            case 6:
                return random.Next(2) == 0 ? new JsonArray() : new JsonObject();
            case 7:
                return new JsonArray(old?.DeepClone());
            case 8:
                // Another value of the text, of any kind.
                var elsewhere = random.One(places);
                List<JsonNode?> values = elsewhere is JsonObject members ? [.. members.Select(member => member.Value)] : [.. elsewhere.AsArray()];
                return random.One(values)?.DeepClone();
            default:
                var deep = old?.DeepClone();
                for (var i = random.Next(1, 150); i > 0; i--) deep = new JsonArray(deep);
                return deep;
        }
    }
}
