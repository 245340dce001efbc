using Google.Protobuf.Collections;
using OnnxFunctional.Export.Proto;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Export.Import;

/// <summary>Writes divisions of integers so that no input ends the process.</summary>
/// <remarks>
/// ONNX Runtime 1.31 refuses to divide an integer by 0, but the smallest int32 or int64 divided by -1, by Div or Mod, is a trap of the processor (SIGFPE).
/// <c>a / -1</c> is computed as <c>(a * -1) / 1</c>, which wraps around; floating-point results are the same bits, so an unknown type does no harm.
/// </remarks>
internal sealed class IntegerDivision
{
    // Where exists from this version on.
    private const long OldestOpset = 9;

    private readonly GuardContext _context;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private long _opset;
    private int _made;

    private IntegerDivision(GuardContext context) => _context = context;

    /// <summary>Rewrites the divisions of a model that passed all checks.</summary>
    public static void Rewrite(ModelProto model, GuardContext context)
    {
        var division = new IntegerDivision(context) { _opset = OpsetOf(model.OpsetImport) };
        division.Collect(model.Graph);
        division.Rewrite(model.Graph, null, null);
        foreach (var function in model.Functions)
        {
            division._opset = OpsetOf(function.OpsetImport);
            foreach (var name in function.Input.Concat(function.Node.SelectMany(node => node.Output))) division._names.Add(name);
            division.Rewrite(function.Node, new KnownConstants(function.Node), new ElementTypes());
        }
    }

    private static long OpsetOf(IEnumerable<OperatorSetIdProto> imports) =>
        imports.FirstOrDefault(import => DomainGuard.Normalize(import.Domain).Length == 0)?.Version ?? 0;

    private void Collect(GraphProto graph)
    {
        foreach (var info in graph.Input) _names.Add(info.Name);
        foreach (var tensor in graph.Initializer) _names.Add(tensor.Name);
        foreach (var node in graph.Node)
        {
            foreach (var output in node.Output) _names.Add(output);
            foreach (var inner in node.Attribute.SelectMany(GraphGuard.Subgraphs)) Collect(inner);
        }
    }

    private void Rewrite(GraphProto graph, KnownConstants? constants, ElementTypes? types) =>
        Rewrite(graph.Node, new KnownConstants(graph, constants), new ElementTypes(graph, types));

    private void Rewrite(RepeatedField<NodeProto> nodes, KnownConstants constants, ElementTypes types)
    {
        NodeProto[] before = [.. nodes];
        var after = new List<NodeProto>(before.Length);
        foreach (var node in before)
        {
            foreach (var inner in node.Attribute.SelectMany(GraphGuard.Subgraphs)) Rewrite(inner, constants, types);
            if (Traps(node, constants, types)) AddSafe(node, after);
            after.Add(node);
            types.Infer(node);
        }

        if (after.Count == before.Length) return;
        nodes.Clear();
        nodes.AddRange(after);
        _context.IsRewritten = true;
    }

    private bool Traps(NodeProto node, KnownConstants constants, ElementTypes types)
    {
        if (node.OpType is not ("Div" or "Mod") || DomainGuard.Normalize(node.Domain).Length > 0 || node.Input.Count != 2) return false;
        if (node.OpType == "Mod" && node.Attribute.Any(attribute => attribute is { Name: "fmod", I: not 0 })) return false;
        var type = types.Of(node.Input[0]) ?? types.Of(node.Input[1]);
        if (type is not (null or (int)DataType.Int32 or (int)DataType.Int64)) return false;
        if (constants.Integers(node, 1) is { } divisors && !divisors.Contains(-1)) return false;
        if (_opset >= OldestOpset) return true;
        return type is null
            ? false
            : throw _context.Refuse(
                $"{GuardContext.Describe(node)} divides integers by numbers that are known only when it runs, and -1 would end the process",
                $"Export the model again with opset {OldestOpset} or later.");
    }

    private void AddSafe(NodeProto node, List<NodeProto> nodes)
    {
        string a = node.Input[0], b = node.Input[1];
        var minusOne = Name();
        nodes.Add(new NodeProto
        {
            OpType = "Constant",
            Output = { minusOne },
            Attribute =
            {
                new AttributeProto
                {
                    Name = "value",
                    Type = AttributeProto.Types.AttributeType.Tensor,
                    T = new TensorProto { DataType = (int)DataType.Double, DoubleData = { -1 } },
                },
            },
        });
        var cast = new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = (int)DataType.Double };
        var turns = Add("Equal", [Add("Cast", [b], cast), minusOne]);
        if (node.OpType == "Div") node.Input[0] = Add("Where", [turns, Add("Mul", [a, b]), a]);
        node.Input[1] = Add("Where", [turns, Add("Mul", [b, b]), b]);

        string Add(string op, string[] inputs, params AttributeProto[] attributes)
        {
            var output = Name();
            nodes.Add(new NodeProto { OpType = op, Input = { inputs }, Output = { output }, Attribute = { attributes } });
            return output;
        }
    }

    private string Name()
    {
        string name;
        do name = "onnxfunctional_division_" + GuardContext.Number(_made++);
        while (!_names.Add(name));
        return name;
    }
}
