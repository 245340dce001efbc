using System.Text.Json;

namespace OnnxFunctional.Serialization;

/// <content>
/// The number of the first call of a nested functional model. Keras counts from 0 among the arguments of calls and from 1 in the lists of inputs and outputs;
/// format 1 of ours counted from 1 in both.
/// </content>
internal sealed partial class ModelReader
{
    private void CountCalls(JsonElement config, IEnumerable<LayerEntry> layers, List<PendingCall> calls)
    {
        var nested = layers.Where(entry => entry.IsNested).ToDictionary(entry => entry.Name);
        if (nested.Count == 0 || _format > 1) return;
        var arguments = calls.SelectMany(call => call.References).ToLookup(reference => reference.Layer, reference => reference.Call);
        var borders = new List<TensorReference>();
        foreach (var key in (ReadOnlySpan<string>)["input_layers", "output_layers"])
        {
            if (config.TryGetProperty(key, out var list)) AddReferences(list, borders, 0);
        }

        var atBorders = borders.ToLookup(reference => reference.Layer, reference => reference.Call - 1);
        var fromZero = nested.Values.All(entry => Fits(entry, 0));
        var fromOne = nested.Values.All(entry => Fits(entry, 1));
        if (!fromOne || (fromZero && _format is null)) return;
        foreach (var entry in nested.Values) entry.FirstCall = 1;

        // Every call in a file has a reader, because a model consists of what its outputs need.
        bool Fits(LayerEntry entry, int first)
        {
            var read = arguments[entry.Name].Select(call => call - first).Concat(atBorders[entry.Name]).ToHashSet();
            return read.Count == entry.Read && read.All(call => call >= 0 && call < entry.Read);
        }
    }

    private static void AddReferences(JsonElement json, List<TensorReference> found, int depth)
    {
        if (depth > MaxListDepth) return;
        if (TensorReference.IsReference(json)) found.Add(TensorReference.Read(json));
        else if (json.ValueKind == JsonValueKind.Array) foreach (var item in json.EnumerateArray()) AddReferences(item, found, depth + 1);
        else if (json.ValueKind == JsonValueKind.Object) foreach (var entry in json.EnumerateObject()) AddReferences(entry.Value, found, depth + 1);
    }
}
