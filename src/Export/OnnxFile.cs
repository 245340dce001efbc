using System.Globalization;
using System.Text;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Files;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export;

/// <summary>Reads ONNX files: loads a model that this library wrote, verifies it again, summarizes any file.</summary>
public static class OnnxFile
{
    /// <summary>The key of the model's architecture, in Keras' JSON, in the file's metadata.</summary>
    internal const string ArchitectureKey = "onnxfunctional.architecture";

    /// <summary>Rebuilds the model from a file that <see cref="OnnxExporter.ExportOnnx"/> wrote: its layers, names and weights.</summary>
    /// <param name="path">The file.</param>
    /// <param name="customObjects">Custom layers, losses and activations that the model uses.</param>
    /// <exception cref="OnnxFileException">The file is missing, damaged, or was written by something else.</exception>
    /// <exception cref="ModelException">The architecture names a class that is neither built in nor in <paramref name="customObjects"/>.</exception>
    public static Model LoadModel(string path, CustomObjects? customObjects = null)
    {
        var file = OnnxFileGuard.ReadFile(path, new OnnxFileLimits());
        return Rebuild(file, customObjects);
    }

    /// <summary>Verifies a file again: compares ONNX Runtime on the file with the engine on the rebuilt model, layer by layer.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">Batch sizes, samples, tolerances.</param>
    /// <param name="customObjects">Custom classes that the model uses.</param>
    /// <returns>The differences per layer.</returns>
    /// <exception cref="ExportException">A layer is out of tolerance, or the file cannot be read.</exception>
    public static ExportReport Verify(string path, ExportOptions? options = null, CustomObjects? customObjects = null)
    {
        var file = OnnxFileGuard.ReadFile(path, new OnnxFileLimits());
        var model = Rebuild(file, customObjects);
        var opset = (int)file.Model.OpsetImport.First(import => import.Domain.Length == 0).Version;
        options = (options ?? new()) with { Opset = opset };
        return new ExportReport(
            path,
            opset,
            file.Bytes.Length,
            Export.Verify.Verifier.Run(OnnxEmitter.Emit(model, options.ForEmission()), file.Bytes, options),
            verified: true);
    }

    /// <summary>Throws if no file can be written under a name: before a training, whose result would be lost after it.</summary>
    /// <param name="path">The file to be written; one that exists is not changed.</param>
    /// <exception cref="ExportException">The name is that of a folder, a device, a pipe or a read-only file, or its folder is missing or read-only.</exception>
    public static void CheckWritable(string path) => AtomicFile.Check(path);

    /// <summary>Describes an ONNX file of any origin: inputs, outputs, operators, parameters.</summary>
    /// <exception cref="OnnxFileException">The file is missing or damaged.</exception>
    public static string Summarize(string path)
    {
        var file = OnnxFileGuard.ReadFile(path, new OnnxFileLimits());
        var graph = file.Model.Graph;
        var text = new StringBuilder();
        var opsets = file.Model.OpsetImport.Select(
            import => string.Create(CultureInfo.InvariantCulture, $"{(import.Domain.Length == 0 ? "ai.onnx" : import.Domain)} opset {import.Version}"));
        text.AppendLine(CultureInfo.InvariantCulture, $"{path}: {file.Bytes.Length:N0} bytes, IR version {file.Model.IrVersion}, {string.Join(", ", opsets)}");
        if (file.Model.ProducerName.Length > 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"written by {file.Model.ProducerName} {file.Model.ProducerVersion}");
        foreach (var input in graph.Input) text.AppendLine(CultureInfo.InvariantCulture, $"input  {Describe(input)}");
        foreach (var output in graph.Output) text.AppendLine(CultureInfo.InvariantCulture, $"output {Describe(output)}");
        var operators = graph.Node.GroupBy(node => node.OpType).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal);
        foreach (var group in operators)
            text.AppendLine(CultureInfo.InvariantCulture, $"{group.Count(),6} {group.Key}");
        var elements = graph.Initializer.Sum(tensor => tensor.Dims.Aggregate(1L, (product, dim) => product * dim));
        text.AppendLine(CultureInfo.InvariantCulture, $"{elements:N0} parameters and constants in {graph.Initializer.Count} tensors");
        if (Architecture(file.Model) is not null) text.AppendLine().Append(Rebuild(file, null));
        return text.ToString().TrimEnd();
    }

    /// <summary>The model of a checked file.</summary>
    internal static Model Rebuild(CheckedModel file, CustomObjects? customObjects, ulong seed = 0)
    {
        var json = Architecture(file.Model) ?? throw new OnnxFileException(
            $"{file.Source} holds no architecture, so no model can be rebuilt from it: another program wrote it. OnnxModel.Load runs it.");
        var model = Model.FromJson(json, customObjects, seed);
        WeightReader.Load(model, file.Model, file.Source);
        return model;
    }

    private static string? Architecture(ModelProto model) => model.MetadataProps.Find(ArchitectureKey);

    private static string Describe(ValueInfoProto value)
    {
        var type = value.Type.TensorType;
        var dims = type.Shape.Dim.Select(dim => dim.DimParam.Length > 0 ? dim.DimParam : dim.DimValue.ToString(CultureInfo.InvariantCulture));
        return $"{value.Name}: {(TensorProto.Types.DataType)type.ElemType} [{string.Join(", ", dims)}]";
    }
}
