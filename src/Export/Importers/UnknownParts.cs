using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Importers;

/// <summary>What makes it impossible to open a file as a model, found before anything is built, so that one message lists it all.</summary>
internal static class UnknownParts
{
    private const int MostNodes = 3;

    /// <summary>One sentence per reason.</summary>
    public static IReadOnlyList<string> Of(ModelProto model)
    {
        var unknown = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        Collect(model.Graph, unknown);
        var problems = new List<string>();
        if (!model.OpsetImport.Any(import => DomainGuard.Normalize(import.Domain).Length == 0)) problems.Add("It imports no version of ai.onnx.");
        foreach (var (op, nodes) in unknown.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            var named = string.Join(", ", nodes.Take(MostNodes));
            problems.Add($"Operator {op} has no importer (nodes: {named}{(nodes.Count > MostNodes ? $" and {nodes.Count - MostNodes} more" : "")}).");
        }

        return problems;
    }

    private static void Collect(GraphProto graph, Dictionary<string, List<string>> unknown)
    {
        foreach (var tensor in graph.SparseInitializer) Add(unknown, "SparseTensor", tensor.Values.Name);
        foreach (var node in graph.Node)
        {
            var domain = DomainGuard.Normalize(node.Domain);
            if (!ImporterTable.Knows(domain, node.OpType))
            {
                var op = GuardContext.Quote(domain.Length > 0 ? domain + "." + node.OpType : node.OpType);
                Add(unknown, op, node.Name.Length > 0 ? node.Name : node.Output.FirstOrDefault() ?? "");
            }

            foreach (var inner in node.Attribute.SelectMany(GraphGuard.Subgraphs)) Collect(inner, unknown);
        }
    }

    private static void Add(Dictionary<string, List<string>> unknown, string op, string name)
    {
        if (!unknown.TryGetValue(op, out var nodes)) unknown[op] = nodes = [];
        nodes.Add(GuardContext.Quote(name));
    }
}
