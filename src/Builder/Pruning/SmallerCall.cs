using OnnxFunctional.Operators;

namespace OnnxFunctional.Pruning;

/// <summary>The operators of a call made again on fewer channels: with smaller weights and constants, and sizes among their attributes that follow.</summary>
/// <param name="original">The call.</param>
/// <param name="flow">The channels along the axes of its values.</param>
/// <param name="remaining">Which channels remain.</param>
/// <param name="weightOf">The smaller weight for each.</param>
internal sealed class SmallerCall(LayerCall original, ChannelFlow flow, RemainingChannels remaining, Func<Weight, Weight> weightOf)
{
    /// <summary>Adds the operators on smaller tensors.</summary>
    public SymbolicTensors Build(OperatorLayer layer, SymbolicTensors tensors)
    {
        var scope = tensors[0].Scope;
        var given = new Dictionary<Value, Value>();
        for (var i = 0; i < tensors.Count; i++) given[original.Inputs[i].Value] = tensors[i].Value;
        var map = GraphOf(original).Rewrite((node, inputs) => Again(node, inputs, scope), given);
        foreach (var (weight, value) in original.Updates)
            layer.Move(new SymbolicTensor(weightOf(weight).Variable, scope), new SymbolicTensor(map[value], scope));
        return original.Outputs.Select(output => new SymbolicTensor(map[output.Value], scope)).ToArray();
    }

    /// <summary>All nodes of a call, those that compute from weights and constants alone too.</summary>
    public static Graph GraphOf(LayerCall call) => Graph.Between(
        [.. call.Inputs.Select(input => input.Value).Distinct()],
        [.. call.Outputs.Select(output => output.Value), .. call.Updates.Select(update => update.Value)]);

    private IReadOnlyList<Value>? Again(Node node, IReadOnlyList<Value> inputs, LayerCall? scope) => node.Op switch
    {
        Variable { Weight: var weight } => [weightOf(weight).Variable],
        Constant constant => [Node.Create(new Constant(Smaller(constant.Data, flow.Of(node.Outputs[0]))), [], null).Outputs[0]],
        SourceOp => null,
        _ => Node.Create(Resized(node), inputs, scope).Outputs,
    };

    private TensorData Smaller(TensorData data, int[]?[] axes)
    {
        var kept = remaining.Indices(axes, data.Shape);
        var shape = Shape.Of([.. kept.Select(indices => indices.Length)]);
        if (shape == data.Shape) return data;
        var bytes = new byte[shape.ElementCount * data.Type.Size()];
        RemainingChannels.Take(data.Bytes, data.Shape.Dims, kept, bytes.AsSpan());
        return TensorData.Create(shape, data.Type, bytes);
    }

    /// <summary>The operator of a node with the sizes that its tensors have now.</summary>
    private Op Resized(Node node) => node.Op switch
    {
        Reshape reshape => new Reshape([.. reshape.Target.Select((size, axis) => size > 0 ? Left(node.Outputs[0], axis, size) : size)]),
        Split split => split with { Sizes = [.. split.Sizes.Select((size, part) => Left(node.Outputs[part], split.Axis, size))] },
        Conv { Window.Groups: > 1 } conv when node.Inputs[1].Spec.Shape.Dim(-2) == 1 =>
            new Conv(conv.Window with { Groups = Left(node.Inputs[0], -1, conv.Window.Groups) }),
        var op => op,
    };

    private int Left(Value value, int axis, int size) => remaining.Count(flow.Of(value)[axis < 0 ? axis + value.Spec.Shape.Rank : axis], size);
}
