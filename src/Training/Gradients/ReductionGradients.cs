using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>Gradients of reductions: the gradient of a result goes to all elements that it was computed from.</summary>
internal static class ReductionGradients
{
    /// <summary>Broadcasts a reduced tensor along the reduced axes.</summary>
    public static SymbolicTensor Expand(GradientContext c, ReduceOp op, SymbolicTensor reduced)
    {
        var x = c.Input(0);
        if (!op.KeepDims && x.Rank > 0) reduced = Ops.Make(new Unsqueeze([.. ShapeRules.Axes(op.Axes, x.Rank, op.Name)]), reduced);
        return Ops.Make(new ExpandLike(), reduced, x);
    }

    /// <summary>The gradient goes to the extreme element; equal ones share it.</summary>
    public static SymbolicTensor Extreme(GradientContext c, ReduceOp op)
    {
        var x = c.Input(0);
        var chosen = Ops.Cast(Ops.Equal(x, Expand(c, op, c.Output())), x.DType);
        var count = Ops.Make(new ReduceSum(op.Axes, op.KeepDims), chosen);
        return chosen * Expand(c, op, c.Upstream() / count);
    }

    /// <summary>
    /// The product of all other elements: the product of the nonzero elements divided by the element itself, or 0 if any other element is zero.
    /// </summary>
    public static SymbolicTensor Product(GradientContext c, ReduceProd op)
    {
        var x = c.Input(0);
        var zero = Ops.Equal(x, 0);
        var divisor = Ops.Where(zero, 1, x);
        var zeros = Ops.Cast(zero, x.DType);
        var otherZeros = Expand(c, op, Ops.Make(new ReduceSum(op.Axes, op.KeepDims), zeros)) - zeros;
        var product = Expand(c, op, c.Upstream() * Ops.Make(op, divisor));
        return Ops.Where(Ops.Equal(otherZeros, 0), product / divisor, 0);
    }

    /// <summary><c>x / norm</c>; 0 where the norm is 0.</summary>
    public static SymbolicTensor Norm(GradientContext c, ReduceL2 op)
    {
        var norm = c.Output();
        var zero = Ops.Equal(norm, 0);
        return c.Input(0) * Expand(c, op, Ops.Where(zero, 0, c.Upstream() / Ops.Where(zero, 1, norm)));
    }
}
