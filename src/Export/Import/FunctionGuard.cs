using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Import;

/// <summary>Functions of a file: no recursion, bounded depth, and a bounded number of nodes once every call is replaced by its body.</summary>
/// <remarks>
/// ONNX Runtime 1.31 crashes on a chain of 3000 functions (166 KB) and is still loading after minutes with 25 functions that each call the next one twice.
/// </remarks>
internal sealed class FunctionGuard
{
    private const long Saturated = 1L << 40;

    private readonly GuardContext _context;
    private readonly Dictionary<(string Domain, string Name, string Overload), FunctionProto> _functions = [];
    private readonly Dictionary<FunctionProto, IReadOnlyDictionary<string, long>> _versions = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<FunctionProto, (int Depth, long Nodes)> _measured = new(ReferenceEqualityComparer.Instance);

    public FunctionGuard(ModelProto model, GuardContext context)
    {
        _context = context;
        if (model.Functions.Count > context.Limits.MaxFunctions)
            throw context.RefuseBeyond(
                $"it has {model.Functions.Count} functions, more than {context.Limits.MaxFunctions}",
                nameof(OnnxFileLimits.MaxFunctions));
        foreach (var function in model.Functions)
        {
            if (function.Name.Length == 0 || !_functions.TryAdd(Key(function.Domain, function.Name, function.Overload), function))
                throw context.Refuse($"function {GuardContext.Quote(function.Name)} is defined twice or has no name");
            _versions.Add(function, DomainGuard.CheckImports(function.OpsetImport, "function " + GuardContext.Quote(function.Name), context));
        }
    }

    /// <summary>The versions of operator sets that a function imports.</summary>
    public IReadOnlyDictionary<string, long> VersionsOf(FunctionProto function) => _versions[function];

    /// <summary>The operator has a name, and its domain is known or a function of the file defines it.</summary>
    /// <returns>Whether the node calls a function of the file.</returns>
    public bool CheckOperator(NodeProto node)
    {
        var called = Called(node) is not null;
        if (node.OpType.Length == 0) throw _context.Refuse($"node {GuardContext.Quote(node.Name)} has no operator");
        if (!called && !DomainGuard.IsKnown(node.Domain))
        {
            throw _context.Refuse(
                $"{GuardContext.Describe(node)} is of the domain {GuardContext.Quote(node.Domain)}",
                "Operators of ai.onnx, ai.onnx.ml and com.microsoft are supported; export the model with these.");
        }

        return called;
    }

    /// <summary>Counts the nodes of the model with all calls expanded.</summary>
    public void CheckCalls(ModelProto model)
    {
        foreach (var function in model.Functions) Measure(function, 1);
        var nodes = Count(model.Graph.Node, 0).Nodes;
        foreach (var training in model.TrainingInfo)
        {
            if (training.Initialization is not null) nodes = Add(nodes, Count(training.Initialization.Node, 0).Nodes);
            if (training.Algorithm is not null) nodes = Add(nodes, Count(training.Algorithm.Node, 0).Nodes);
        }

        if (nodes > _context.Limits.MaxNodes)
        {
            throw _context.RefuseBeyond(
                $"it has more than {_context.Limits.MaxNodes} nodes once every call of a function is replaced by its body", nameof(OnnxFileLimits.MaxNodes));
        }
    }

    private (int Depth, long Nodes) Measure(FunctionProto function, int depth)
    {
        // Recursion, direct or through other functions, never stops going deeper.
        if (depth > _context.Limits.MaxFunctionDepth) throw TooDeep(function);
        if (_measured.TryGetValue(function, out var known))
        {
            if (depth + known.Depth - 1 > _context.Limits.MaxFunctionDepth) throw TooDeep(function);
            return known;
        }

        var (inner, nodes) = Count(function.Node, depth);
        return _measured[function] = (inner + 1, nodes);
    }

    private (int Depth, long Nodes) Count(IEnumerable<NodeProto> nodes, int depth)
    {
        var deepest = 0;
        var total = 0L;
        foreach (var node in nodes)
        {
            var called = Called(node) is { } function ? Measure(function, depth + 1) : (0, 1);
            deepest = Math.Max(deepest, called.Item1);
            total = Add(total, called.Item2);
            foreach (var graph in node.Attribute.SelectMany(GraphGuard.Subgraphs))
            {
                var inner = Count(graph.Node, depth);
                deepest = Math.Max(deepest, inner.Depth);
                total = Add(total, inner.Nodes);
            }
        }

        return (deepest, total);
    }

    private static long Add(long a, long b) => Math.Min(a + b, Saturated);

    private OnnxFileException TooDeep(FunctionProto function) => _context.RefuseBeyond(
        $"function {GuardContext.Quote(function.Name)} calls itself, or functions call each other more than {_context.Limits.MaxFunctionDepth} deep",
        nameof(OnnxFileLimits.MaxFunctionDepth));

    private FunctionProto? Called(NodeProto node) => _functions.GetValueOrDefault(Key(node.Domain, node.OpType, node.Overload));

    private static (string Domain, string Name, string Overload) Key(string domain, string name, string overload) =>
        (DomainGuard.Normalize(domain), name, overload);
}
