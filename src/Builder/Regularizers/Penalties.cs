namespace OnnxFunctional.Regularizers;

/// <summary>Penalizes absolute and squared values: <c>l1 sum(|x|) + l2 sum(x^2)</c>.</summary>
/// <remarks>Keras: https://keras.io/api/layers/regularizers/</remarks>
/// <param name="l1">The factor on the sum of absolute values.</param>
/// <param name="l2">The factor on the sum of squares.</param>
/// <exception cref="ModelException">A factor is negative or not finite.</exception>
public class L1L2(double l1 = 0, double l2 = 0) : Regularizer
{
    /// <summary>The factor on the sum of absolute values.</summary>
    public new double L1 { get; } = Check.NotNegative(l1, "L1L2", nameof(l1));

    /// <summary>The factor on the sum of squares.</summary>
    public new double L2 { get; } = Check.NotNegative(l2, "L1L2", nameof(l2));

    /// <inheritdoc/>
    protected internal override SymbolicTensor Penalty(SymbolicTensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        var absolute = L1 == 0 ? null : Ops.Make(new Operators.ReduceL1([], false), x) * L1;
        var squares = L2 == 0 ? null : Ops.Make(new Operators.ReduceSumSquare([], false), x) * L2;
        return absolute is null ? squares ?? Ops.Sum(x) * 0 : squares is null ? absolute : absolute + squares;
    }
}

/// <summary>Penalizes absolute values: <c>l1 sum(|x|)</c>; drives weights to zero.</summary>
/// <remarks>Keras: https://keras.io/api/layers/regularizers/</remarks>
/// <param name="l1">The factor.</param>
/// <exception cref="ModelException">The factor is negative or not finite.</exception>
public sealed class L1(double l1 = 0.01) : L1L2(l1, 0);

/// <summary>Penalizes squared values: <c>l2 sum(x^2)</c>; keeps weights small.</summary>
/// <remarks>Keras: https://keras.io/api/layers/regularizers/</remarks>
/// <param name="l2">The factor.</param>
/// <exception cref="ModelException">The factor is negative or not finite.</exception>
public sealed class L2(double l2 = 0.01) : L1L2(0, l2);
