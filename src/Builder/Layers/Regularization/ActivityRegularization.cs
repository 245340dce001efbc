using OnnxFunctional.Regularizers;

namespace OnnxFunctional.Layers;

/// <summary>Returns its input and adds a penalty on it to the loss: <c>(l1 sum(|x|) + l2 sum(x^2)) / batch size</c>.</summary>
/// <remarks>
/// <para>Input and output: any shape. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/regularization_layers/activity_regularization/</para>
/// </remarks>
/// <param name="l1">The factor on the sum of absolute values.</param>
/// <param name="l2">The factor on the sum of squares.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A factor is negative or not finite.</exception>
public sealed class ActivityRegularization(double l1 = 0, double l2 = 0, string? name = null) : ElementwiseLayer(name)
{
    /// <summary>The factor on the sum of absolute values.</summary>
    public double L1 { get; } = Check.NotNegative(l1, "ActivityRegularization", nameof(l1));

    /// <summary>The factor on the sum of squares.</summary>
    public double L2 { get; } = Check.NotNegative(l2, "ActivityRegularization", nameof(l2));

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        AddLoss(new L1L2(L1, L2).PerSample(x));
        return x;
    }
}
