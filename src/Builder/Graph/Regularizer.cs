using System.Diagnostics.CodeAnalysis;

namespace OnnxFunctional;

/// <summary>A penalty on a tensor that is added to the loss, such as the sum of squares (https://keras.io/api/layers/regularizers/).</summary>
[DynamicallyAccessedMembers(ConfigurationMembers.Kept)]
public abstract partial class Regularizer
{
    /// <summary>Creates a custom penalty from a function that maps the tensor to a scalar.</summary>
    /// <param name="function">Computes the penalty, a scalar, from a weight.</param>
    public static Regularizer From(Func<SymbolicTensor, SymbolicTensor> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FromFunction(function);
    }

    /// <summary>The penalty on a tensor, as a scalar.</summary>
    /// <param name="x">The weight, or the output of a layer.</param>
    protected internal abstract SymbolicTensor Penalty(SymbolicTensor x);

    private sealed class FromFunction(Func<SymbolicTensor, SymbolicTensor> function) : Regularizer
    {
        protected internal override SymbolicTensor Penalty(SymbolicTensor x) => function(x);
    }
}
