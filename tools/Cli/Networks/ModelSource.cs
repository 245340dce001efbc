using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Export;

namespace OnnxFunctional.Cli.Networks;

/// <summary>What a file of a model holds.</summary>
internal enum ModelKind
{
    Onnx,
    Keras,
    Json,
}

/// <summary>Models in files, told by their bytes.</summary>
internal static class ModelSource
{
    /// <summary>The entry of a file's metadata that describes its layers; files of other programs have none.</summary>
    public const string LayersKey = "onnxfunctional.architecture";

    /// <summary>What a file holds; anything that is not known is taken for ONNX, which has no mark of its own.</summary>
    /// <exception cref="ModelException">It is missing, or no file.</exception>
    public static ModelKind KindOf(string path)
    {
        if (Directory.Exists(path)) throw new ModelException($"'{path}' is a folder; expected a file: .onnx, .keras, .h5, or Keras' JSON.");
        if (!File.Exists(path))
            throw new ModelException($"There is no file '{path}'. Check the path; the current folder is '{Environment.CurrentDirectory}'.");
        Span<byte> start = stackalloc byte[16];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        if (!file.CanSeek) throw new ModelException($"'{path}' is a pipe, which can be read only once. Write its content to a file.");
        start = start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        if (start.StartsWith("PK\u0003\u0004"u8) || start.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'H', (byte)'D', (byte)'F'])) return ModelKind.Keras;
        return start.TrimStart("\uFEFF \t\r\n"u8).StartsWith("{"u8) ? ModelKind.Json : ModelKind.Onnx;
    }

    /// <summary>The model of a file, with its layers or with the nodes of an ONNX file of another program as layers.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How nodes become layers.</param>
    /// <exception cref="ModelException">It holds no model.</exception>
    /// <exception cref="ExportException">It is damaged, or computes what the engine does not.</exception>
    public static Model Open(string path, ImportOptions options) =>
        KindOf(path) == ModelKind.Onnx ? OnnxFile.LoadModel(path, options) : Model.Load(path);

    /// <summary>The model of a file that holds its weights.</summary>
    /// <inheritdoc cref="Open"/>
    public static Model OpenTrained(string path, ImportOptions options) => KindOf(path) == ModelKind.Json
        ? throw new ModelException($"'{path}' holds an architecture without weights; expected a trained model.")
        : Open(path, options);

    /// <summary>The file itself if it is an ONNX file; null for others, of which one is written.</summary>
    public static string? OnnxFileOf(string path) => KindOf(path) == ModelKind.Onnx ? path : null;

    /// <summary>The options with the metadata that the file keeps from other programs.</summary>
    public static ExportOptions Keeping(string path, ExportOptions options) =>
        options with { Metadata = MetadataOf(path).Concat(options.Metadata).ToDictionary() };

    /// <summary>The name of a network for given data, or null for a file.</summary>
    /// <exception cref="ModelException">It is neither a file nor a name.</exception>
    public static string? BuiltIn(string model)
    {
        if (BuiltInNetwork.Names.Contains(model)) return model;
        if (File.Exists(model) || Directory.Exists(model)) return null;
        throw new ModelException(
            $"There is no file '{model}'; expected {Typed.List([.. BuiltInNetwork.Names])}, or a .keras, .onnx or JSON file."
            + Nearest.Question(model, BuiltInNetwork.Names));
    }

    /// <summary>The entries of a file's metadata that are not of this library, such as the names that another program gave its classes.</summary>
    public static IReadOnlyDictionary<string, string> MetadataOf(string path) => KindOf(path) == ModelKind.Onnx
        ? OnnxFile.ReadMetadata(path).Where(entry => !entry.Key.StartsWith("onnxfunctional.", StringComparison.Ordinal)).ToDictionary()
        : new Dictionary<string, string>();

    /// <summary>The description of the data that a file of a model keeps; null if it has none, as .keras files.</summary>
    public static DataDescription? DescriptionOf(string path) => KindOf(path) == ModelKind.Onnx ? DataDescription.Of(path) : null;
}
