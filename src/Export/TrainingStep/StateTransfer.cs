using System.Numerics.Tensors;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>Transfers the state to and from a file of named arrays, and its weights to a model.</summary>
internal sealed class StateTransfer(TrainingFolder folder)
{
    private readonly ManifestState[] _tensors = folder.Manifest.State;

    public Tensor<float> ToTensor(int index, float[] values) => Tensor.Create(values, Lengths(_tensors[index]));

    public void Save(string path, float[][] values)
    {
        var arrays = new OrderedDictionary<string, Tensor<float>>(StringComparer.Ordinal);
        for (var i = 0; i < values.Length; i++) arrays.Add(_tensors[i].Name, ToTensor(i, values[i]));
        Npz.Write(path, arrays);
    }

    /// <exception cref="ModelException">A tensor is missing or of another shape; all are named.</exception>
    public float[][] Load(string path)
    {
        var arrays = Npz.ReadAll<float>(path);
        var problems = new List<string>();
        var values = new float[_tensors.Length][];
        for (var i = 0; i < values.Length; i++)
        {
            var tensor = _tensors[i];
            values[i] = [];
            if (!arrays.TryGetValue(tensor.Name, out var array)) problems.Add($"'{tensor.Name}' is missing");
            else if (Lengths(tensor) is var expected && !expected.SequenceEqual(array.Lengths))
                problems.Add($"'{tensor.Name}' has shape ({string.Join(", ", array.Lengths.ToArray())}), expected ({string.Join(", ", expected)})");
            else array.FlattenTo(values[i] = new float[array.FlattenedLength]);
        }

        if (problems.Count > 0)
        {
            throw new ModelException(
                $"'{path}' does not hold the state of {folder.Source}: {string.Join("; ", problems)}. Use a file that Save wrote for this export.");
        }
        return values;
    }

    /// <summary>Sets the weights of a model, to their moving averages if they have one; all of them or none.</summary>
    /// <exception cref="ModelException">The model has other weights; all are named.</exception>
    public void Set(Model model, Func<float[][]> read)
    {
        var known = new Dictionary<string, ManifestState>(StringComparer.Ordinal);
        foreach (var tensor in _tensors)
        {
            if (tensor.IsWeight) known.Add(tensor.Name, tensor);
        }

        var weights = model.WeightPaths();
        var problems = new List<string>();
        var sources = new List<int>();
        foreach (var (path, weight) in weights)
        {
            if (!known.Remove(path, out var tensor)) problems.Add($"'{path}' {weight.Shape} is not in the export");
            else if (!weight.Shape.Dims.SequenceEqual(tensor.Shape)) problems.Add(
                $"'{path}' has shape {weight.Shape}, the export ({string.Join(", ", tensor.Shape)})");
            else sources.Add(Array.FindIndex(_tensors, other => other.Name == (tensor.Average ?? tensor.Name)));
        }

        problems.AddRange(known.Keys.Select(name => $"'{name}' of the export is not in the model"));
        if (problems.Count > 0)
        {
            throw new ModelException(
                $"Model '{model.Name}' does not match {folder.Source}: {string.Join("; ", problems)}. Compose it as it was when the training was exported.");
        }
        var values = read();
        foreach (var ((_, weight), source) in weights.Zip(sources)) values[source].CopyTo(weight.Storage, 0);
    }

    // A file of arrays has no scalars, so they are stored as lists of one number.
    private static nint[] Lengths(ManifestState tensor) => tensor.Shape.Length == 0 ? [1] : [.. tensor.Shape.Select(dim => (nint)dim)];
}
