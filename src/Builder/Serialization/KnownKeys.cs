using System.Text.Json;

namespace OnnxFunctional.Serialization;

/// <summary>
/// One rule for keys that a reader does not know, in every JSON this library reads: they are refused by name, because what they say would be ignored. Null
/// means a feature that is not used; newer versions write keys of new features that way.
/// </summary>
internal static class KnownKeys
{
    /// <summary>A sentence about the first unknown key of an object; null if there is none.</summary>
    public static string? Problem(JsonElement json, params ReadOnlySpan<string> known)
    {
        if (json.ValueKind != JsonValueKind.Object) return null;
        foreach (var entry in json.EnumerateObject())
        {
            if (entry.Value.ValueKind == JsonValueKind.Null || known.Contains(entry.Name)) continue;
            var nearest = Naming.Nearest(entry.Name, known.ToArray());
            return $"the key '{entry.Name}' is not known." + (nearest is null ? " Remove it." : $" Did you mean '{nearest}'?");
        }

        return null;
    }

    /// <exception cref="ModelException">The object has an unknown key.</exception>
    public static void Require(JsonElement json, params ReadOnlySpan<string> known)
    {
        if (Problem(json, known) is { } problem) throw new ModelException(problem);
    }
}
