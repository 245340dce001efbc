using System.Globalization;
using OnnxFunctional.Serialization;

namespace OnnxFunctional.Export.Keras;

/// <summary>
/// Models and weights as .h5 files, the format of Keras 2, which Keras 3 writes too: a group per layer, and in its attributes the names of its weights in
/// their order, those that are trained first.
/// </summary>
internal static class LegacyFile
{
    private const string Weights = "model_weights";
    private const string LayerNames = "layer_names";
    private const string WeightNames = "weight_names";
    private const string OwnWeights = "top_level_model_weights";

    /// <summary>Whether a file of weights is of this format.</summary>
    public static bool HoldsWeights(Hdf5Reader file) => RootOf(file) is not null;

    /// <summary>The model of a file, with its weights.</summary>
    /// <exception cref="ModelException">The file holds no model, the model cannot be read, or the weights do not fit.</exception>
    public static Model Read(Hdf5Reader file, string name, CustomObjects? customObjects)
    {
        if (file.Text("model_config") is not { } config)
        {
            throw new ModelException(
                $"'{name}' holds weights, but no model. Make the model in code, or open its architecture with Model.FromJson, and read the weights into it: "
                + $"model.LoadWeights(\"{name}\").");
        }

        var model = ModelReader.Read(config, customObjects, 0, version: file.Text("keras_version"));
        ReadWeights(model, file);
        return model;
    }

    /// <summary>
    /// The optimizer's variables by the paths that .keras files give them. None of Keras 2's files: its optimizers keep other variables in other orders.
    /// </summary>
    public static IReadOnlyDictionary<string, Hdf5Array> OptimizerOf(Hdf5Reader file)
    {
        if (file.Text("keras_version") is not { } version || version.StartsWith("2.", StringComparison.Ordinal))
            return new Dictionary<string, Hdf5Array>();
        var problems = new List<string>();
        var arrays = ArraysOf(file, "optimizer_weights", problems);
        if (problems.Count > 0) throw new ModelException($"The state of the optimizer cannot be read: {string.Join("; ", problems)}.");
        return arrays.Index().ToDictionary(entry => KerasOptimizer.Folder + entry.Index.ToString(CultureInfo.InvariantCulture), entry => entry.Item);
    }

    /// <summary>Sets all weights; nothing is set unless everything fits.</summary>
    /// <exception cref="ModelException">Layers or weights are missing, left over, or of another shape; all are named.</exception>
    public static void ReadWeights(Model model, Hdf5Reader file)
    {
        var root = RootOf(file) ?? throw new ModelException("The file holds no weights in the format of Keras 2; expected the attribute layer_names.");
        var problems = new List<string>();
        var found = new List<(Weight, Hdf5Array)>();
        var groups = file.Texts(root, LayerNames)!
            .Select(layer => new Group(layer, ArraysOf(file, Join(root, layer), problems)))
            .Where(group => group.Arrays.Count > 0)
            .ToList();
        var layers = model.Layers
            .Select(layer => (Name: model.NameOf(layer), Layer: layer))
            .Where(entry => KerasStore.WeightsOf(entry.Layer).Count > 0)
            .ToList();

        // By their names where they are the same; as Keras, by their order where the model is another one of the same architecture.
        var byName = layers.ToDictionary(entry => entry.Name, entry => entry.Layer);
        var isNamed = groups.Count == layers.Count && groups.All(group => byName.ContainsKey(group.Layer));
        if (groups.Count != layers.Count)
        {
            problems.Add(
                $"the file has weights of {groups.Count} layers ({string.Join(", ", groups.Select(group => group.Layer))}), "
                + $"the model {layers.Count} layers with weights ({string.Join(", ", byName.Keys)})");
        }

        for (var i = 0; i < Math.Min(groups.Count, layers.Count); i++)
        {
            var (name, layer) = isNamed ? (groups[i].Layer, byName[groups[i].Layer]) : layers[i];
            Match(groups[i], layer, name, found, problems);
        }

        var own = KerasStore.Of(model)[0];
        var rest = new Group(OwnWeights, ArraysOf(file, Join(root, OwnWeights), problems));
        if (own.Weights.Count > 0 || rest.Arrays.Count > 0) Match(rest, own.Weights, own.Name, found, problems);
        KerasWeights.Set(model, found, problems, "the file lists them by layer, in the order of the model's layers");
    }

    private static string? RootOf(Hdf5Reader file) =>
        file.Texts("", LayerNames) is not null ? "" : file.Texts(Weights, LayerNames) is not null ? Weights : null;

    private static string Join(string root, string path) => root.Length == 0 ? path : root + "/" + path;

    private static List<Hdf5Array> ArraysOf(Hdf5Reader file, string group, List<string> problems)
    {
        var arrays = new List<Hdf5Array>();
        foreach (var name in file.Texts(group, WeightNames) ?? [])
        {
            if (file.Arrays.TryGetValue(group + "/" + name, out var array)) arrays.Add(array);
            else problems.Add($"{group}/{name} is missing");
        }

        return arrays;
    }

    private static void Match(Group group, LayerBase layer, string name, List<(Weight, Hdf5Array)> found, List<string> problems)
    {
        // Keras writes trained weights first, so the order depends on what was frozen then; names tell it where shapes do not.
        var weights = KerasStore.WeightsOf(layer);
        var trained = layer.TrainableWeights.ToHashSet();
        IReadOnlyList<Weight>[] orders =
        [
            [.. weights.OrderBy(weight => !trained.Contains(weight))],
            [.. weights.OrderBy(weight => !weight.Learns)],
            weights,
        ];
        Match(group, orders.FirstOrDefault(group.HasNamesOf) ?? orders.FirstOrDefault(group.HasShapesOf) ?? orders[0], name, found, problems);
    }

    private static void Match(Group group, IReadOnlyList<Weight> weights, string name, List<(Weight, Hdf5Array)> found, List<string> problems)
    {
        if (group.Arrays.Count != weights.Count)
        {
            problems.Add($"'{group.Layer}' has {group.Arrays.Count} arrays, expected {weights.Count} for '{name}'");
            return;
        }

        foreach (var (weight, array) in weights.Zip(group.Arrays))
        {
            if (!weight.Shape.Dims.SequenceEqual(array.Dims))
                problems.Add($"{array.Path} has shape ({string.Join(", ", array.Dims)}), expected {weight.Shape} for {weight.Name} of '{name}'");
            else if (array.Misfit() is { } misfit) problems.Add($"{array.Path} {misfit}");
            else found.Add((weight, array));
        }
    }

    /// <summary>The arrays of a layer in the order of the file.</summary>
    private sealed record Group(string Layer, IReadOnlyList<Hdf5Array> Arrays)
    {
        public bool HasShapesOf(IReadOnlyList<Weight> weights) =>
            weights.Count == Arrays.Count && weights.Zip(Arrays).All(pair => pair.First.Shape.Dims.SequenceEqual(pair.Second.Dims));

        public bool HasNamesOf(IReadOnlyList<Weight> weights) =>
            HasShapesOf(weights) && weights.Zip(Arrays).All(pair => Last(pair.First.Name) == Last(pair.Second.Path));

        /// <summary>The weight's own name: <c>model_weights/dense/dense/kernel:0</c> is a kernel.</summary>
        private static string Last(string path)
        {
            var name = path[(path.LastIndexOf('/') + 1)..];
            return name.IndexOf(':', StringComparison.Ordinal) is >= 0 and var mark ? name[..mark] : name;
        }
    }
}
