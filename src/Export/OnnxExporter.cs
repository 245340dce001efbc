using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Files;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Export.Serving;
using OnnxFunctional.Export.Targets;
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
    // Names of classes stay readable in other languages.
    private static readonly JsonSerializerOptions s_plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Writes the model as an ONNX file and verifies it: the results of ONNX Runtime equal the engine's, layer by layer. Only then is it renamed to its target.
    /// </summary>
    /// <param name="model">The model; what only training does, such as dropout, is left out.</param>
    /// <param name="path">The file; an older file of that name is replaced.</param>
    /// <param name="options">Target, form, verification, metadata.</param>
    /// <returns>The file and the differences per layer; prints as a table.</returns>
    /// <exception cref="ExportException">ONNX cannot express the model, ONNX Runtime differs from the engine,
    /// or the file cannot be written. Then no file is left, and an older one is untouched.</exception>
    public static ExportReport ExportOnnx(this Model model, string path, ExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (KerasFile.IsNamed(path)) throw new ExportException($"ExportOnnx writes an ONNX file, but got '{path}'. Use model.Save, or a name in .onnx.");
        return Held(model, $"to export '{path}'", () =>
        {
            options ??= new();
            var (emitted, rebuildProblem) = Emit(model, options);
            return Write(emitted, path, options, rebuildProblem);
        });
    }

    /// <summary>Writes the model to a stream, with the bytes that the file would have, and verifies it before.</summary>
    /// <param name="model">The model.</param>
    /// <param name="stream">Where it is written to; it stays open.</param>
    /// <param name="options">Target, form, verification, metadata.</param>
    /// <returns>The differences per layer; the path is empty.</returns>
    /// <exception cref="ExportException">As for a file; also if the options ask for external data, or there are 2 GiB of weights. Then nothing is
    /// written.</exception>
    public static ExportReport ExportOnnx(this Model model, Stream stream, ExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(stream);
        var (bytes, report) = InMemory(model, options ?? new());
        stream.Write(bytes);
        return report;
    }

    /// <summary>The bytes that the model's file would have, verified.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">Target, form, verification, metadata.</param>
    /// <exception cref="ExportException">As for a stream.</exception>
    /// <example><code>
    /// using var onnx = OnnxModel.FromBytes(model.ToOnnx());
    /// </code></example>
    public static byte[] ToOnnx(this Model model, ExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return InMemory(model, options ?? new()).Bytes;
    }

    /// <summary>The model as ONNX, with its architecture in the metadata.</summary>
    internal static (EmittedModel Emitted, string? RebuildProblem) Emit(Model model, ExportOptions options, EmissionOptions? emission = null)
    {
        if (emission is not null && options.ChangesGraph)
            throw new ExportException("A file from which training goes on holds the model's own graph. " + ExportOptions.OwnGraph);

        emission ??= Form(model, options);
        var emitted = OnnxEmitter.Emit(model, emission);
        AddMetadata(emitted, options, []);
        try
        {
            if (emission.Served is not null)
                throw new ModelException("its export asked for other inputs, outputs or operators than the model has.");
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

    /// <summary>How a model is written.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options, which are checked.</param>
    /// <param name="replaced">The values that stand for those of the model; null if none do.</param>
    internal static EmissionOptions Form(Model model, ExportOptions options, IReadOnlyDictionary<Value, Value>? replaced = null) =>
        options.ForEmission() with { Replaced = replaced, Served = ServedGraph.Of(model, replaced, options) };

    /// <summary>Adds the entries that the options ask for, sorted by key, then others.</summary>
    internal static void AddMetadata(EmittedModel emitted, ExportOptions options, IReadOnlyList<(string Key, string Value)> others)
    {
        foreach (var (key, value) in options.Metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal)) emitted.Proto.MetadataProps.Add(key, value);
        if (options.Classes is { Labels: { Count: > 0 } labels })
            emitted.Proto.MetadataProps.Add(ServedOutputs.LabelsKey, new JsonArray([.. labels.Select(label => (JsonNode?)label)]).ToJsonString(s_plain));
        foreach (var (key, value) in others) emitted.Proto.MetadataProps.Add(key, value);
    }

    /// <summary>Writes an emitted model, to which metadata or training information may have been added.</summary>
    internal static ExportReport Write(EmittedModel emitted, string path, ExportOptions options, string? rebuildProblem = null)
    {
        Verification? verification = null;
        var adapter = AdapterOf(emitted);
        var data = options.ExternalData || ExternalWeights.Bytes(emitted.Proto) > options.MostInside
            ? ExternalWeights.Write(emitted.Proto, path, WriteModel).Path
            : null;
        if (data is null) WriteModel();
        var bytes = new FileInfo(AtomicFile.Resolve(path)).Length + (data is null ? 0 : new FileInfo(data).Length);
        return Report(emitted, path, bytes, verification, options, rebuildProblem, data);

        void WriteModel() => AtomicFile.Write(path, stream => emitted.Proto.WriteTo(stream), file =>
        {
            if (options.Verify) verification = Verified(emitted, VerifiedFile.At(file, adapter: adapter), options);
            using var end = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            FileSeal.Append(end, verification?.Entries ?? []);
            end.Flush(flushToDisk: true);
        });
    }

    private static (byte[] Bytes, ExportReport Report) InMemory(Model model, ExportOptions options) => Held(model, $"to export '{model.Name}'", () =>
    {
        var (emitted, rebuildProblem) = Emit(model, options);
        if (options.ExternalData || ExternalWeights.Bytes(emitted.Proto) > options.MostInside)
        {
            throw new ExportException($"'{model.Name}' has {ExternalWeights.Bytes(emitted.Proto):N0} bytes of weights, which are to lie in a second file. "
                + "Export to a path, or leave ExportOptions.ExternalData out where there are fewer than 2 GiB.");
        }

        using var content = new MemoryStream();
        emitted.Proto.WriteTo(content);
        var verification = options.Verify ? Verified(emitted, VerifiedFile.Of(content.ToArray(), AdapterOf(emitted)), options) : null;
        FileSeal.Append(content, verification?.Entries ?? []);
        return (content.ToArray(), Report(emitted, "", content.Length, verification, options, rebuildProblem, null));
    });

    /// <summary>A training beside it waits, so that the file and what verifies it have the weights between two steps.</summary>
    private static T Held<T>(Model model, string work, Func<T> export)
    {
        using var held = WeightGate.Hold(model.Weights);
        return MemoryShortage.Guard(work, model, export);
    }

    private static byte[]? AdapterOf(EmittedModel emitted) => emitted.HasAdapters ? AdapterFormat.Write(AdapterFile.Of(emitted.Model)) : null;

    private static Verification Verified(EmittedModel emitted, VerifiedFile file, ExportOptions options) => Warnings.Silently(() =>
    {
        var verification = Verifier.Run(emitted, file, options);
        if (emitted.States.Count > 0) StreamedRuns.Check(emitted, options);
        return verification;
    });

    private static ExportReport Report(
        EmittedModel emitted, string path, long bytes, Verification? verification, ExportOptions options, string? rebuildProblem, string? data) =>
        new(path, options.Opset, bytes, verification ?? new([], null), options.Verify)
        {
            RebuildProblem = rebuildProblem,
            ExternalDataPath = data,
            Graph = GraphSummary.Of(emitted),
            OnCpu = options.Target is { } target ? TargetCheck.OnCpu(emitted.Proto, target) : [],
        };
}
