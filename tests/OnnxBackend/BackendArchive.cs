using System.Formats.Tar;
using System.IO.Compression;

namespace OnnxFunctional.Tests.OnnxBackend;

/// <summary>One test of ONNX's own suite: a model, and data sets of inputs with the outputs that belong to them.</summary>
internal sealed record BackendTest(string Name, byte[] Model, IReadOnlyList<BackendData> DataSets);

/// <summary>A data set: serialized tensors, in the order of the model's inputs and outputs.</summary>
internal sealed record BackendData(IReadOnlyList<byte[]> Inputs, IReadOnlyList<byte[]> Outputs);

/// <summary>Releases of ONNX's own suite: archives of tests in a folder.</summary>
internal sealed class BackendArchive
{
    public const string Category = "OnnxBackend";

    /// <summary>The variable that names another folder.</summary>
    public const string Variable = "ONNX_BACKEND_DIR";

    public BackendArchive(string root)
    {
        Root = root;
        Releases = !Directory.Exists(root)
            ? []
            : [.. Directory.EnumerateFiles(root, "*.tar.gz")
                .Select(path => Path.GetFileName(path)[..^".tar.gz".Length])
                .OrderByDescending(name => Version.TryParse(name.TrimStart('v'), out var version) ? version : new Version())];
    }

    public string Root { get; }

    /// <summary>The releases of the folder, newest first: <c>v1.22.0</c>.</summary>
    public IReadOnlyList<string> Releases { get; }

    /// <summary>The names of tests whose inputs and outputs are float32, int32, int64 or bool; null if the folder does not list them.</summary>
    public IReadOnlySet<string>? Listed => File.Exists(Path.Combine(Root, "float32.tsv"))
        ? File.ReadLines(Path.Combine(Root, "float32.tsv")).Select(line => line.Split('\t')[0]).ToHashSet(StringComparer.Ordinal)
        : null;

    /// <summary>All tests of a release, by name.</summary>
    public IReadOnlyList<BackendTest> Read(string release)
    {
        var files = new Dictionary<string, Dictionary<string, byte[]>>(StringComparer.Ordinal);
        using var stream = new GZipStream(File.OpenRead(Path.Combine(Root, release + ".tar.gz")), CompressionMode.Decompress);
        using var tar = new TarReader(stream);
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is null) continue;
            using var content = new MemoryStream();
            entry.DataStream.CopyTo(content);
            var parts = entry.Name.TrimStart('.', '/').Split('/', 3);
            if (parts.Length < 3) continue;
            var name = parts[0] + "/" + parts[1];
            if (!files.TryGetValue(name, out var own)) files[name] = own = new(StringComparer.Ordinal);
            own[parts[2]] = content.ToArray();
        }

        return [.. files.Where(test => test.Value.ContainsKey("model.onnx")).OrderBy(test => test.Key, StringComparer.Ordinal).Select(Made)];
    }

    private static BackendTest Made(KeyValuePair<string, Dictionary<string, byte[]>> test)
    {
        var inside = test.Value.Keys.Where(path => path.Contains('/', StringComparison.Ordinal));
        var sets = inside.Select(path => path.Split('/')[0]).Distinct().Order(StringComparer.Ordinal);
        return new(test.Key, test.Value["model.onnx"], [.. sets.Select(set => new BackendData(All(set, "input"), All(set, "output")))]);

        byte[][] All(string set, string kind)
        {
            var found = new List<byte[]>();
            while (test.Value.TryGetValue($"{set}/{kind}_{found.Count}.pb", out var bytes)) found.Add(bytes);
            return [.. found];
        }
    }
}
