namespace OnnxFunctional.Layers;

/// <summary>
/// Dense with a kernel of -1, 0 and 1: <c>y = activation(x T b + bias)</c>, where T is the sign of the weights whose magnitude is above a threshold.
/// </summary>
/// <remarks>
/// <para>
/// By default the threshold is half of the weights' mean magnitude, and b that mean; with a given threshold b is 1. The gradient passes through T as if it were
/// the kernel.
/// </para>
/// <para>Input: (batch, ..., features). Output: (batch, ..., units). Weights: kernel (features, units), bias (units).</para>
/// <para>Keras: https://keras.io/api/layers/core_layers/</para>
/// </remarks>
/// <param name="units">Outputs.</param>
/// <param name="threshold">The magnitude up to which a weight counts as 0; by default half of the mean magnitude.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="kernelInitializer">Initializer of the kernel; Glorot uniform by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="kernelRegularizer">A penalty on the kernel.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="kernelConstraint">A constraint applied to the kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The number of units is not positive, or the threshold is negative.</exception>
public sealed class TernaryDense(
    int units,
    double? threshold = null,
    Activation? activation = null,
    bool useBias = true,
    Initializer? kernelInitializer = null,
    Initializer? biasInitializer = null,
    Regularizer? kernelRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? kernelConstraint = null,
    Constraint? biasConstraint = null,
    string? name = null)
    : Layer(name)
{
    /// <summary>Outputs.</summary>
    public int Units { get; } = Check.Positive(units, "TernaryDense", nameof(units));

    /// <summary>The magnitude up to which a weight counts as 0; null for half of the mean magnitude.</summary>
    public double? Threshold { get; } = threshold is { } given ? Check.NotNegative(given, "TernaryDense", nameof(threshold)) : null;

    /// <summary>Activation applied to the sum.</summary>
    public Activation Activation { get; } = activation ?? Activation.Linear;

    /// <summary>Whether a bias is added.</summary>
    public bool UseBias { get; } = useBias;

    /// <summary>Initializer of the kernel.</summary>
    public Initializer KernelInitializer { get; } = kernelInitializer ?? Initializer.GlorotUniform;

    /// <summary>Initializer of the bias.</summary>
    public Initializer BiasInitializer { get; } = biasInitializer ?? Initializer.Zeros;

    /// <summary>A penalty on the kernel.</summary>
    public Regularizer? KernelRegularizer { get; } = kernelRegularizer;

    /// <summary>A penalty on the bias.</summary>
    public Regularizer? BiasRegularizer { get; } = biasRegularizer;

    /// <summary>A penalty on the output.</summary>
    public Regularizer? ActivityRegularizer { get; } = activityRegularizer;

    /// <summary>A constraint applied to the kernel after each step.</summary>
    public Constraint? KernelConstraint { get; } = kernelConstraint;

    /// <summary>A constraint applied to the bias after each step.</summary>
    public Constraint? BiasConstraint { get; } = biasConstraint;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.MinimumRank(x, 2, "(batch, ..., features)");
        var kernel = Weight("kernel", [x.Shape[^1], Units], KernelInitializer, regularizer: KernelRegularizer, constraint: KernelConstraint);
        var magnitudes = Ops.Abs(kernel);
        var mean = Ops.Mean(magnitudes);
        var above = Ops.Greater(magnitudes, Threshold is { } given ? given : mean * 0.5);
        var ternary = Ops.Sign(kernel) * Ops.Cast(above, DType.Float32);
        var sum = Ops.MatMul(x, kernel + Ops.StopGradient(ternary - kernel));
        if (Threshold is null) sum *= mean;
        if (UseBias) sum += Weight("bias", [Units], BiasInitializer, regularizer: BiasRegularizer, constraint: BiasConstraint);
        var y = Activation.Apply(sum);
        if (ActivityRegularizer is not null) AddLoss(ActivityRegularizer.PerSample(y));
        return y;
    }

    private protected override SymbolicTensor? OutputMask(SymbolicTensors inputs, SymbolicTensors outputs) => inputs[0].Mask;
}
