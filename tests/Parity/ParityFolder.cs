using System.Text.Json;
using System.Text.Json.Nodes;

namespace OnnxFunctional.Tests.Parity;

/// <summary>Results computed by Keras: tests/Reference/keras-parity, or a folder of the same format given by KERAS_PARITY_DIR.</summary>
internal static class ParityFolder
{
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, JsonNode> s_lists = new();

    /// <summary>Whether the cases are others than those of the repository.</summary>
    public static bool IsGiven { get; } = Environment.GetEnvironmentVariable("KERAS_PARITY_DIR") is { Length: > 0 };

    public static string Root { get; } =
        IsGiven ? Environment.GetEnvironmentVariable("KERAS_PARITY_DIR")! : Repository.PathOf("tests", "Reference", "keras-parity");

    /// <summary>Sorted paths relative to the root; empty if the folder does not exist.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.Exists(Path.Combine(Root, folder))
            ? Directory.EnumerateFiles(Path.Combine(Root, folder), pattern)
                .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
                .Order(StringComparer.Ordinal)
            : [];

    public static string PathOf(string file) => Path.Combine(Root, file);

    public static JsonNode Read(string file)
    {
        using var stream = File.OpenRead(PathOf(file));
        return JsonNode.Parse(stream, documentOptions: new JsonDocumentOptions { MaxDepth = 256 })!;
    }

    /// <summary>The cases in a file: file, index, and a name to tell them apart.</summary>
    public static IEnumerable<object[]> Cases(string file) =>
        File.Exists(PathOf(file))
            ? Read(file).AsArray().Select((item, i) => new object[] { file, i, Name(item!.AsObject()) })
            : [];

    private static string Name(JsonObject item) =>
        string.Join(' ', item.Where(entry => entry.Value is JsonValue || entry.Key == "config").Select(entry => entry.Value!.ToJsonString()));

    public static JsonNode Case(string file, int number) => s_lists.GetOrAdd(file, Read).AsArray()[number]!;
}
