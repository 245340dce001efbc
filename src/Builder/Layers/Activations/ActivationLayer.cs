using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>A layer that keeps the shape and mask of its input.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class ElementwiseLayer : Layer
{
    private protected ElementwiseLayer(string? name)
        : base(name)
    {
    }

    private protected override SymbolicTensor? OutputMask(SymbolicTensors inputs, SymbolicTensors outputs) => inputs[0].Mask;
}

/// <summary>An activation as a layer; Keras' layer Activation.</summary>
/// <remarks>
/// <para>Input and output: any shape. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/core_layers/activation/</para>
/// </remarks>
/// <param name="activation">The function.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class ActivationLayer(Activation activation, string? name = null) : ElementwiseLayer(name)
{
    /// <summary>The function.</summary>
    public Activation Activation { get; } = activation ?? throw new ArgumentNullException(nameof(activation));

    internal override string ClassName => "Activation";

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x) => Activation.Apply(x);
}

/// <summary><c>max(x, 0)</c>, with options for a largest value and for a slope below a threshold.</summary>
/// <remarks>
/// <para><c>y = min(x, maxValue)</c> where <c>x >= threshold</c>, otherwise <c>negativeSlope (x - threshold)</c>.</para>
/// <para>Input and output: any shape. No weights. Keras: https://keras.io/api/layers/activation_layers/relu/</para>
/// </remarks>
/// <param name="maxValue">The largest value; unbounded by default.</param>
/// <param name="negativeSlope">The slope below the threshold.</param>
/// <param name="threshold">Where the function starts.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">An option is negative.</exception>
public sealed class Relu(double? maxValue = null, double negativeSlope = 0, double threshold = 0, string? name = null) : ElementwiseLayer(name)
{
    /// <summary>The largest value.</summary>
    public double? MaxValue { get; } = maxValue is { } bound ? Check.NotNegative(bound, "Relu", nameof(maxValue)) : null;

    /// <summary>The slope below the threshold.</summary>
    public double NegativeSlope { get; } = Check.NotNegative(negativeSlope, "Relu", nameof(negativeSlope));

    /// <summary>Where the function starts.</summary>
    public double Threshold { get; } = Check.NotNegative(threshold, "Relu", nameof(threshold));

    internal override string ClassName => "ReLU";

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        if (MaxValue is null && Threshold == 0) return NegativeSlope == 0 ? Ops.Relu(x) : Ops.Make(new Operators.LeakyRelu((float)NegativeSlope), x);
        var y = Threshold != 0 ? Ops.Make(new Operators.ThresholdedRelu((float)Threshold), x) : x;
        if (MaxValue is not null || Threshold == 0) y = Ops.Clip(y, 0, MaxValue ?? double.PositiveInfinity);
        return NegativeSlope == 0 ? y : y - (Ops.Relu(Threshold - x) * NegativeSlope);
    }
}

/// <summary><c>x > 0 ? x : negativeSlope x</c> (Maas et al. 2013).</summary>
/// <remarks>
/// <para>Input and output: any shape. No weights. The activation function of this name has a slope of 0.2.</para>
/// <para>Keras: https://keras.io/api/layers/activation_layers/leaky_relu/</para>
/// </remarks>
/// <param name="negativeSlope">The slope below zero.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The slope is negative.</exception>
public sealed class LeakyRelu(double negativeSlope = 0.3, string? name = null) : ElementwiseLayer(name)
{
    /// <summary>The slope below zero.</summary>
    public double NegativeSlope { get; } = Check.NotNegative(negativeSlope, "LeakyRelu", nameof(negativeSlope));

    internal override string ClassName => "LeakyReLU";

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x) => Ops.Make(new Operators.LeakyRelu((float)NegativeSlope), x);
}

/// <summary><c>x > 0 ? x : alpha (exp(x) - 1)</c> (Clevert et al. 2016).</summary>
/// <remarks>
/// <para>Input and output: any shape. No weights. Keras: https://keras.io/api/layers/activation_layers/elu/</para>
/// </remarks>
/// <param name="alpha">The factor below zero.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The factor is not finite.</exception>
public sealed class Elu(double alpha = 1, string? name = null) : ElementwiseLayer(name)
{
    /// <summary>The factor below zero.</summary>
    public double Alpha { get; } = Check.Finite(alpha, "ELU", nameof(alpha));

    internal override string ClassName => "ELU";

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x) => Ops.Make(new Operators.Elu((float)Alpha), x);
}

/// <summary><c>x > 0 ? x : alpha x</c> with a learned slope per element (He et al. 2015).</summary>
/// <remarks>
/// <para>Input and output: (batch, ...), all but the batch known. Weights: alpha (...), 1 along shared axes.</para>
/// <para>Keras: https://keras.io/api/layers/activation_layers/prelu/</para>
/// </remarks>
/// <param name="alphaInitializer">Initializer of the slopes; zeros by default.</param>
/// <param name="alphaRegularizer">A penalty on the slopes.</param>
/// <param name="alphaConstraint">A constraint applied to the slopes after each step.</param>
/// <param name="sharedAxes">Axes along which all positions share one slope; the batch is axis 0. For images, <c>[1, 2]</c> gives one slope per channel.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class PRelu(
    Initializer? alphaInitializer = null,
    Regularizer? alphaRegularizer = null,
    Constraint? alphaConstraint = null,
    IntValues? sharedAxes = null,
    string? name = null)
    : ElementwiseLayer(name)
{
    /// <summary>Initializer of the slopes.</summary>
    public Initializer AlphaInitializer { get; } = alphaInitializer ?? Initializer.Zeros;

    /// <summary>A penalty on the slopes.</summary>
    public Regularizer? AlphaRegularizer { get; } = alphaRegularizer;

    /// <summary>A constraint applied to the slopes after each step.</summary>
    public Constraint? AlphaConstraint { get; } = alphaConstraint;

    /// <summary>Axes along which all positions share one slope; the batch is axis 0. For images, <c>[1, 2]</c> gives one slope per channel.</summary>
    public IntValues? SharedAxes { get; } = sharedAxes;

    internal override string ClassName => "PReLU";

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.MinimumRank(x, 2, "(batch, ...)");
        var dims = x.Shape.Dims[1..].ToArray();
        foreach (var axis in SharedAxes ?? [])
        {
            if (axis < 1 || axis >= x.Rank) throw new ModelException($"sharedAxes names axis {axis}; expected axes from 1 to {x.Rank - 1} of {x.Shape}.");
            dims[axis - 1] = 1;
        }

        var alpha = Weight("alpha", Shape.Of(dims), AlphaInitializer, regularizer: AlphaRegularizer, constraint: AlphaConstraint);
        return Ops.Make(new Operators.PRelu(), Ops.Cast(x, alpha.DType), alpha);
    }
}
