using System.Collections.Frozen;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Import;

/// <summary>Operator sets: each domain once, in a version ONNX Runtime has.</summary>
internal static class DomainGuard
{
    /// <summary>Operators of these domains and versions are known; other domains need a function in the file.</summary>
    private static readonly FrozenDictionary<string, (int Oldest, int Newest)> Known = new Dictionary<string, (int Oldest, int Newest)>
    {
        [""] = (7, 26),
        ["ai.onnx.ml"] = (1, 5),
        ["com.microsoft"] = (1, 1),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The two names of the standard domain are one.</summary>
    public static string Normalize(string domain) => domain == "ai.onnx" ? "" : domain;

    public static bool IsKnown(string domain) => Known.ContainsKey(Normalize(domain));

    public static void CheckImports(IEnumerable<OperatorSetIdProto> imports, string owner, GuardContext context)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var import in imports)
        {
            var domain = Normalize(import.Domain);
            var name = domain.Length == 0 ? "ai.onnx" : GuardContext.Quote(domain);
            if (!seen.Add(domain)) throw context.Refuse($"{owner} imports the operators of {name} twice");
            if (Known.TryGetValue(domain, out var versions) && (import.Version < versions.Oldest || import.Version > versions.Newest))
            {
                throw context.Refuse(
                    $"{owner} imports version {import.Version} of the operators of {name}", $"Versions {versions.Oldest} to {versions.Newest} are read; export it again for one of them.");
            }
        }

        if (seen.Count == 0) throw context.Refuse($"{owner} imports no operators");
    }
}
