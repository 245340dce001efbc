namespace OnnxFunctional.Training.TensorBoardFiles;

/// <summary>
/// A model as TensorBoard's graph (tensorflow/core/framework/graph.proto): one node per operator, named after its layer, so that layers can be collapsed.
/// </summary>
internal static class GraphDefinition
{
    // Fields of GraphDef and NodeDef.
    private const int Node = 1, Versions = 4, Name = 1, Op = 2, Input = 3, Producer = 1;

    public static WireWriter Of(Model model)
    {
        var graph = new WireWriter();
        var names = new Dictionary<Value, string>();
        var taken = new NameSet();
        for (var i = 0; i < model.Inputs.Count; i++)
            names[model.Inputs[i].Value] = Add(graph, taken.Unique(model.InputNames[i]), "Placeholder", []);
        foreach (var node in model.Graph.Nodes)
        {
            if (node.Outputs.Any(names.ContainsKey)) continue;
            var scope = node.Scope is { } call ? call.Path + "/" : "";
            var name = node.Op is Operators.Variable variable ? Path(variable.Weight) : scope + Naming.SnakeCase(node.Op.Name);
            name = Add(graph, taken.Unique(name), node.Op.Name, node.Inputs.Where(names.ContainsKey).Select(input => names[input]));
            for (var i = 0; i < node.Outputs.Count; i++) names[node.Outputs[i]] = i == 0 ? name : $"{name}:{i}";
        }

        var versions = new WireWriter();
        versions.Integer(Producer, 22);
        graph.Message(Versions, versions);
        return graph;

        string Path(Weight weight) =>
            model.WeightPaths().FirstOrDefault(named => named.Weight == weight) is { Path: { } path } ? path : weight.Name;
    }

    private static string Add(WireWriter graph, string name, string op, IEnumerable<string> inputs)
    {
        var node = new WireWriter();
        node.Text(Name, name);
        node.Text(Op, op);
        foreach (var input in inputs) node.Text(Input, input);
        graph.Message(Node, node);
        return name;
    }
}
