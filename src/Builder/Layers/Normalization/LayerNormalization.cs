namespace OnnxFunctional.Layers;

/// <summary>
/// Normalizes each sample to mean 0 and variance 1 along some axes, then scales and shifts it: <c>y = gamma (x - mean) / sqrt(variance + epsilon) + beta</c>
/// (Ba et al. 2016).
/// </summary>
/// <remarks>
/// <para>Input and output: any shape. Weights: gamma and beta, each of the shape of the normalized axes.</para>
/// <para>
/// Integers are converted to float32, and the result stays so, as in early versions of Keras 3. Those with <c>keras.ops.layer_normalization</c> convert the
/// result back to integers, which drops its fractions: almost all of it is 0, and nothing is learned. The formula is followed here.
/// </para>
/// <para>Keras: https://keras.io/api/layers/normalization_layers/layer_normalization/</para>
/// </remarks>
/// <param name="axis">The axes; the last by default.</param>
/// <param name="epsilon">Added to the variance.</param>
/// <param name="center">Whether beta is added.</param>
/// <param name="scale">Whether the result is multiplied by gamma.</param>
/// <param name="betaInitializer">Initializer of beta; zeros by default.</param>
/// <param name="gammaInitializer">Initializer of gamma; ones by default.</param>
/// <param name="betaRegularizer">A penalty on beta.</param>
/// <param name="gammaRegularizer">A penalty on gamma.</param>
/// <param name="betaConstraint">A constraint applied to beta after each step.</param>
/// <param name="gammaConstraint">A constraint applied to gamma after each step.</param>
/// <param name="rmsScaling">Keras' deprecated option: no mean is subtracted and no beta added.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">An option is out of its range; the message names it.</exception>
public sealed class LayerNormalization(
    Axes axis = default,
    double epsilon = 1e-3,
    bool center = true,
    bool scale = true,
    Initializer? betaInitializer = null,
    Initializer? gammaInitializer = null,
    Regularizer? betaRegularizer = null,
    Regularizer? gammaRegularizer = null,
    Constraint? betaConstraint = null,
    Constraint? gammaConstraint = null,
    bool rmsScaling = false,
    string? name = null)
    : AffineNormalization(betaInitializer, gammaInitializer, betaRegularizer, gammaRegularizer, betaConstraint, gammaConstraint, name)
{
    /// <summary>The axes.</summary>
    public Axes Axis { get; } = axis.List.Count == 0 ? -1 : axis;

    /// <summary>Added to the variance.</summary>
    public double Epsilon { get; } = Check.NotNegative(epsilon, nameof(LayerNormalization), nameof(epsilon));

    /// <summary>Whether beta is added.</summary>
    public bool Center { get; } = center;

    /// <summary>Whether the result is multiplied by gamma.</summary>
    public bool Scale { get; } = scale;

    /// <summary>
    /// Keras' deprecated option: <c>y = gamma x / sqrt(variance + epsilon)</c>, without subtracting the mean. See RmsNormalization for the usual RMS
    /// normalization.
    /// </summary>
    public bool RmsScaling { get; } = rmsScaling;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        var axes = Operators.ShapeRules.Axes(Axis.List, x.Rank, "LayerNormalization");
        var shape = Shape.Of([.. axes.Select(axis => Check.Known(x, axis, "the size of a normalized axis"))]);
        var gamma = Scale || RmsScaling ? Gamma(shape) : null;
        var beta = Center && !RmsScaling ? Beta(shape) : null;
        if (!RmsScaling && axes[0] == x.Rank - axes.Length)
            return Ops.Make(new Operators.LayerNormalization(axes[0], (float)Epsilon), x, gamma ?? Ops.Filled(shape, 1), beta ?? Ops.Filled(shape, 0));

        var centered = x - Ops.Mean(x, Axis, keepdims: true);
        var scaled = (RmsScaling ? x : centered) / Ops.Sqrt(Ops.Mean(Ops.Square(centered), Axis, keepdims: true) + Epsilon);
        if (gamma is not null) scaled *= Broadcasting.Along(gamma, axes, x.Rank);
        return beta is null ? scaled : scaled + Broadcasting.Along(beta, axes, x.Rank);
    }
}
