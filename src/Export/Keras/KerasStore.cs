using System.Globalization;

namespace OnnxFunctional.Export.Keras;

/// <summary>Where Keras stores each variable in its weight file: by class and position, never by the user's names.</summary>
/// <remarks>
/// <c>layers/dense_1/vars/0</c> is the first weight of the second Dense; a cell or an inner layer is stored under the name of Keras' attribute for it.
/// </remarks>
internal sealed class KerasStore
{
    private readonly HashSet<LayerBase> _visited = [];
    private readonly List<Entry> _entries = [];
    private readonly Dictionary<string, int> _inner = [];

    private KerasStore()
    {
    }

    /// <summary>One object of the file: its group, its name, its variables in Keras' order.</summary>
    /// <param name="Path">The group, without the <c>vars</c> below it; empty for the model itself.</param>
    /// <param name="Name">The user's name for the object.</param>
    /// <param name="Weights">Its variables.</param>
    internal sealed record Entry(string Path, string Name, IReadOnlyList<Weight> Weights)
    {
        public string PathOf(int variable) => (Path.Length == 0 ? "" : Path + "/") + "vars/" + variable.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>All objects of a model, the model first; a shared layer is listed at its first use.</summary>
    public static IReadOnlyList<Entry> Of(Model model)
    {
        var store = new KerasStore();
        store.Add(model, "", model.Name);
        return store._entries;
    }

    /// <summary>The weights that Keras counts to a layer, each once: those of its own, then those of what it holds.</summary>
    public static IReadOnlyList<Weight> WeightsOf(LayerBase layer)
    {
        var store = new KerasStore();
        store.Add(layer, "", layer.Name);
        return [.. store._entries.SelectMany(entry => entry.Weights).Distinct()];
    }

    private void Add(LayerBase layer, string path, string name)
    {
        if (!_visited.Add(layer)) return;
        // In Keras the states of a stateful layer are not its variables.
        var own = layer.OwnWeights
            .Where(weight => !weight.IsState && !weight.IsOfAdapter)
            .OrderBy(weight => !weight.Learns)
            .ToList();
        IEnumerable<Weight> variables = own.Where(weight => !weight.Name.Contains('/', StringComparison.Ordinal));

        // Keras lists the normalized kernel as a variable of the wrapper too, before its own.
        if (layer is Layers.SpectralNormalization { Layer: var wrapped })
            variables = wrapped.OwnWeights.Where(weight => weight.Name is "kernel" or "embeddings").Concat(variables);
        _entries.Add(new(path, name, [.. variables]));

        // A weight named "lstm_cell/kernel" belongs to an object inside the layer.
        var parts = own.Where(weight => weight.Name.Contains('/', StringComparison.Ordinal)).GroupBy(
            weight => weight.Name[..weight.Name.IndexOf('/', StringComparison.Ordinal)]);
        foreach (var part in parts) _entries.Add(new(Join(path, Attribute(layer, part.Key)), part.Key, [.. part]));

        if (layer is Layers.ProjectedAttention)
        {
            // In Keras these two are layers; they hold no variables, but have groups.
            _entries.Add(new(Join(path, "_softmax"), Numbered("softmax", _inner), []));
            _entries.Add(new(Join(path, "_dropout_layer"), Numbered("dropout", _inner), []));
        }

        if (layer is Model model)
        {
            var used = new Dictionary<string, int>();
            // A Sequential does not count its input among its layers.
            foreach (var inner in model.Layers.Where(inner => model is not Sequential || inner is not InputLayer))
                Add(inner, Join(path, "layers/" + Numbered(ClassOf(inner), used)), model.NameOf(inner));
            return;
        }

        var counts = new Dictionary<string, int>();
        foreach (var child in layer.Children)
        {
            var attribute = layer is Layers.Bidirectional { BackwardLayer: var backward }
                ? (child == backward ? "backward_layer" : "forward_layer")
                : Attribute(layer, layer.NameOf(child));
            Add(child, Join(path, attribute.EndsWith('/') ? attribute + Numbered(ClassOf(child), counts) : attribute), child.Name);
        }
    }

    /// <summary>Keras' attribute that holds a part of a layer; a trailing slash means a list.</summary>
    private static string Attribute(LayerBase owner, string part) => (owner.ClassName, part) switch
    {
        ("MultiHeadAttention", "gate") => "_gate_dense",
        ("MultiHeadAttention", "query" or "key" or "value") => part + "_dense",
        ("MultiHeadAttention", "attention_output") => "output_dense",
        ("GroupQueryAttention" or "GroupedQueryAttention", "query" or "key" or "value" or "gate") => "_" + part + "_dense",
        ("GroupQueryAttention" or "GroupedQueryAttention", "attention_output") => "_output_dense",
        ("TimeDistributed" or "SpectralNormalization" or "Wrapper", _) => "layer",
        ("StackedRNNCells", _) => "cells/",
        _ when part.EndsWith("_cell", StringComparison.Ordinal) || owner.ClassName == "RNN" => "cell",
        _ => part,
    };

    // Keras' files use Python's class names, which differ from the public name for one layer.
    private static string ClassOf(LayerBase layer) => Naming.SnakeCase(layer.ClassName == "GroupQueryAttention" ? "GroupedQueryAttention" : layer.ClassName);

    private static string Numbered(string name, Dictionary<string, int> used)
    {
        if (used.TryGetValue(name, out var count))
        {
            used[name] = ++count;
            return name + "_" + count.ToString(CultureInfo.InvariantCulture);
        }

        used.Add(name, 0);
        return name;
    }

    private static string Join(string path, string part) => path.Length == 0 ? part : path + "/" + part;
}
