using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Importers;

/// <summary>Puts the bodies of a file's own functions in the place of their calls, under names of their own.</summary>
/// <remarks>The guard has counted the nodes that result, and that functions do not call themselves.</remarks>
internal sealed class FunctionBodies
{
    private readonly Dictionary<(string Domain, string Name, string Overload), FunctionProto> _functions = [];
    private readonly NameSet _names = new();
    private readonly IReadOnlyDictionary<string, long> _versions;

    private FunctionBodies(ModelProto model)
    {
        foreach (var function in model.Functions) _functions[Key(function.Domain, function.Name, function.Overload)] = function;
        _versions = Versions(model.OpsetImport);
        Reserve(model.Graph);
    }

    /// <summary>The model without calls of functions.</summary>
    /// <exception cref="ModelException">A function takes its operators from another version than the model.</exception>
    public static ModelProto Inline(ModelProto model)
    {
        if (model.Functions.Count == 0) return model;
        var result = model.Clone();
        result.Functions.Clear();
        new FunctionBodies(model).Inline(result.Graph);
        return result;
    }

    private void Inline(GraphProto graph)
    {
        NodeProto[] nodes = [.. graph.Node];
        graph.Node.Clear();
        foreach (var node in nodes) graph.Node.AddRange(Inlined(node));
    }

    private IEnumerable<NodeProto> Inlined(NodeProto node)
    {
        if (!_functions.TryGetValue(Key(node.Domain, node.OpType, node.Overload), out var function))
        {
            foreach (var graph in node.Attribute.SelectMany(GraphGuard.Subgraphs)) Inline(graph);
            return [node];
        }

        foreach (var (domain, version) in Versions(function.OpsetImport))
        {
            // Functions may also import the domain of other functions.
            if (!DomainGuard.IsKnown(domain)) continue;
            if (_versions.GetValueOrDefault(domain) is var own && own != version)
            {
                throw new ModelException(
                    $"function {GuardContext.Quote(function.Name)} uses opset {version} of '{domain}', the model {(own == 0 ? "none" : $"{own}")}; "
                    + "expected equal versions. "
                    + "Convert the file so that both have one.");
            }
        }

        // An input that the call leaves out is an empty name inside, too; outputs that it leaves out get names that nobody reads.
        var names = new Dictionary<string, string>(StringComparer.Ordinal) { [""] = "" };
        for (var i = 0; i < function.Input.Count; i++) names[function.Input[i]] = i < node.Input.Count ? node.Input[i] : "";
        for (var i = 0; i < function.Output.Count; i++)
        {
            if (i < node.Output.Count && node.Output[i].Length > 0) names[function.Output[i]] = node.Output[i];
        }

        var prefix = (node.Name.Length > 0 ? node.Name : node.OpType) + "/";
        var attributes = node.Attribute.Concat(function.AttributeProto.Where(given => node.Attribute.All(own => own.Name != given.Name)))
            .ToDictionary(attribute => attribute.Name, StringComparer.Ordinal);
        return [.. function.Node.Select(each => Renamed(each, names, attributes, prefix)).SelectMany(Inlined)];
    }

    private NodeProto Renamed(NodeProto body, Dictionary<string, string> names, Dictionary<string, AttributeProto> attributes, string prefix)
    {
        var node = body.Clone();
        node.Name = prefix + body.Name;
        for (var i = 0; i < node.Input.Count; i++) node.Input[i] = names.GetValueOrDefault(node.Input[i], node.Input[i]);
        for (var i = 0; i < node.Output.Count; i++)
        {
            if (!names.TryGetValue(node.Output[i], out var name)) names[node.Output[i]] = name = _names.Unique(prefix + node.Output[i]);
            node.Output[i] = name;
        }

        for (var i = node.Attribute.Count - 1; i >= 0; i--)
        {
            var attribute = node.Attribute[i];
            if (attribute.RefAttrName.Length == 0) continue;
            node.Attribute.RemoveAt(i);
            if (!attributes.TryGetValue(attribute.RefAttrName, out var given)) continue;
            var copy = given.Clone();
            copy.Name = attribute.Name;
            node.Attribute.Add(copy);
        }

        foreach (var graph in node.Attribute.SelectMany(GraphGuard.Subgraphs))
        {
            var inner = new Dictionary<string, string>(names, StringComparer.Ordinal);
            NodeProto[] nodes = [.. graph.Node.Select(each => Renamed(each, inner, attributes, prefix))];
            graph.Node.Clear();
            graph.Node.AddRange(nodes);
            foreach (var output in graph.Output) output.Name = inner.GetValueOrDefault(output.Name, output.Name);
        }

        return node;
    }

    private void Reserve(GraphProto graph)
    {
        var stored = graph.Initializer.Select(tensor => tensor.Name).Concat(graph.Input.Select(input => input.Name));
        foreach (var name in graph.Node.SelectMany(node => node.Output).Concat(stored)) _names.Unique(name);
    }

    private static Dictionary<string, long> Versions(IEnumerable<OperatorSetIdProto> imports) =>
        imports.DistinctBy(import => DomainGuard.Normalize(import.Domain))
            .ToDictionary(import => DomainGuard.Normalize(import.Domain), import => import.Version);

    private static (string Domain, string Name, string Overload) Key(string domain, string name, string overload) =>
        (DomainGuard.Normalize(domain), name, overload);
}
