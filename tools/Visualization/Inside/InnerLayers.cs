using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Visualization.Inside;

/// <summary>A convolution of a model.</summary>
/// <param name="Path">The layer's name after those of the models and layers around it.</param>
/// <param name="Output">What the layer gives, after its activation.</param>
/// <param name="Kernel">Its kernel, channels last; null if the kernel depends on the model's inputs.</param>
/// <param name="IsTransposed">Whether the kernel's last axes are output and input channels, in this order.</param>
internal sealed record ConvolutionInside(string Path, Value Output, Value? Kernel, bool IsTransposed);

/// <summary>Finds layers whose inside can be drawn, in models inside a model too.</summary>
internal static class InnerLayers
{
    /// <summary>The convolutions over one or two axes, in the order in which they are computed.</summary>
    public static IReadOnlyList<ConvolutionInside> Convolutions(Model model)
    {
        var layers = InspectedLayers.Of(model);
        var found = new List<ConvolutionInside>();
        foreach (var node in model.Graph.Nodes)
        {
            if (node.Op is not (Conv or ConvTranspose) || node.Outputs[0].Spec.Shape.Rank is < 3 or > 4) continue;
            var output = node.Scope?.Outputs[0].Value ?? node.Outputs[0];

            // In a file of others a bias or an exchange of axes may be what its node gives.
            var layer = layers.FirstOrDefault(each => each.Value == output) ?? layers.FirstOrDefault(each => Computes(each.Value, node));
            if (layer is null || found.Exists(other => other.Path == layer.Path)) continue;
            var kernel = node.Inputs[1];
            var isGiven = !Graph.Between([], [kernel]).MissingInputs().Any();
            found.Add(new ConvolutionInside(layer.Path, layer.Value, isGiven ? kernel : null, node.Op is ConvTranspose));
        }

        return found;
    }

    /// <summary>The attention layers and how much each of their queries attends to each key: (batch, heads..., queries, keys).</summary>
    public static IReadOnlyList<InspectedLayer> Attentions(Model model)
    {
        var layers = InspectedLayers.Of(model);
        var found = new List<InspectedLayer>();
        foreach (var softmax in model.Graph.Nodes.Where(node => node.Op is Softmax))
        {
            if (softmax.Scope is not { Layer: Layers.AttentionLayer } call) continue;
            var scores = softmax.Outputs[0];

            // Over further axes there is a map for each of their places, which no tile shows.
            if (call.Layer is Layers.MultiHeadAttention && scores.Spec.Shape.Rank != 4) continue;

            // Queries that may attend to no key get zeros behind the softmax.
            if (model.Graph.Nodes.FirstOrDefault(node => node.Scope == call && node.Op is Where && node.Inputs[1] == scores) is { } masked)
                scores = masked.Outputs[0];

            // What the layer gives may also be what its last projection gives, so its class decides.
            var layer = layers.FirstOrDefault(each => each.ClassName == call.Layer.ClassName && call.Outputs.Any(output => output.Value == each.Value));
            if (layer is not null) found.Add(layer with { Path = layer.Path.Split('[')[0], Value = scores });
        }

        return found;
    }

    /// <summary>The layers whose outputs lie over places: of images, or of the steps of sequences.</summary>
    public static IReadOnlyList<InspectedLayer> WithMaps(Model model) =>
        [.. InspectedLayers.Of(model).Where(layer => layer.Value.Spec.Shape.Rank is 3 or 4 && layer.Value.Spec.Type.IsFloating())];

    /// <summary>The layer of a name, or of a path that ends with it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="name">The name.</param>
    /// <param name="fitting">The layers that fit.</param>
    /// <param name="pathOf">The path of one.</param>
    /// <param name="what">What they are.</param>
    /// <exception cref="ModelException">None has the name, or several have; the message lists those that fit.</exception>
    public static T Named<T>(Model model, string name, IReadOnlyList<T> fitting, Func<T, string> pathOf, string what)
    {
        List<T> found = [.. fitting.Where(layer => pathOf(layer) == name)];
        if (found.Count == 0) found.AddRange(fitting.Where(layer => pathOf(layer).EndsWith("/" + name, StringComparison.Ordinal)));
        if (found.Count == 1 || (found.Count > 1 && found.TrueForAll(layer => pathOf(layer) == pathOf(found[0])))) return found[0];
        if (found.Count > 1) throw new ModelException($"Layer '{name}' stands for several: {Listed(found)}. Give the whole path of one.");
        var nearest = Naming.Nearest(name, fitting.Select(pathOf).Concat(fitting.Select(layer => pathOf(layer).Split('/')[^1])));
        throw new ModelException(
            $"Model '{model.Name}' has no {what} '{name}'."
            + (nearest is null ? "" : $" Did you mean '{nearest}'?")
            + (fitting.Count == 0 ? " It has none." : $" It has: {Listed(fitting)}."));

        string Listed(IReadOnlyList<T> layers) => string.Join(", ", layers.Select(pathOf).Distinct());
    }

    /// <summary>Whether a value is a node's output, with a bias or in another order of axes at most.</summary>
    private static bool Computes(Value value, Node node)
    {
        for (var i = 0; i < 4 && value.Producer != node; i++)
        {
            if (value.Producer.Op is not (Transpose or Add or Identity)) return false;
            value = value.Producer.Inputs[0];
        }

        return value.Producer == node;
    }
}
