using Google.Protobuf.Collections;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Import;

/// <summary>Graphs: every name is defined once, everything that is used is defined, there are no cycles, and nesting is bounded.</summary>
internal sealed class GraphGuard(FunctionGuard functions, IReadOnlyDictionary<string, long> modelVersions, GuardContext context)
{
    // Those of the model, or of the function that is being checked.
    private IReadOnlyDictionary<string, long> _versions = modelVersions;
    private readonly List<HashSet<string>> _scopes = [];

    // Those of the graph that is being checked, with those around it.
    private KnownConstants? _constants;

    public void CheckModel(ModelProto model)
    {
        var names = Check(model.Graph, "the graph");
        if (model.Graph.Output.GroupBy(output => output.Name, StringComparer.Ordinal).FirstOrDefault(same => same.Skip(1).Any()) is { } twice)
            throw context.Refuse($"it returns the output {GuardContext.Quote(twice.Key)} twice", "Export the model again with a name for each output.");
        var versions = _versions;
        foreach (var body in model.Functions)
        {
            _versions = functions.VersionsOf(body);
            CheckFunction(body);
        }

        _versions = versions;

        // A training graph can read the model's values, and may repeat its nodes.
        _scopes.Add(names);
        foreach (var training in model.TrainingInfo)
        {
            if (training.Initialization is not null) Check(training.Initialization, "the initialization graph");
            if (training.Algorithm is not null) Check(training.Algorithm, "the training graph");
        }

        _scopes.Clear();
    }

    // Returns the names the graph defines.
    private HashSet<string> Check(GraphProto graph, string what)
    {
        if (_scopes.Count > context.Limits.MaxSubgraphDepth)
            throw context.RefuseBeyond($"its graphs are nested more than {context.Limits.MaxSubgraphDepth} deep", nameof(OnnxFileLimits.MaxSubgraphDepth));

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var input in graph.Input)
        {
            if (input.Name.Length == 0 || !names.Add(input.Name))
                throw context.Refuse($"{what} has the input {GuardContext.Quote(input.Name)} twice or without a name");
            TypeGuard.Check(input, context);
        }

