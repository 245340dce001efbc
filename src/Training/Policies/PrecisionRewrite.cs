using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Policies;

/// <summary>
/// Inserts conversions into a model's training graph so that operators compute in the types given by <see cref="PrecisionTable"/>. Gradients are taken
/// afterwards, so they have the same types.
/// </summary>
internal sealed class PrecisionRewrite
{
    private readonly DType _type;
    private readonly HashSet<LayerCall> _outputCalls;
    private readonly HashSet<Node> _outputNodes;
    private readonly HashSet<Node> _precise;
    private readonly Dictionary<(Value Value, DType Type), Value> _converted = [];

    private PrecisionRewrite(DType type, Graph graph, IEnumerable<Value> outputs)
    {
        _type = type;
        _precise = PreciseNodes.Of(graph);
        _outputNodes = [.. outputs.Select(output => output.Producer)];
        _outputCalls = [.. _outputNodes.Select(node => node.Scope).OfType<LayerCall>().Where(call => call.Layer is not Model)];
    }

    /// <summary>Rewrites the graph between inputs and roots.</summary>
    /// <param name="type">The policy's 16-bit type.</param>
    /// <param name="inputs">Values given from outside.</param>
    /// <param name="roots">All required values.</param>
    /// <param name="outputs">The roots that are the model's outputs; output layers compute in float32, as Keras advises.</param>
    /// <returns>The value that replaces each root, of the same type.</returns>
    public static Dictionary<Value, Value> Of(DType type, IReadOnlyList<Value> inputs, IReadOnlyList<Value> roots, IReadOnlyList<Value> outputs)
    {
        var graph = Graph.Between(inputs, roots);
        var rewrite = new PrecisionRewrite(type, graph, outputs);
        var map = graph.Rewrite(rewrite.Convert);
        return roots.Distinct().ToDictionary(root => root, root => rewrite.As(map[root], root.Spec.Type));
    }

    private IReadOnlyList<Value>? Convert(Node node, IReadOnlyList<Value> given)
    {
        if (node.Op is SourceOp or Cast) return null;
        var rule = IsOfOutput(node) || _precise.Contains(node) ? PrecisionRule.Float32 : PrecisionTable.Of(node, _type);
        if (rule == PrecisionRule.AsInputs && !given.Where((_, i) => !node.Op.ReadsOnlyShapeOf(i)).Any(value => value.Spec.Type == _type)) return null;
        var type = rule == PrecisionRule.Float32 ? DType.Float32 : _type;
        return Node.Create(node.Op, [.. given.Select((value, i) => node.Op.ReadsOnlyShapeOf(i) ? value : As(value, type))], node.Scope).Outputs;
    }

    private bool IsOfOutput(Node node) => _outputNodes.Contains(node) || (node.Scope is { } call && _outputCalls.Contains(call));

    /// <summary>A value in float32 or in the policy's type; values of other types stay the same.</summary>
    private Value As(Value value, DType type)
    {
        if (value.Spec.Type == type || !IsConverted(value.Spec.Type) || !IsConverted(type)) return value;
        if (_converted.TryGetValue((value, type), out var known)) return known;
        var source = type == DType.Float16 && value.Producer.Op is Constant { Data: var data } ? Bounded(data, value.Producer.Scope) : value;
        return _converted[(value, type)] = Node.Create(new Cast(type, IsStorage: true), [source], value.Producer.Scope).Outputs[0];
    }

    private bool IsConverted(DType type) => type == DType.Float32 || type == _type;

    /// <summary>
    /// A constant beyond the range of float16 stands for infinity, like the 1e9 of masks. 2^15 serves as well, and a sum with it stays finite.
    /// </summary>
    private static Value Bounded(TensorData data, LayerCall? scope)
    {
        const float Bound = 32768;
        var values = data.As<float>().ToArray();
        foreach (ref var value in values.AsSpan())
        {
            if (float.IsFinite(value) && float.IsInfinity((float)(Half)value)) value = MathF.CopySign(Bound, value);
        }

        return Node.Create(new Constant(TensorData.Of(data.Shape, values)), [], scope).Outputs[0];
    }
}
