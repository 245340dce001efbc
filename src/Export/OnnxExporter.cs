using System.ComponentModel;
using Google.Protobuf;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Files;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export;

/// <summary>Exports models as ONNX files.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class OnnxExporter
{
    /// <summary>
    /// Writes the model as an ONNX file and verifies it: the results of ONNX Runtime equal the engine's, layer by layer. Only then is it renamed to its target.
    /// </summary>
    /// <param name="model">The model; what only training does, such as dropout, is left out.</param>
    /// <param name="path">The file; an older file of that name is replaced.</param>
    /// <param name="options">Opset, verification, metadata.</param>
    /// <returns>The file and the differences per layer; prints as a table.</returns>
    /// <exception cref="ExportException">ONNX cannot express the model, ONNX Runtime differs from the engine,
    /// or the file cannot be written. Then no file is left, and an older one is untouched.</exception>
    public static ExportReport ExportOnnx(this Model model, string path, ExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);

        // A training beside it waits, so that the file and what verifies it have the weights between two steps.
        using var held = WeightGate.Hold(model.Weights);
        options ??= new();
        return MemoryShortage.Guard($"to export '{path}'", model, () =>
        {
            var (emitted, rebuildProblem) = Emit(model, options);
            return Write(emitted, path, options, rebuildProblem);
        });
    }

    /// <summary>The model as ONNX, with its architecture in the metadata.</summary>
    internal static (EmittedModel Emitted, string? RebuildProblem) Emit(Model model, ExportOptions options)
    {
        var emitted = OnnxEmitter.Emit(model, options.ForEmission());
        foreach (var (key, value) in options.Metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal)) emitted.Proto.MetadataProps.Add(key, value);
        try
        {
            emitted.Proto.MetadataProps.Add(OnnxFile.ArchitectureKey, model.ToJson());
            return (emitted, null);
        }
        catch (ModelException refusal)
        {
            // Any host runs the file nevertheless; only OnnxFile.LoadModel cannot rebuild the model from it, which the report states.
            return (emitted, refusal.Message);
        }
    }

    /// <summary>Writes an emitted model, to which metadata or training information may have been added.</summary>
    internal static ExportReport Write(EmittedModel emitted, string path, ExportOptions options, string? rebuildProblem = null)
    {
        // Counted in 64 bits, because protobuf counts in 32.
        var tensors = emitted.Proto.TrainingInfo.SelectMany(training => training.Algorithm.Initializer).Concat(emitted.Proto.Graph.Initializer);
        var weights = tensors.Sum(tensor => (long)tensor.RawData.Length);
        if (weights > int.MaxValue - (64 << 20))
            throw new ExportException(
                $"The weights of '{emitted.Model.Name}' take {weights} bytes, but an ONNX file is limited to 2 GiB. Export the model in parts: "
                + "new Model(model.Inputs, layer.Output).");
        var bytes = emitted.Proto.ToByteArray();
        IReadOnlyList<LayerDifference> differences = [];
        AtomicFile.Write(path, bytes, options.Verify ? file => differences = Verifier.Run(emitted, File.ReadAllBytes(file), options) : null);
        return new ExportReport(path, options.Opset, bytes.Length, differences, options.Verify) { RebuildProblem = rebuildProblem };
    }
}