        var constants = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tensor in graph.Initializer)
        {
            TensorGuard.Check(tensor, context);
            Constant(tensor.Name, names, constants, what);
        }

        foreach (var tensor in graph.SparseInitializer)
        {
            TensorGuard.Check(tensor, context);
            Constant(tensor.Values.Name, names, constants, what);
        }

        foreach (var info in graph.ValueInfo) TypeGuard.CheckComputed(info, context);
        var outer = _constants;
        _constants = new KnownConstants(graph, outer);
        CheckNodes(graph.Node, names, what, _constants);
        _constants = outer;

        foreach (var output in graph.Output)
        {
            TypeGuard.CheckComputed(output, context);
            if (!IsDefined(output.Name, names)) throw context.Refuse($"the output {GuardContext.Quote(output.Name)} of {what} is never computed");
        }

        return names;
    }

    private void CheckFunction(FunctionProto body)
    {
        var what = "function " + GuardContext.Quote(body.Name);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var input in body.Input)
        {
            if (!names.Add(input)) throw context.Refuse($"{what} has the input {GuardContext.Quote(input)} twice");
        }

        foreach (var info in body.ValueInfo) TypeGuard.CheckComputed(info, context);
        foreach (var attribute in body.AttributeProto) CheckAttribute(attribute, what);
        _constants = new KnownConstants(body.Node);
        CheckNodes(body.Node, names, what, _constants);
        _constants = null;
        foreach (var output in body.Output)
        {
            if (!names.Contains(output)) throw context.Refuse($"the output {GuardContext.Quote(output)} of {what} is never computed");
        }
    }

    // An initializer may also be an input, as its default value, but no name may have two initializers.
    private void Constant(string name, HashSet<string> names, HashSet<string> constants, string what)
    {
        if (name.Length == 0 || !constants.Add(name)) throw context.Refuse($"{what} has the initializer {GuardContext.Quote(name)} twice or without a name");
        names.Add(name);
    }

    private void CheckNodes(RepeatedField<NodeProto> nodes, HashSet<string> names, string what, KnownConstants constants)
    {
        var producers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < nodes.Count; i++)
        {
            foreach (var output in nodes[i].Output)
            {
                if (output.Length == 0) continue;
                if (!names.Add(output)) throw context.Refuse($"{GuardContext.Quote(output)} is defined twice in {what}");
                producers.Add(output, i);
            }
        }

        var order = new NodeOrder(nodes.Count);
        _scopes.Add(names);
        for (var i = 0; i < nodes.Count; i++)
        {
            var node = nodes[i];
            if (!functions.CheckOperator(node)) NodeGuard.Check(node, _versions, context);
            foreach (var input in node.Input)
            {
                if (input.Length == 0) continue;
                if (!IsDefined(input, names)) throw context.Refuse($"{GuardContext.Describe(node)} takes {GuardContext.Quote(input)}, which is never defined");
                if (producers.TryGetValue(input, out var producer)) order.Add(producer, i);
            }

            var attributes = new HashSet<string>(StringComparer.Ordinal);
            foreach (var attribute in node.Attribute)
            {
                if (!attributes.Add(attribute.Name))
                    throw context.Refuse($"{GuardContext.Describe(node)} has the attribute {GuardContext.Quote(attribute.Name)} twice");
                CheckAttribute(attribute, GuardContext.Describe(node));
                foreach (var graph in Subgraphs(attribute)) AddCaptures(graph, producers, order, i);
            }

            AttributeGuard.CheckNumbers(node, context);
            WindowGuard.Check(node, constants, context);
            ConstantSizeGuard.Check(node, constants, context);
            RankGuard.Check(node, constants, context);
            SingleValueGuard.Check(node, constants, context);
            constants.AddRanks(node);
        }

        _scopes.RemoveAt(_scopes.Count - 1);
        if (order.HasCycle()) throw context.Refuse($"the nodes of {what} form a cycle");
    }

    private void CheckAttribute(AttributeProto attribute, string owner)
    {
        AttributeGuard.CheckType(attribute, owner, context);
        if (attribute.T is not null) TensorGuard.Check(attribute.T, context);
        foreach (var tensor in attribute.Tensors) TensorGuard.Check(tensor, context);
        if (attribute.SparseTensor is not null) TensorGuard.Check(attribute.SparseTensor, context);
        foreach (var tensor in attribute.SparseTensors) TensorGuard.Check(tensor, context);
        foreach (var graph in Subgraphs(attribute)) Check(graph, $"the graph {GuardContext.Quote(attribute.Name)} of {owner}");
    }

    public static IEnumerable<GraphProto> Subgraphs(AttributeProto attribute) => attribute.G is null ? attribute.Graphs : attribute.Graphs.Prepend(attribute.G);

    // Values that a graph inside a node reads from outside order that node too. A name that the inner graph defines itself adds a superfluous order only if it
    // shadows an outer name; at worst such a file is refused.
    private static void AddCaptures(GraphProto graph, Dictionary<string, int> producers, NodeOrder order, int node)
    {
        foreach (var output in graph.Output) AddCapture(output.Name, producers, order, node);
        foreach (var inner in graph.Node)
        {
            foreach (var input in inner.Input) AddCapture(input, producers, order, node);
            foreach (var nested in inner.Attribute.SelectMany(Subgraphs)) AddCaptures(nested, producers, order, node);
        }
    }

    private static void AddCapture(string name, Dictionary<string, int> producers, NodeOrder order, int node)
    {
        if (producers.TryGetValue(name, out var producer)) order.Add(producer, node);
    }

    private bool IsDefined(string name, HashSet<string> names)
    {
        if (names.Contains(name)) return true;
        foreach (var scope in _scopes)
        {
            if (scope.Contains(name)) return true;
        }

        return false;
    }
}
