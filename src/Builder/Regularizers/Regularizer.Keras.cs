using OnnxFunctional.Regularizers;

namespace OnnxFunctional;

/// <content>Keras' regularizers.</content>
public abstract partial class Regularizer
{
    /// <summary><c>l1 sum(|x|)</c>.</summary>
    /// <param name="l1">The factor.</param>
    /// <exception cref="ModelException">A factor is negative or not finite.</exception>
    public static Regularizer L1(double l1 = 0.01) => new L1(l1);

    /// <summary><c>l2 sum(x^2)</c>.</summary>
    /// <param name="l2">The factor.</param>
    /// <exception cref="ModelException">A factor is negative or not finite.</exception>
    public static Regularizer L2(double l2 = 0.01) => new L2(l2);

    /// <summary><c>l1 sum(|x|) + l2 sum(x^2)</c>.</summary>
    /// <param name="l1">The factor on the sum of absolute values.</param>
    /// <param name="l2">The factor on the sum of squares.</param>
    /// <exception cref="ModelException">A factor is negative or not finite.</exception>
    public static Regularizer L1L2(double l1 = 0, double l2 = 0) => new L1L2(l1, l2);

    /// <summary><c>factor</c> times the mean absolute cosine over all pairs of rows, or of columns, of a matrix.</summary>
    /// <param name="factor">The factor.</param>
    /// <param name="mode">Rows or columns.</param>
    /// <exception cref="ModelException">A factor is negative or not finite.</exception>
    public static Regularizer Orthogonal(double factor = 0.01, OrthogonalMode mode = OrthogonalMode.Rows) => new OrthogonalRegularizer(factor, mode);

    /// <summary>The penalty on a layer's output divided by the batch size, as in Keras since 3.14.</summary>
    internal SymbolicTensor PerSample(SymbolicTensor output) => Penalty(output) / Ops.Size(output, 0);
}
