using System.Diagnostics.CodeAnalysis;

namespace OnnxFunctional;

/// <summary>A rule a weight's values are made to follow after each step (https://keras.io/api/layers/constraints/).</summary>
[DynamicallyAccessedMembers(ConfigurationMembers.Kept)]
public abstract partial class Constraint
{
    /// <summary>A rule of one's own, as a function from the values to those that follow it.</summary>
    public static Constraint From(Func<SymbolicTensor, SymbolicTensor> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FromFunction(function);
    }

    /// <summary>The values that follow the rule.</summary>
    protected internal abstract SymbolicTensor Apply(SymbolicTensor weight);

    private sealed class FromFunction(Func<SymbolicTensor, SymbolicTensor> function) : Constraint
    {
        protected internal override SymbolicTensor Apply(SymbolicTensor weight) => function(weight);
    }
}
