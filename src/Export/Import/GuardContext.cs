using System.Globalization;
using System.Text;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Import;

/// <summary>What all checks of one file share: its name in messages, the folder of its external data, the limits, and the form of a refusal.</summary>
internal sealed class GuardContext(string source, string? folder, OnnxFileLimits limits)
{
    private const string Damaged = "The file is damaged or malicious; get it again from its source.";
    private const int LongestQuote = 80;

    public string Source { get; } = source;

    /// <summary>The folder of external data, null if none is allowed.</summary>
    public string? Folder { get; } = folder;

    public OnnxFileLimits Limits { get; } = limits;

    /// <summary>Whether the engine computes the file, not ONNX Runtime: other versions of the operators are read then.</summary>
    public bool IsForEngine { get; init; }

    /// <summary>Whether a check wrote something in another form that means the same, so that ONNX Runtime must not get the bytes of the file.</summary>
    public bool IsRewritten { get; set; }

    public OnnxFileException Refuse(string problem, string remedy = Damaged, Exception? cause = null) =>
        new($"{Source} is not accepted: {problem}. {remedy}", cause);

    public OnnxFileException RefuseBeyond(string problem, string limit) => Refuse(problem, $"If you trust the file, raise OnnxFileLimits.{limit}.");

    /// <summary>Text from the file for a message: shortened, without control characters, in quotes.</summary>
    public static string Quote(string text) => Quote(text, LongestQuote);

    /// <summary>The path of the file for a message: whole, since its end is what tells files apart.</summary>
    public static string QuotePath(string path) => Quote(path, int.MaxValue);

    /// <summary>A node for a message.</summary>
    public static string Describe(NodeProto node) =>
        node.Name.Length > 0 ? $"node {Quote(node.Name)} ({Quote(node.OpType)})" : $"a node {Quote(node.OpType)}";

    public static string Number(Int128 value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Quote(string text, int longest)
    {
        var result = new StringBuilder("'");
        foreach (var character in text.Length <= longest ? text : text[..longest])
            result.Append(char.IsControl(character) || char.IsSurrogate(character) ? '?' : character);
        return result.Append(text.Length <= longest ? "'" : "...'").ToString();
    }
}
