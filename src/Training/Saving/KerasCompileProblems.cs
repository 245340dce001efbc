using System.Text.Json;

namespace OnnxFunctional.Training;

/// <summary>All that the arguments of compile in a file of Keras name and nobody knows: optimizers, losses and metrics, each once.</summary>
internal static class KerasCompileProblems
{
    /// <summary>A sentence for each problem, without reading further than each object.</summary>
    public static IReadOnlyList<string> Of(JsonElement json)
    {
        var problems = new List<string>();
        if (json.ValueKind != JsonValueKind.Object) return problems;
        Add(KerasCompileConfig.OptimizerKey, "optimizer", KerasCompileConfig.ReadOptimizer);
        Add(KerasCompileConfig.LegacyOptimizerKey, "optimizer", KerasCompileConfig.ReadOptimizer);
        Add("loss", "loss", KerasCompileConfig.ReadLoss);
        Add("metrics", "metric", KerasCompileConfig.ReadMetric);
        Add("weighted_metrics", "metric", KerasCompileConfig.ReadMetric);
        return problems;

        void Add(string key, string what, Func<JsonElement, object> read)
        {
            if (!json.TryGetProperty(key, out var given)) return;
            foreach (var leaf in Leaves(given, 0))
            {
                if (Problem(leaf, what, read) is { } problem && !problems.Contains(problem)) problems.Add(problem);
            }
        }
    }

    private static string? Problem(JsonElement json, string what, Func<JsonElement, object> read)
    {
        // Keras writes a user's class or function as "Package>Name"; one of Keras may have the same name, and Keras 2 wrote its own optimizers so.
        if (Text(json, "registered_name") is { } registered
            && registered.Contains('>', StringComparison.Ordinal)
            && Text(json, "module")?.StartsWith("keras.", StringComparison.Ordinal) != true)
            return $"There is no {what} '{registered}', which the file's program defines.";
        try
        {
            read(json);
            return null;
        }
        catch (Exception error) when (error is ModelException or InvalidOperationException)
        {
            return error.Message;
        }
    }

    private static string? Text(JsonElement json, string key) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The values of all outputs: objects with a class, or names.</summary>
    private static IEnumerable<JsonElement> Leaves(JsonElement json, int depth)
    {
        if (depth > CompileConfig.DeepestNesting || json.ValueKind == JsonValueKind.Null) return [];
        return json.ValueKind switch
        {
            JsonValueKind.Array => json.EnumerateArray().SelectMany(item => Leaves(item, depth + 1)),
            JsonValueKind.Object when !json.TryGetProperty("class_name", out _) => json.EnumerateObject().SelectMany(entry => Leaves(entry.Value, depth + 1)),
            _ => [json],
        };
    }
}
