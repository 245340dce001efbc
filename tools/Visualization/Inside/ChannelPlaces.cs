using OnnxFunctional.Operators;

namespace OnnxFunctional.Visualization.Inside;

/// <summary>
/// Which axis of a value holds channels. Convolutions and poolings compute channels-last; what stands around them follows from exchanges of axes.
/// </summary>
internal sealed class ChannelPlaces
{
    private readonly Dictionary<Value, int> _axes = [];

    public ChannelPlaces(Model model)
    {
        var nodes = model.Graph.Nodes;

        // Forward for what follows a convolution, backward for inputs and for branches that meet; twice, because each may be the start of the other.
        for (var i = 0; i < 2; i++)
        {
            foreach (var node in nodes) Visit(node);
            foreach (var node in nodes.Reverse()) Visit(node);
        }
    }

    /// <summary>The axis, or null if nothing tells.</summary>
    public int? Of(Value value) => _axes.TryGetValue(value, out var axis) ? axis : null;

    private void Visit(Node node)
    {
        if (node.Inputs.Count == 0) return;
        var (source, result) = (node.Inputs[0], node.Outputs[0]);
        var rank = result.Spec.Shape.Rank;
        if (rank < 3) return;
        switch (node.Op)
        {
            case Conv or ConvTranspose or PoolOp:
                _axes.TryAdd(source, rank - 1);
                _axes.TryAdd(result, rank - 1);
                break;
            case Transpose { Permutation: var order }:
                if (_axes.TryGetValue(source, out var before)) _axes.TryAdd(result, Enumerable.Range(0, rank).First(axis => order[axis] == before));
                if (_axes.TryGetValue(result, out var after)) _axes.TryAdd(source, order[after]);
                break;
            case ViewOp:
                break;
            default:
                // Whatever it computes, an operator that keeps the number of axes keeps their order, apart from products.
                if (node.Op is MatMul) break;
                Value[] alike = [.. node.Inputs.Where(input => input.Spec.Shape.Rank == rank), result];
                foreach (var known in alike)
                {
                    if (!_axes.TryGetValue(known, out var axis)) continue;
                    foreach (var other in alike) _axes.TryAdd(other, axis);
                    break;
                }

                break;
        }
    }
}
