using System.ComponentModel;
using Google.Protobuf;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Files;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export;

/// <summary>Exports models as ONNX files.</summary>
/// <example><code>
/// var report = model.ExportOnnx("model.onnx");
/// Console.WriteLine(report);                                       // each layer, and how far ONNX Runtime is from the engine
/// </code></example>
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
    internal static (EmittedModel Emitted, string? RebuildProblem) Emit(Model model, ExportOptions options, EmissionOptions? emission = null)
    {
        emission ??= options.ForEmission();
        var emitted = OnnxEmitter.Emit(model, emission);
        AddMetadata(emitted, options, []);
        try
        {
            emitted.Proto.MetadataProps.Add(OnnxFile.ArchitectureKey, model.WriteJson(indented: false, merged: emission.Adapters == AdapterForm.Merged));
            return (emitted, null);
        }
        catch (ModelException refusal)
        {
            // Any host runs the file nevertheless; only Model.Load cannot rebuild the model from it, which the report and the file state.
            emitted.Proto.MetadataProps.Add(OnnxFile.RefusalKey, refusal.Message);
            return (emitted, refusal.Message);
        }
    }

    /// <summary>Adds the entries that the options ask for, sorted by key, then others.</summary>
    internal static void AddMetadata(EmittedModel emitted, ExportOptions options, IReadOnlyList<(string Key, string Value)> others)
    {
        foreach (var (key, value) in options.Metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal)) emitted.Proto.MetadataProps.Add(key, value);
        foreach (var (key, value) in others) emitted.Proto.MetadataProps.Add(key, value);
    }

    /// <summary>Writes an emitted model, to which metadata or training information may have been added.</summary>
    internal static ExportReport Write(EmittedModel emitted, string path, ExportOptions options, string? rebuildProblem = null)
    {
        Verification verification = new([], null);
        var adapter = emitted.HasAdapters ? AdapterFormat.Write(AdapterFile.Of(emitted.Model)) : null;
        var data = options.ExternalData || ExternalWeights.Bytes(emitted.Proto) > options.MostInside
            ? ExternalWeights.Write(emitted.Proto, path, WriteModel).Path
            : null;
        if (data is null) WriteModel();
        var bytes = new FileInfo(AtomicFile.Resolve(path)).Length + (data is null ? 0 : new FileInfo(data).Length);
        return new ExportReport(path, options.Opset, bytes, verification, options.Verify) { RebuildProblem = rebuildProblem, ExternalDataPath = data };

        void WriteModel() => AtomicFile.Write(
            path,
            stream => emitted.Proto.WriteTo(stream),
            options.Verify ? file => verification = Warnings.Silently(() => Verifier.Run(emitted, VerifiedFile.At(file, adapter: adapter), options)) : null);
    }
}
