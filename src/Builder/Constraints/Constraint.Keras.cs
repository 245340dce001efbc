using OnnxFunctional.Constraints;

namespace OnnxFunctional;

/// <content>Keras' constraints.</content>
public abstract partial class Constraint
{
    /// <summary>Makes all elements non-negative.</summary>
    public static Constraint NonNeg { get; } = new NonNeg();

    /// <summary>Limits the length of each vector to an upper bound.</summary>
    /// <param name="maxValue">The bound.</param>
    /// <param name="axis">The axes a vector extends over; default: 0.</param>
    /// <exception cref="ModelException">A bound is negative, or an option is out of range.</exception>
    public static Constraint MaxNorm(double maxValue = 2, Axes axis = default) => new MaxNorm(maxValue, axis);

    /// <summary>Scales each vector to length one.</summary>
    /// <param name="axis">The axes a vector extends over; default: 0.</param>
    public static Constraint UnitNorm(Axes axis = default) => new UnitNorm(axis);

    /// <summary>Keeps the length of each vector between two bounds.</summary>
    /// <param name="minValue">The lower bound.</param>
    /// <param name="maxValue">The upper bound.</param>
    /// <param name="rate">The share of the distance to the bound that each step covers; 1 enforces the bound at once.</param>
    /// <param name="axis">The axes a vector extends over; default: 0.</param>
    /// <exception cref="ModelException">A bound is negative, or an option is out of range.</exception>
    public static Constraint MinMaxNorm(double minValue = 0, double maxValue = 1, double rate = 1, Axes axis = default) =>
        new MinMaxNorm(minValue, maxValue, rate, axis);
}
