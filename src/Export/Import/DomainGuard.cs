using System.Collections.Frozen;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Import;

/// <summary>Operator sets: each domain once, in a version that ONNX Runtime supports.</summary>
internal static class DomainGuard
{
    /// <summary>Domains and versions whose operators are known; operators of other domains must be functions in the file.</summary>
    private static readonly FrozenDictionary<string, (int Oldest, int Newest)> s_known = new Dictionary<string, (int Oldest, int Newest)>
    {
        [""] = (7, 26),
        ["ai.onnx.ml"] = (1, 5),
        ["com.microsoft"] = (1, 1),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // What the engine computes of ai.onnx, by the importer's table.
    private static readonly (int Oldest, int Newest) s_computed = (1, 27);

    /// <summary>The standard domain has two names; this is the shorter one.</summary>
    public static string Normalize(string domain) => domain == "ai.onnx" ? "" : domain;

    /// <summary>Whether ONNX Runtime runs a version of the operators of ai.onnx.</summary>
    public static bool IsRunByOnnxRuntime(long version) => version >= s_known[""].Oldest && version <= s_known[""].Newest;

    public static bool IsKnown(string domain) => s_known.ContainsKey(Normalize(domain));

    /// <summary>Checks the operator sets that a model or a function imports.</summary>
    /// <returns>Their versions by domain.</returns>
    public static IReadOnlyDictionary<string, long> CheckImports(IEnumerable<OperatorSetIdProto> imports, string owner, GuardContext context)
    {
        var seen = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var import in imports)
        {
            var domain = Normalize(import.Domain);
            var name = domain.Length == 0 ? "ai.onnx" : GuardContext.Quote(domain);
            if (!seen.TryAdd(domain, import.Version)) throw context.Refuse($"{owner} imports the operators of {name} twice");
            if (!s_known.TryGetValue(domain, out var versions)) continue;
            if (context.IsForEngine && domain.Length == 0) versions = s_computed;
            if (import.Version < versions.Oldest || import.Version > versions.Newest)
            {
                throw context.Refuse(
                    $"{owner} imports version {import.Version} of the operators of {name}",
                    $"Versions {versions.Oldest} to {versions.Newest} are read; export the model again for one of them.");
            }
        }

        if (seen.Count == 0) throw context.Refuse($"{owner} imports no operators");
        return seen;
    }
}
