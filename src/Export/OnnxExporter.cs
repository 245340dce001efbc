using System.ComponentModel;
using Google.Protobuf;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Files;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Verify;

namespace OnnxFunctional.Export;

/// <summary>Models as ONNX files.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class OnnxExporter
{
    /// <summary>Writes the model as an ONNX file and proves it: ONNX Runtime gives what the engine gives, layer by layer. Only then does the file get its name.</summary>
    /// <param name="model">The model; what only training does, such as dropout, is left out.</param>
    /// <param name="path">The file; an older one of that name is replaced.</param>
    /// <param name="options">Opset, verification, metadata.</param>
    /// <returns>What was written and how far both were apart; prints as a table.</returns>
    /// <exception cref="ExportException">The model has something ONNX cannot say, ONNX Runtime differs from the engine, or the file cannot be written. No file is left then, and an older one is untouched.</exception>
    public static ExportReport ExportOnnx(this Model model, string path, ExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        var (emitted, rebuildProblem) = Emit(model, options ??= new());
        return Write(emitted, path, options, rebuildProblem);
    }

    /// <summary>The model as it is written, its architecture in the metadata.</summary>
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
            // Any host runs the file all the same; only OnnxFile.LoadModel cannot make a Model of it again, and the report says so.
            return (emitted, refusal.Message);
        }
    }

    /// <summary>Writes a model that was emitted already, to which metadata or training information may have been added.</summary>
    internal static ExportReport Write(EmittedModel emitted, string path, ExportOptions options, string? rebuildProblem = null)
    {
        // Counted in 64 bits before protobuf does in 32.
        var weights = emitted.Proto.TrainingInfo.SelectMany(training => training.Algorithm.Initializer).Concat(emitted.Proto.Graph.Initializer).Sum(tensor => (long)tensor.RawData.Length);
        if (weights > int.MaxValue - (64 << 20))
            throw new ExportException($"The weights of '{emitted.Model.Name}' take {weights} bytes, and an ONNX file ends at 2 GiB. Export the model in parts: new Model(model.Inputs, layer.Output).");
        var bytes = emitted.Proto.ToByteArray();
        IReadOnlyList<LayerDifference> differences = [];
        AtomicFile.Write(path, bytes, options.Verify ? file => differences = Verifier.Run(emitted, File.ReadAllBytes(file), options) : null);
        return new ExportReport(path, options.Opset, bytes.Length, differences, options.Verify) { RebuildProblem = rebuildProblem };
    }
}
