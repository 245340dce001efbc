using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>Layers that round to 8-bit integers, which has no slope: what stands before them does not learn.</summary>
internal static class QuantizedLayers
{
    private const int MostNamed = 3;

    /// <summary>Refuses to train if weights stand before such a layer, or if there are none because they are integers.</summary>
    /// <param name="loss">The loss.</param>
    /// <param name="trainable">The weights that are to learn, by their paths.</param>
    /// <exception cref="ModelException">Nothing learns, or some weights do not, because of quantized layers.</exception>
    public static void Check(Value loss, IReadOnlyList<(string Path, Weight Weight)> trainable)
    {
        var nodes = Graph.Between([], [loss]).Nodes;
        if (nodes.FirstOrDefault(node => node.Op is QuantizeLinear or DynamicQuantizeLinear) is not { } first) return;
        if (trainable.Count == 0) throw Refusal(first, "the model has no weights that learn");
        foreach (var node in nodes.Where(node => node.Op is QuantizeLinear or DynamicQuantizeLinear))
        {
            var before = Graph.Between([], [node.Inputs[0]]).Nodes.Select(other => other.Op).OfType<Variable>().Select(variable => variable.Weight).ToHashSet();
            string[] still = [.. trainable.Where(entry => before.Contains(entry.Weight)).Select(entry => $"'{entry.Path}'")];
            if (still.Length > 0) throw Refusal(node, $"{string.Join(", ", still.Take(MostNamed))}{(still.Length > MostNamed ? " ..." : "")} cannot learn");
        }
    }

    private static ModelException Refusal(Node rounding, string what) => new(
        $"{(rounding.Scope is { } call ? $"Layer '{call.Path}' ({call.Layer.ClassName})" : rounding.Op.Name)} rounds to 8-bit integers, which has no slope, "
        + $"so {what}: a quantized network is not trained. Train the network of floats and quantize it again, or train new layers behind this one.");
}
