using System.Diagnostics.CodeAnalysis;
using OnnxFunctional.Constraints;

namespace OnnxFunctional;

/// <summary>A rule a weight's values are made to follow after each step (https://keras.io/api/layers/constraints/).</summary>
[DynamicallyAccessedMembers(Serialization.KerasType.Members)]
public abstract class Constraint
{
    /// <summary>A rule of one's own, as a function from the values to those that follow it.</summary>
    public static Constraint From(Func<SymbolicTensor, SymbolicTensor> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FromFunction(function);
    }

    /// <summary>No negative weight.</summary>
    public static Constraint NonNeg { get; } = new NonNeg();

    /// <summary>No vector longer than a bound.</summary>
    public static Constraint MaxNorm(float maxValue = 2, Axes axis = default) => new MaxNorm(maxValue, axis);

    /// <summary>Every vector of length one.</summary>
    public static Constraint UnitNorm(Axes axis = default) => new UnitNorm(axis);

    /// <summary>Every vector's length between two bounds.</summary>
    public static Constraint MinMaxNorm(float minValue = 0, float maxValue = 1, float rate = 1, Axes axis = default) => new MinMaxNorm(minValue, maxValue, rate, axis);

    /// <summary>The values that follow the rule.</summary>
    protected internal abstract SymbolicTensor Apply(SymbolicTensor weight);

    private sealed class FromFunction(Func<SymbolicTensor, SymbolicTensor> function) : Constraint
    {
        protected internal override SymbolicTensor Apply(SymbolicTensor weight) => function(weight);
    }
}
