using System.Text.Json;

namespace OnnxFunctional.Serialization;

/// <content>Classes and functions of the user that a file names and nobody added: each is told once, also inside of a layer that is missing itself.</content>
internal sealed partial class ModelReader
{
    private const string KerasPackage = "Custom>";

    private void AddMissingLayer(JsonElement json, string className, string where)
    {
        _problems.AddCommon($"{where}: ", MissingSentence(KerasKind.Layer, ShownName(json, className)));
        AddMissingParts(json.GetProperty("config"), where, "");
    }

    /// <summary>Adds what the configuration of a missing layer names and nobody knows.</summary>
    private void AddMissingParts(JsonElement json, string where, string key)
    {
        if (json.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in json.EnumerateArray()) AddMissingParts(item, where, key);
        }
        else if (json.ValueKind == JsonValueKind.Object)
        {
            if (MissingPart(json, key) is { } sentence) _problems.AddCommon($"{where}: {key} ", sentence);
            foreach (var entry in json.EnumerateObject()) AddMissingParts(entry.Value, where, entry.Name is "config" or "layer" ? key : entry.Name);
        }
    }

    /// <summary>What is said of an object of the user; null if it is known, or none of the user.</summary>
    private string? MissingPart(JsonElement json, string key)
    {
        var (module, registered) = (Text(json, "module"), Text(json, "registered_name"));
        if (Text(json, "class_name") is not { } className || registered is null) return null;
        if (className == "function")
        {
            return Text(json, "config") is { } function && !_custom.Activations.ContainsKey(function) && !Activation.ByName.ContainsKey(function)
                ? MissingActivation(ShownName(json, function))
                : null;
        }

        if (IsKeras(module) && !registered.Contains('>', StringComparison.Ordinal)) return null;
        var kind = key.EndsWith("_initializer", StringComparison.Ordinal) ? KerasKind.Initializer
            : key.EndsWith("_regularizer", StringComparison.Ordinal) ? KerasKind.Regularizer
            : key.EndsWith("_constraint", StringComparison.Ordinal) ? KerasKind.Constraint
            : KerasKind.Layer;
        return FindType(kind, className, module, registered) is null ? MissingSentence(kind, ShownName(json, className)) : null;
    }

    private string MissingSentence(KerasKind kind, string name)
    {
        var known = KerasRegistry.Table(kind).Keys.Concat(_custom.Types.Values.Where(type => type.Kind == kind).Select(type => type.Name));
        var nearest = Nearest(name, known);
        return kind == KerasKind.Layer
            ? $"layer class '{name}' is not known.{nearest} Add a custom class with CustomObjects.Add."
            : $"is '{name}', which is not a known {kind.ToString().ToLowerInvariant()}.{nearest} Add a custom class with CustomObjects.Add.";
    }

    private string MissingActivation(string name) =>
        $"'{name}' is not known.{Nearest(name, Activation.ByName.Keys.Concat(_custom.Activations.Keys))} Add a custom function with CustomObjects.Add.";

    private static string Nearest(string name, IEnumerable<string> known) => Naming.Nearest(name, known) is { } nearest ? $" Did you mean '{nearest}'?" : "";

    /// <summary>The name of a class, with its package unless that is Keras' default.</summary>
    private static string ShownName(JsonElement json, string name) =>
        Text(json, "registered_name") is { } registered
        && registered.Contains('>', StringComparison.Ordinal)
        && !registered.StartsWith(KerasPackage, StringComparison.Ordinal)
            ? registered
            : name;
}
