using System.Security.Cryptography;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Files;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Importers;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Serialization;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export;

/// <summary>Reads ONNX files of any origin: opens them as models, verifies them, summarizes them.</summary>
/// <example><code>
/// Console.WriteLine(OnnxFile.Summarize("model.onnx"));
/// Console.WriteLine(OnnxFile.Verify("model.onnx").Passed);
/// </code></example>
public static class OnnxFile
{
    /// <summary>The key of the model's architecture, in Keras' JSON, in the file's metadata.</summary>
    internal const string ArchitectureKey = "onnxfunctional.architecture";

    /// <summary>The key of what was quantized and how.</summary>
    internal const string QuantizationKey = "onnxfunctional.quantization";

    /// <summary>The key of the reason for which a file that this library wrote holds no architecture.</summary>
    internal const string RefusalKey = "onnxfunctional.no_architecture";

    // The reason comes from the file, which may hold anything.
    private const int LongestReason = 2000;

    /// <summary>Verifies a file: compares ONNX Runtime on the file with the engine on the model that it holds, layer by layer or node by node.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">Batch sizes, samples, tolerances.</param>
    /// <param name="customObjects">Custom classes that the model uses.</param>
    /// <param name="import">Which inputs are fixed, if another program wrote the file.</param>
    /// <returns>The differences per layer.</returns>
    /// <exception cref="ExportException">A layer is out of tolerance, or the file cannot be read.</exception>
    /// <exception cref="ModelException">The architecture is damaged, or names a class that is not known.</exception>
    public static ExportReport Verify(
        string path, ExportOptions? options = null, CustomObjects? customObjects = null, ImportOptions? import = null) =>
        MemoryShortage.GuardReading(path, () => VerifyAgain(path, options, customObjects, import ?? new()));

    /// <summary>Opens an ONNX file of any origin as a model: to predict, cut, train and export it again.</summary>
    /// <remarks>
    /// A file that this library wrote gives its layers, as <see cref="ModelFile"/>'s Load does. Of any other, each node is a layer under its name in the file;
    /// float parameters are weights under theirs. Inputs and outputs have the file's names and axes; inside, images are channels-last.
    /// </remarks>
    /// <param name="path">The file.</param>
    /// <param name="options">What is trained, which inputs are fixed.</param>
    /// <exception cref="OnnxFileException">
    /// The file is missing or damaged, or cannot be a model: it holds operators or types that are not computed; all are listed.
    /// </exception>
    /// <exception cref="ExportException">The engine and ONNX Runtime differ on the file; the message names the first node.</exception>
    /// <exception cref="ModelException">The architecture of a file that this library wrote is damaged or names an unknown class.</exception>
    /// <example><code>
    /// var model = OnnxFile.LoadModel("resnet18.onnx");
    /// model.Summary();
    /// </code></example>
    public static Model LoadModel(string path, ImportOptions? options = null) => MemoryShortage.GuardReading(path, () =>
    {
        options ??= new();
        var file = OnnxFileGuard.ReadFile(path, options.Limits, forEngine: true);
        if (Architecture(file.Model) is not null)
        {
            options.CheckUnused(file.Source);
            return Rebuild(file, null);
        }

        return Import(file, options, new ExportOptions { Progress = _ => { }, BatchSizes = [1, 2] }).Import.Model;
    });

    /// <summary>Opens a file of another program and compares it; one that takes a sample at a time is opened for any number, if that is possible.</summary>
    internal static (EmittedModel Import, Verification Verification) Import(CheckedModel file, ImportOptions options, ExportOptions comparison)
    {
        if (options is { KeepBatch: false, Verify: true } && GraphImport.TakesOneSample(file) && DomainGuard.IsRunByOnnxRuntime(Opset(file)))
        {
            string reason;
            try
            {
                var open = GraphImport.Run(file, options, opensBatch: true);
                return (open, VerifyImport(open, file, comparison));
            }
            catch (Exception refusal) when (refusal is ModelException or ExportException)
            {
                reason = refusal.Message.ReplaceLineEndings("\n").Split('\n')[0];
            }

            var single = GraphImport.Run(file, options);
            var verification = VerifyImport(single, file, comparison);
            Warnings.Once(single.Model, WarningKind.OneSample, () => $"{file.Source} takes one sample at a time, and so does the model. For more: {reason}");
            return (single, verification);
        }

        var import = GraphImport.Run(file, options);
        return (import, options.Verify ? VerifyImport(import, file, comparison) : new Verification([], null));
    }

    /// <summary>Throws if no file can be written under a name: before a training, whose result would be lost after it.</summary>
    /// <param name="path">The file to be written; one that exists is not changed.</param>
    /// <exception cref="ExportException">The name is that of a folder, a device, a pipe or a read-only file, or its folder is missing or read-only.</exception>
    public static void CheckWritable(string path) => AtomicFile.Check(path);

    /// <summary>Describes an ONNX file of any origin: inputs, outputs, operators, parameters; those in branches, loops and functions too.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The text; a dimension that the file leaves open is its name or <c>?</c>.</returns>
    /// <exception cref="OnnxFileException">The file is missing or damaged.</exception>
    public static string Summarize(string path) => MemoryShortage.GuardReading(path, () =>
    {
        var file = OnnxFileGuard.ReadFile(path, new OnnxFileLimits());
        var text = FileSummary.Describe(file, path);
        return (Architecture(file.Model) is null ? text : text + Environment.NewLine + Rebuild(file, null)).TrimEnd();
    });

