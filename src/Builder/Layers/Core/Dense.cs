namespace OnnxFunctional.Layers;

/// <summary>Every output is a weighted sum of all inputs: <c>y = activation(x W + b)</c>.</summary>
/// <remarks>
/// <para>Input: (batch, ..., features). Output: (batch, ..., units). Weights: kernel (features, units), bias (units).</para>
/// <para>Keras: https://keras.io/api/layers/core_layers/dense/</para>
/// </remarks>
/// <param name="units">Outputs.</param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="kernelInitializer">Initializer of the kernel; Glorot uniform by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="kernelRegularizer">A penalty on the kernel.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="kernelConstraint">A constraint applied to the kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="loraRank">The rank of an adapter that is trained beside the frozen kernel, as by <c>EnableLora</c>; default: none.</param>
/// <param name="loraAlpha">The factor on the adapter is this by the rank; default: the rank.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The number of units is not positive.</exception>
/// <example><code>
/// var outputs = new Dense(10, Activation.Softmax, name: "digit").Call(Model.Input([64]));
/// </code></example>
public sealed class Dense(
    int units,
    Activation? activation = null,
    bool useBias = true,
    Initializer? kernelInitializer = null,
    Initializer? biasInitializer = null,
    Regularizer? kernelRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? kernelConstraint = null,
    Constraint? biasConstraint = null,
    int? loraRank = null,
    double? loraAlpha = null,
    string? name = null)
    : KernelLayer(
        kernelInitializer,
        biasInitializer,
        kernelRegularizer,
        biasRegularizer,
        activityRegularizer,
        kernelConstraint,
        biasConstraint,
        loraRank,
        loraAlpha,
        name)
{
    /// <summary>Outputs.</summary>
    public int Units { get; } = Check.Positive(units, "Dense", nameof(units));

    /// <summary>Activation applied to the sum.</summary>
    public Activation Activation { get; } = activation ?? Activation.Linear;

    /// <summary>Whether a bias is added.</summary>
    public bool UseBias { get; } = useBias;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.MinimumRank(x, 2, "(batch, ..., features)");
        var kernel = Kernel([x.Shape[^1], Units]);
        var bias = UseBias ? Bias([Units]) : null;
        var sum = bias is not null && x.Rank == 2 ? Ops.Make(new Operators.Gemm(), x, kernel, bias) : Ops.MatMul(x, kernel);
        if (bias is not null && x.Rank > 2) sum += bias;
        return Penalized(Activation.Apply(sum));
    }

    private protected override SymbolicTensor? OutputMask(SymbolicTensors inputs, SymbolicTensors outputs) => inputs[0].Mask;
}
