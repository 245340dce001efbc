using OnnxFunctional.Constraints;

namespace OnnxFunctional;

/// <content>Keras' constraints.</content>
public abstract partial class Constraint
{
    /// <summary>No negative weight.</summary>
    public static Constraint NonNeg { get; } = new NonNeg();

    /// <summary>No vector longer than a bound.</summary>
    public static Constraint MaxNorm(float maxValue = 2, Axes axis = default) => new MaxNorm(maxValue, axis);

    /// <summary>Every vector of length one.</summary>
    public static Constraint UnitNorm(Axes axis = default) => new UnitNorm(axis);

    /// <summary>Every vector's length between two bounds.</summary>
    public static Constraint MinMaxNorm(float minValue = 0, float maxValue = 1, float rate = 1, Axes axis = default) => new MinMaxNorm(minValue, maxValue, rate, axis);
}
