using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Verify;

/// <summary>
/// The values of a graph whose elements are whole numbers, such as the index <c>row * width + column</c> and the number of steps: sums and products of such
/// numbers are not rounded, in any order, and every program rounds a quotient of two of them alike.
/// </summary>
internal sealed class WholeNumbers
{
    private readonly HashSet<Weight> _weights;
    private readonly HashSet<Value> _found = [];

    private WholeNumbers(HashSet<Weight> weights) => _weights = weights;

    /// <summary>Starts with the weights that are whole and remain so.</summary>
    /// <param name="graph">The graph of a step.</param>
    /// <param name="updates">The weights that the step changes, and their next values.</param>
    public static WholeNumbers Before(Graph graph, IReadOnlyList<(Weight Weight, Value Value)> updates)
    {
        var weights = updates.Select(update => update.Weight).Where(weight => weight.Shape.Rank == 0 && float.IsInteger(weight.Storage[0])).ToHashSet();
        while (true)
        {
            var found = new WholeNumbers(weights);
            foreach (var node in graph.Nodes) found.Include(node);
            var remaining = updates.Where(update => weights.Contains(update.Weight) && found.IsWhole(update.Value)).Select(update => update.Weight).ToHashSet();
            if (remaining.Count == weights.Count) return new WholeNumbers(weights);
            weights = remaining;
        }
    }

    /// <summary>Notes the outputs of a node if they are whole; nodes are given in the order of their graph.</summary>
    /// <returns>Whether the node rounds nothing, because it computes with whole numbers.</returns>
    public bool Include(Node node)
    {
        if (!IsWhole(node)) return node.Op is Div && AllWhole(node);
        _found.UnionWith(node.Outputs);
        return true;
    }

    private bool IsWhole(Node node) => node.Op switch
    {
        Floor or Ceil or Round or Sign or OneHot or Operators.Size => true,
        Clip clip => float.IsInteger(clip.Minimum) && float.IsInteger(clip.Maximum) && AllWhole(node),
        Pad pad => float.IsInteger(pad.Value) && AllWhole(node),
        Cast or Abs or Neg or Relu or Add or Sub or Mul or Mod or Max or Min or ReduceSum or SumToLike or CumSum or MatMul or Gemm => AllWhole(node),
        _ => Enumerable.Range(0, node.Inputs.Count).Any(node.Op.Moves) && AllWhole(node, node.Op.Moves),
    };

    private bool AllWhole(Node node, Func<int, bool>? among = null) =>
        node.Inputs.Where((_, i) => !node.Op.ReadsOnlyShapeOf(i) && among?.Invoke(i) != false).All(IsWhole);

    private bool IsWhole(Value value) =>
        !value.Spec.Type.IsFloating() || _found.Contains(value) || value.Producer.Op switch
        {
            Constant constant => AllWhole(constant.Data),
            Variable variable => _weights.Contains(variable.Weight),
            _ => false,
        };

    private static bool AllWhole(TensorData data)
    {
        foreach (var element in data.As<float>())
        {
            if (!float.IsInteger(element)) return false;
        }

        return true;
    }
}
