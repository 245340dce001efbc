using OnnxFunctional.Constraints;

namespace OnnxFunctional;

/// <content>Keras' constraints.</content>
public abstract partial class Constraint
{
    /// <summary>Makes all elements non-negative.</summary>
    public static Constraint NonNeg { get; } = new NonNeg();

    /// <summary>Limits the length of each vector to an upper bound.</summary>
    public static Constraint MaxNorm(double maxValue = 2, Axes axis = default) => new MaxNorm(maxValue, axis);

    /// <summary>Scales each vector to length one.</summary>
    public static Constraint UnitNorm(Axes axis = default) => new UnitNorm(axis);

    /// <summary>Keeps the length of each vector between two bounds.</summary>
    public static Constraint MinMaxNorm(double minValue = 0, double maxValue = 1, double rate = 1, Axes axis = default) =>
        new MinMaxNorm(minValue, maxValue, rate, axis);
}
