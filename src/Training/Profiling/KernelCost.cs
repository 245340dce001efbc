using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Profiling;

/// <summary>Counts the floating-point operations of a node.</summary>
internal static class KernelCost
{
    /// <summary>2 per multiply-add of products; otherwise 1 per element of the largest value that is read or written; 0 for what only moves data.</summary>
    public static double Operations(Node node)
    {
        if (node.Op is SourceOp or MoveOp or Cast or Identity or Gather or GatherElements) return 0;
        var products = MultiplyAdds.Of(node, shape => shape);
        if (products > 0) return 2 * products;
        return node.Inputs.Where((_, i) => !node.Op.ReadsOnlyShapeOf(i)).Concat(node.Outputs).Max(value => (double)value.Spec.Shape.ElementCount);
    }
}
