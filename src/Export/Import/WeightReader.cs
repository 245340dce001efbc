using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Import;

/// <summary>Reads the weights of a file that we wrote back into a model: by name, each rearranged to its order in the graph.</summary>
internal static class WeightReader
{
    /// <summary>Sets every weight of the model from the file.</summary>
    /// <param name="model">The model; either all of its weights are set, or none.</param>
    /// <param name="file">A file that passed the guard.</param>
    /// <exception cref="OnnxFileException">Weights are missing or do not fit; all are listed.</exception>
    public static void Load(Model model, CheckedModel file)
    {
        foreach (var (weight, data) in Read(model, file)) data.CopyTo(weight.Storage.AsSpan());
    }

    /// <summary>Every weight of the model with its values in the file; the model is not changed.</summary>
    /// <exception cref="OnnxFileException">Weights are missing or do not fit; all are listed.</exception>
    public static IReadOnlyList<(Weight Weight, float[] Data)> Read(Model model, CheckedModel file)
    {
        var tensors = new Dictionary<string, TensorProto>(StringComparer.Ordinal);
        foreach (var tensor in file.Model.Graph.Initializer) tensors[tensor.Name] = tensor;
        var problems = new List<string>();
        var values = new List<(Weight Weight, float[] Data)>();
        foreach (var (path, weight) in model.WeightPaths())
        {
            if (!tensors.TryGetValue(path, out var tensor))
            {
                problems.Add($"weight '{path}' {weight.Shape} is not in the file");
                continue;
            }

            try
            {
                values.Add((weight, Read(file, tensor, weight.Shape)));
            }
            catch (Exception misfit) when (misfit is FormatException or OverflowException)
            {
                problems.Add($"weight '{path}': {misfit.Message}");
            }
        }

        if (problems.Count > 0)
        {
            throw new OnnxFileException(
                $"{file.Source} does not hold the weights of model '{model.Name}': {string.Join("; ", problems.Select(problem => problem.TrimEnd('.')))}. "
                + "Load it into the model it was exported from, with the same layer names.");
        }

        return values;
    }

    /// <summary>A stored weight, rearranged as in the graph.</summary>
    /// <exception cref="FormatException">It is not stored as we store weights, or has another shape.</exception>
    private static float[] Read(CheckedModel file, TensorProto tensor, Shape shape)
    {
        var stored = OnnxProto.ShapeOf(tensor);
        var data = file.Floats(tensor) ?? throw new FormatException(
            $"it is stored as type {tensor.DataType}, expected float");
        var text = tensor.MetadataProps.Find(Arrangement.MetadataKey);
        var original = tensor.MetadataProps.Find(Arrangement.ShapeKey) is { } written ? Shape.Of(FeatureOrder.Integers(written, ',').Span) : stored;
        if (original != shape) throw new FormatException($"the file has shape {original}, the model {shape}");
        var arrangement = text is null ? Arrangement.None : Arrangement.Parse(text, shape);
        if (arrangement.Apply(shape) != stored)
            throw new FormatException($"'{arrangement}' of {shape} gives {arrangement.Apply(shape)}, but the stored shape is {stored}");
        return arrangement.Undo(data, shape);
    }
}
