using System.Diagnostics.CodeAnalysis;

namespace OnnxFunctional;

/// <summary>A constraint on the values of a weight, enforced after each training step (https://keras.io/api/layers/constraints/).</summary>
[DynamicallyAccessedMembers(ConfigurationMembers.Kept)]
public abstract partial class Constraint
{
    /// <summary>Creates a custom constraint from a function that maps values to values satisfying the constraint.</summary>
    /// <param name="function">Computes the new weight from the updated one.</param>
    public static Constraint From(Func<SymbolicTensor, SymbolicTensor> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FromFunction(function);
    }

    /// <summary>Maps a weight's values to values that satisfy the constraint.</summary>
    /// <param name="weight">The weight after an update.</param>
    protected internal abstract SymbolicTensor Apply(SymbolicTensor weight);

    private sealed class FromFunction(Func<SymbolicTensor, SymbolicTensor> function) : Constraint
    {
        protected internal override SymbolicTensor Apply(SymbolicTensor weight) => function(weight);
    }
}
