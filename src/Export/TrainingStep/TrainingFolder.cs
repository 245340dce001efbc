using System.Security.Cryptography;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>An exported training: its manifest, and its graphs, which are read on demand.</summary>
internal sealed class TrainingFolder
{
    public const string InitFile = "init.onnx";
    public const string TrainFile = "train.onnx";
    public const string EvaluateFile = "evaluate.onnx";
    public const string PredictFile = "predict.onnx";
    public const string ManifestFile = "training.json";

    // Names and shapes take a few hundred bytes per tensor, so a longer manifest cannot be genuine.
    private const long MostBytes = 64 << 20;

    private readonly Func<string, byte[]> _read;

    private TrainingFolder(TrainingManifest manifest, string source, Func<string, byte[]> read, string? path) =>
        (Manifest, Source, _read, Path) = (manifest, source, read, path);

    public static IReadOnlyList<string> Graphs { get; } = [InitFile, TrainFile, EvaluateFile, PredictFile];

    public TrainingManifest Manifest { get; }

    /// <summary>Its name in messages.</summary>
    public string Source { get; }

    /// <summary>The folder of external data; null for graphs in memory.</summary>
    public string? Path { get; }

    /// <summary>The manifest's entry for a graph.</summary>
    public static ManifestFile Describe(string name, byte[] graph) => new(name, graph.LongLength, Convert.ToHexStringLower(SHA256.HashData(graph)));

    /// <summary>The manifest's entry for the second file of a state too large for a graph; null if there is none.</summary>
    public static ManifestFile? Data(TrainingManifest manifest) => Array.Find(manifest.Files, file => ExternalWeights.IsName(file.Name, InitFile));

    /// <summary>Graphs in memory.</summary>
    public static TrainingFolder Of(TrainingFiles files) => new(files.Manifest, "the exported training", name => files.Graphs[name], files.DataFolder);

    /// <summary>A folder that ExportTraining wrote.</summary>
    /// <exception cref="OnnxFileException">A file is missing, or the manifest is damaged.</exception>
    public static TrainingFolder Open(string path, OnnxFileLimits limits)
    {
        var source = $"'{path}'";
        var manifestPath = TrainingStage.PlaceOf(path, ManifestFile);
        try
        {
            if (FileSize.Of(manifestPath) > MostBytes)
                throw new OnnxFileException(
                    $"'{manifestPath}' has more than {MostBytes} bytes, so it is not the manifest of a training. Export the training again.");
            var manifest = TrainingManifest.Parse(File.ReadAllBytes(manifestPath), $"'{manifestPath}'");
            if (manifest.State.FirstOrDefault(tensor => (Int128)tensor.Length * sizeof(float) > limits.MaxComputedBytes) is { } large)
            {
                throw new OnnxFileException(
                    $"'{large.Name}' in {source} takes more than {limits.MaxComputedBytes} bytes. "
                    + "If you trust the files, raise OnnxFileLimits.MaxComputedBytes.");
            }

            var data = Data(manifest);
            foreach (var file in manifest.Files.Where(file => Graphs.Contains(file.Name) || file == data))
            {
                if (FileSize.Of(TrainingStage.PlaceOf(path, file.Name)) != file.Bytes) throw Changed(file, source);
            }

            var dataFolder = data is null ? path : System.IO.Path.GetDirectoryName(TrainingStage.PlaceOf(path, data.Name))!;
            return new TrainingFolder(manifest, source, name =>
            {
                var bytes = OnnxFileGuard.ReadFile(TrainingStage.PlaceOf(path, name), limits, data is null ? null : dataFolder).Bytes;
                var file = manifest.Files.Single(file => file.Name == name);
                if (!IsSame(Describe(name, bytes).Sha256, file.Sha256)) throw Changed(file, source);
                if (data is not null && name == InitFile && !IsSame(DigestOf(System.IO.Path.Combine(dataFolder, data.Name)), data.Sha256))
                    throw Changed(data, source);
                return bytes;
            }, dataFolder);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new OnnxFileException($"{source} cannot be read: {failed.Message} Pass a folder that ExportTraining wrote, with all five files.", failed);
        }
    }

    /// <summary>The bytes of a graph.</summary>
    /// <exception cref="OnnxFileException">It is missing, damaged, or from another export.</exception>
    public byte[] Read(string name) => _read(name);

    private static bool IsSame(string digest, string other) => string.Equals(digest, other, StringComparison.OrdinalIgnoreCase);

    private static string DigestOf(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private static OnnxFileException Changed(ManifestFile file, string source) =>
        new(
            $"{file.Name} of {source} is not the file described in {ManifestFile}: it was changed, or the files are from different exports. "
            + "Export the training again.");
}
