using System.ComponentModel;
using OnnxFunctional.Export.Files;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export;

/// <summary>
/// Saves and loads adapters alone: <c>model.SaveAdapter("spam.onnx_adapter")</c>. ONNX Runtime runs such a file with the model that
/// <see cref="ExportOptions.AdaptersApart"/> wrote, and changes from one to another between runs.
/// </summary>
/// <example><code>
/// pretrained.EnableLora(rank: 8);
/// model.ExportOnnx("base.onnx", new ExportOptions { AdaptersApart = true });
/// model.SaveAdapter("spam.onnx_adapter");
/// using var onnx = OnnxModel.Load("base.onnx", options: new OnnxModelOptions { Adapter = "spam.onnx_adapter" });
/// </code></example>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class AdapterFile
{
    /// <summary>Writes the adapters of a model, and nothing else of it, as a file of ONNX Runtime's adapter format.</summary>
    /// <param name="model">A model with adapters.</param>
    /// <param name="path">The file, by convention .onnx_adapter; an older one of that name is replaced.</param>
    /// <exception cref="ModelException">No layer has an adapter.</exception>
    /// <exception cref="ExportException">The file system refuses; an older file is untouched then.</exception>
    public static void SaveAdapter(this Model model, string path)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var held = WeightGate.Hold(model.Weights);
        AtomicFile.Write(path, AdapterFormat.Write(Of(model)));
    }

    /// <summary>Reads the adapters of a model; all of them or, if the file does not fit, none.</summary>
    /// <param name="model">The model that they were trained in, or one like it, with adapters of the same rank.</param>
    /// <param name="path">A file that <see cref="SaveAdapter"/> wrote.</param>
    /// <exception cref="ModelException">No layer has an adapter.</exception>
    /// <exception cref="OnnxFileException">The file is missing or damaged, or names or shapes are not those of the model's adapters.</exception>
    public static void LoadAdapter(this Model model, string path)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        var own = Of(model);
        var read = AdapterFormat.Read(path).ToDictionary(matrix => matrix.Name, StringComparer.Ordinal);
        List<string> problems = [.. own.Where(matrix => !read.ContainsKey(matrix.Name)).Select(matrix => $"it has no '{matrix.Name}' {matrix.Shape}")];
        foreach (var (name, shape, _) in read.Values)
        {
            if (own.Find(matrix => matrix.Name == name) is not { Name: not null } expected) problems.Add($"the model has no '{name}' {shape}");
            else if (expected.Shape != shape) problems.Add($"'{name}' is {shape}, expected {expected.Shape}");
        }

        if (problems.Count > 0)
        {
            throw new OnnxFileException(
                $"'{Path.GetFileName(path)}' does not fit the adapters of model '{model.Name}': {string.Join("; ", problems.Take(10))}"
                + $"{(problems.Count > 10 ? $"; and {problems.Count - 10} more" : "")}. Call EnableLora with the rank that it was trained with.");
        }

        using var held = WeightGate.Hold(model.Weights);
        foreach (var (name, _, values) in own) read[name].Values.CopyTo(values.AsSpan());
    }

    /// <summary>The matrices of a model's adapters with their names in files; the values are those of the model.</summary>
    internal static List<AdapterMatrix> Of(Model model)
    {
        var named = model.WeightPaths().Where(named => named.Weight.IsOfAdapter);
        List<AdapterMatrix> all = [.. named.Select(named => new AdapterMatrix(named.Path, named.Weight.Shape, named.Weight.Storage))];
        return all.Count > 0 ? all : throw new ModelException(
            $"Model '{model.Name}' has no adapters. Call EnableLora on it or on some of its layers first.");
    }
}
