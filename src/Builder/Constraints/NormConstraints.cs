using System.ComponentModel;

namespace OnnxFunctional.Constraints;

/// <summary>A constraint on the length of vectors along some axes of a weight.</summary>
/// <remarks>Use axis 0 for the kernel of a Dense layer, and axes 0, 1 and 2 for that of a Conv2D. Keras: https://keras.io/api/layers/constraints/</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class NormConstraint : Constraint
{
    // Keras' backend.epsilon(), which prevents division by zero for a vector of zeros.
    private const float Epsilon = 1e-7f;

    private protected NormConstraint(Axes axis) => Axis = axis.List.Count == 0 ? 0 : axis;

    /// <summary>The axes a vector extends over.</summary>
    public Axes Axis { get; }

    /// <inheritdoc/>
    protected internal override SymbolicTensor Apply(SymbolicTensor weight)
    {
        var norms = Ops.Norm(weight, Axis, keepdims: true);
        return weight * (Desired(norms) / (norms + Epsilon));
    }

    /// <summary>The lengths that satisfy the constraint.</summary>
    private protected abstract SymbolicTensor Desired(SymbolicTensor norms);
}

/// <summary>Limits the length of each vector to an upper bound: <c>w min(|w|, max) / |w|</c>.</summary>
/// <param name="maxValue">The bound.</param>
/// <param name="axis">The axes a vector extends over; default: 0.</param>
/// <exception cref="ModelException">The bound is negative or not finite.</exception>
public sealed class MaxNorm(double maxValue = 2, Axes axis = default) : NormConstraint(axis)
{
    /// <summary>The bound.</summary>
    public double MaxValue { get; } = Check.NotNegative(maxValue, "MaxNorm", nameof(maxValue));

    private protected override SymbolicTensor Desired(SymbolicTensor norms) => Ops.Clip(norms, 0, MaxValue);
}

/// <summary>Scales each vector to length one: <c>w / |w|</c>.</summary>
/// <param name="axis">The axes a vector extends over; default: 0.</param>
public sealed class UnitNorm(Axes axis = default) : NormConstraint(axis)
{
    private protected override SymbolicTensor Desired(SymbolicTensor norms) => Ops.OnesLike(norms);
}

/// <summary>Keeps the length of each vector between two bounds: <c>w (rate clip(|w|, min, max) + (1 - rate) |w|) / |w|</c>.</summary>
/// <param name="minValue">The lower bound.</param>
/// <param name="maxValue">The upper bound.</param>
/// <param name="rate">The share of the distance to the bound that each step covers; 1 enforces the bound at once.</param>
/// <param name="axis">The axes a vector extends over; default: 0.</param>
/// <exception cref="ModelException">A bound is negative, the lower is above the upper, or the rate is not between 0 and 1.</exception>
public sealed class MinMaxNorm(double minValue = 0, double maxValue = 1, double rate = 1, Axes axis = default) : NormConstraint(axis)
{
    /// <summary>The lower bound.</summary>
    public double MinValue { get; } = minValue <= maxValue
        ? Check.NotNegative(minValue, "MinMaxNorm", nameof(minValue))
        : throw Check.Option("MinMaxNorm", nameof(minValue), Check.Text(minValue), $"at most maxValue, {Check.Text(maxValue)}");

    /// <summary>The upper bound.</summary>
    public double MaxValue { get; } = Check.NotNegative(maxValue, "MinMaxNorm", nameof(maxValue));

    /// <summary>The share of the distance to the bound that each step covers.</summary>
    public double Rate { get; } = Check.Rate(rate, "MinMaxNorm", nameof(rate));

    private protected override SymbolicTensor Desired(SymbolicTensor norms) => (Ops.Clip(norms, MinValue, MaxValue) * Rate) + (norms * (1 - Rate));
}

/// <summary>Makes all elements non-negative: <c>max(w, 0)</c>.</summary>
/// <remarks>Keras: https://keras.io/api/layers/constraints/</remarks>
public sealed class NonNeg : Constraint
{
    /// <inheritdoc/>
    protected internal override SymbolicTensor Apply(SymbolicTensor weight) => Ops.Relu(weight);
}
