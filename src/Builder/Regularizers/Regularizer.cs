using System.Diagnostics.CodeAnalysis;
using OnnxFunctional.Regularizers;

namespace OnnxFunctional;

/// <summary>A penalty on a tensor that is added to the loss, such as the sum of squares (https://keras.io/api/layers/regularizers/).</summary>
[DynamicallyAccessedMembers(Serialization.KerasType.Members)]
public abstract class Regularizer
{
    /// <summary>A penalty of one's own, as a function of the tensor that gives one number.</summary>
    public static Regularizer From(Func<SymbolicTensor, SymbolicTensor> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FromFunction(function);
    }

    /// <summary><c>l1 sum(|x|)</c>.</summary>
    public static Regularizer L1(float l1 = 0.01f) => new L1(l1);

    /// <summary><c>l2 sum(x^2)</c>.</summary>
    public static Regularizer L2(float l2 = 0.01f) => new L2(l2);

    /// <summary><c>l1 sum(|x|) + l2 sum(x^2)</c>.</summary>
    public static Regularizer L1L2(float l1 = 0, float l2 = 0) => new L1L2(l1, l2);

    /// <summary><c>factor</c> times the mean absolute cosine between rows, or columns, of a matrix.</summary>
    public static Regularizer Orthogonal(float factor = 0.01f, OrthogonalMode mode = OrthogonalMode.Rows) => new OrthogonalRegularizer(factor, mode);

    /// <summary>The penalty as one number.</summary>
    protected internal abstract SymbolicTensor Penalty(SymbolicTensor x);

    /// <summary>The penalty on a layer's output divided by the batch size, as Keras adds it since 3.14.</summary>
    internal SymbolicTensor PerSample(SymbolicTensor output) => Penalty(output) / Ops.Size(output, 0);

    private sealed class FromFunction(Func<SymbolicTensor, SymbolicTensor> function) : Regularizer
    {
        protected internal override SymbolicTensor Penalty(SymbolicTensor x) => function(x);
    }
}