    /// <summary>The entries of a file's metadata: what <see cref="ExportOptions.Metadata"/> wrote, and any others.</summary>
    /// <param name="path">A file of any origin.</param>
    /// <returns>Texts by their keys; of equal keys the first.</returns>
    /// <exception cref="OnnxFileException">The file is missing or damaged.</exception>
    /// <example><code>
    /// model.ExportOnnx("model.onnx", new() { Metadata = new Dictionary&lt;string, string&gt; { ["labels"] = "cat,dog" } });
    /// string[] labels = OnnxFile.ReadMetadata("model.onnx")["labels"].Split(',');
    /// </code></example>
    public static IReadOnlyDictionary<string, string> ReadMetadata(string path) => MemoryShortage.GuardReading(path, () =>
    {
        var result = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in OnnxFileGuard.ReadFile(path, new OnnxFileLimits()).Model.MetadataProps) result.TryAdd(entry.Key, entry.Value);
        return result;
    });

    /// <summary>The model of a file that this library wrote of nodes of an opened file.</summary>
    internal static Model Reopen(CheckedModel file) => GraphImport.Run(file, new ImportOptions()).Model;

    /// <summary>The model of a checked file.</summary>
    internal static Model Rebuild(CheckedModel file, CustomObjects? customObjects, ulong seed = 0)
    {
        var json = Architecture(file.Model) ?? throw new OnnxFileException(
            $"{file.Source} holds no architecture, so no layers can be rebuilt from it: {WhyNot(file.Model)} "
            + "OnnxFile.LoadModel opens its nodes as layers, OnnxModel.Load runs it.");
        var model = ModelReader.Read(json, customObjects, seed, ours: true);
        WeightReader.Load(model, file);
        return model;
    }

    private static ExportReport VerifyAgain(string path, ExportOptions? options, CustomObjects? customObjects, ImportOptions import)
    {
        var file = OnnxFileGuard.ReadFile(path, import.Limits);
        var opset = Opset(file);
        return new ExportReport(path, opset, file.Bytes.Length, Compared(), verified: true)
        {
            IsSealIntact = IsIntact(file, path),
            Recorded = file.Model.MetadataProps.Find(Verification.Key),
        };

        Verification Compared()
        {
            if (Architecture(file.Model) is null) return Import(file, import with { Verify = true }, options ?? new()).Verification;
            import.CheckUnused(file.Source);
            var model = Rebuild(file, customObjects);
            var same = (options ?? new()) with { Opset = opset };
            return Warnings.Silently(() => Export.Verify.Verifier.Run(OnnxEmitter.Emit(model, same.ForEmission()), VerifiedFile.Of(file, path), same));
        }
    }

    /// <summary>Whether a file, and the external data that is named after its content, is as it was written; null if nothing tells.</summary>
    private static bool? IsIntact(CheckedModel file, string path)
    {
        var intact = FileSeal.IsIntact(file.IsRewritten ? OnnxFileGuard.ReadContent(path, ".onnx") : file.Bytes);
        if (intact is not true) return intact;
        return ExternalDataGuard.Locations(file.Model).All(data =>
            ExternalWeights.DigestIn(data.Location) is not { } digest || Digest(data.Location).StartsWith(digest, StringComparison.Ordinal));

        string Digest(string location)
        {
            using var stream = FileContents.Open(Path.Combine(file.Folder!, location));
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
    }

    /// <summary>Compares the engine on an opened file with ONNX Runtime on the file: every node's output.</summary>
    private static Verification VerifyImport(EmittedModel import, CheckedModel file, ExportOptions options)
    {
        var opset = Opset(file);
        if (DomainGuard.IsRunByOnnxRuntime(opset))
            return Warnings.Silently(() => Export.Verify.Verifier.Run(import, VerifiedFile.Of(import.Proto, file), options));
        Warnings.Once(import.Model, WarningKind.NotVerified, () =>
            $"{file.Source} imports opset {opset}, which ONNX Runtime does not run, so the model was not compared with it. "
            + "Convert the file to opset 7 or later to have it compared.");
        return new Verification([], null);
    }

    private static int Opset(CheckedModel file)
    {
        var import = file.Model.OpsetImport.FirstOrDefault(import => DomainGuard.Normalize(import.Domain).Length == 0)
            ?? throw new OnnxFileException($"{file.Source} imports no version of ai.onnx, so it was not written by this library. Export the model again.");
        return (int)import.Version;
    }

    private static string WhyNot(ModelProto model)
    {
        if (model.MetadataProps.Find(RefusalKey) is not { } reason)
        {
            return model.ProducerName == OnnxProto.Producer
                ? "it had none when this library exported it, as that export's report said."
                : "another program wrote it.";
        }

        reason = FileSummary.Plain(reason.ReplaceLineEndings(" "));
        return "when this library exported it: " + (reason.Length > LongestReason ? reason[..LongestReason] + "..." : reason);
    }

    private static string? Architecture(ModelProto model) => model.MetadataProps.Find(ArchitectureKey);
}
