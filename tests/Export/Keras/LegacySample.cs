using OnnxFunctional.Export.Keras;
using PureHDF;

namespace OnnxFunctional.Tests.Export.Keras;

/// <summary>An .h5 file as Keras 2 and Keras 3 write it, made of a description and of the weights of a model.</summary>
internal sealed class LegacySample
{
    private readonly H5Group _weights = [];
    private readonly List<string> _layers = [];

    /// <summary>The attributes of the file: model_config, training_config, keras_version.</summary>
    public Dictionary<string, string> Texts { get; } = [];

    /// <summary>0 for texts of any length, else their common length.</summary>
    public int TextLength { get; init; }

    /// <summary>The attribute of layers in as many parts, as Keras writes it if it is too long for HDF5.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>Adds a layer with its weights, those that are trained first.</summary>
    public LegacySample Add(string layer, params IEnumerable<(string Name, Weight Weight)> weights)
    {
        var group = new H5Group();
        var names = new List<string>();
        foreach (var (name, weight) in weights)
        {
            var at = group;
            var parts = name.Split('/');
            foreach (var part in parts[..^1])
            {
                if (!at.TryGetValue(part, out var inner)) at[part] = inner = new H5Group();
                at = (H5Group)inner;
            }

            at[parts[^1]] = new H5Dataset(weight.Storage.ToArray(), fileDims: [.. weight.Shape.Dims.ToArray().Select(dim => (ulong)dim)]);
            names.Add(name);
        }

        // NumPy makes an empty list one of floating-point numbers.
        group.Attributes["weight_names"] = names.Count == 0 ? Array.Empty<double>() : names.ToArray();
        _weights[layer] = group;
        _layers.Add(layer);
        return this;
    }

    /// <summary>Adds all layers of a model, with the names that Keras 2 gives to weights.</summary>
    public LegacySample Add(Model model)
    {
        foreach (var layer in model.Layers)
        {
            var trained = layer.TrainableWeights.ToHashSet();
            var weights = KerasStore.WeightsOf(layer).OrderBy(weight => !trained.Contains(weight)).ToList();
            Add(model.NameOf(layer), weights.Select((weight, i) => ($"{model.NameOf(layer)}/part{i}/{weight.Name}:0", weight)));
        }

        return this;
    }

    /// <summary>The file of a whole model.</summary>
    public byte[] Whole() => Bytes(new H5File { ["model_weights"] = Weights(_weights) });

    /// <summary>The file of the weights alone.</summary>
    public byte[] WeightsAlone()
    {
        var file = new H5File();
        foreach (var (name, member) in _weights) file[name] = member;
        Weights(file);
        return Bytes(file);
    }

    private H5Group Weights(H5Group group)
    {
        if (Parts == 1) group.Attributes["layer_names"] = _layers.ToArray();
        else foreach (var (i, part) in _layers.Chunk((_layers.Count + Parts - 1) / Parts).Index()) group.Attributes[$"layer_names{i}"] = part;
        return group;
    }

    private byte[] Bytes(H5File file)
    {
        foreach (var (name, text) in Texts) file.Attributes[name] = text;
        using var stream = new MemoryStream();
        file.Write(stream, new H5WriteOptions { PreferCompactDatasetLayout = false, DefaultStringLength = TextLength });
        return stream.ToArray();
    }
}
