namespace OnnxFunctional.Layers;

/// <summary>Brings each channel to mean 0 and variance 1, then scales and shifts it: <c>y = gamma (x - mean) / sqrt(variance + epsilon) + beta</c> (Ioffe and Szegedy 2015).</summary>
/// <remarks>
/// <para>While training, mean and (biased) variance are the batch's, and <c>moving = moving * momentum + batch * (1 - momentum)</c>; otherwise, and where the layer is frozen, they are the moving ones.</para>
/// <para>Input and output: any shape. Weights: gamma, beta, moving_mean, moving_variance, each (channels).</para>
/// <para>Keras: https://keras.io/api/layers/normalization_layers/batch_normalization/</para>
/// </remarks>
/// <param name="axis">The axis of the channels.</param>
/// <param name="momentum">How much of the moving statistics a step keeps.</param>
/// <param name="epsilon">Added to the variance.</param>
/// <param name="name">Its name; a model makes one if none is given.</param>
public sealed class BatchNormalization(int axis = -1, float momentum = 0.99f, float epsilon = 1e-3f, string? name = null) : Layer(name)
{
    /// <summary>The axis of the channels.</summary>
    public int Axis { get; } = axis;

    /// <summary>How much of the moving statistics a step keeps.</summary>
    public float Momentum { get; } = momentum;

    /// <summary>Added to the variance.</summary>
    public float Epsilon { get; } = epsilon;

    /// <summary>Whether beta is added.</summary>
    public bool Center { get; init; } = true;

    /// <summary>Whether gamma multiplies.</summary>
    public bool Scale { get; init; } = true;

    /// <summary>First values of beta.</summary>
    public Initializer BetaInitializer { get; init; } = Initializer.Zeros;

    /// <summary>First values of gamma.</summary>
    public Initializer GammaInitializer { get; init; } = Initializer.Ones;

    /// <summary>First values of the moving mean.</summary>
    public Initializer MovingMeanInitializer { get; init; } = Initializer.Zeros;

    /// <summary>First values of the moving variance.</summary>
    public Initializer MovingVarianceInitializer { get; init; } = Initializer.Ones;

    /// <summary>A penalty on beta.</summary>
    public Regularizer? BetaRegularizer { get; init; }

    /// <summary>A penalty on gamma.</summary>
    public Regularizer? GammaRegularizer { get; init; }

    /// <summary>A rule beta follows after each step.</summary>
    public Constraint? BetaConstraint { get; init; }

    /// <summary>A rule gamma follows after each step.</summary>
    public Constraint? GammaConstraint { get; init; }

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        var axis = Operators.ShapeRules.Axis(Axis, x.Rank, "BatchNormalization");
        Shape channels = [x.Shape[axis]];
        var gamma = Scale ? Weight("gamma", channels, GammaInitializer, regularizer: GammaRegularizer, constraint: GammaConstraint) : Ops.Constant(channels, Filled(channels, 1));
        var beta = Center ? Weight("beta", channels, BetaInitializer, regularizer: BetaRegularizer, constraint: BetaConstraint) : Ops.Constant(channels, Filled(channels, 0));
        var mean = Weight("moving_mean", channels, MovingMeanInitializer, trainable: false);
        var variance = Weight("moving_variance", channels, MovingVarianceInitializer, trainable: false);

        var training = Ops.MakeAll(new Operators.BatchNormalizationTraining(axis, Epsilon), x, gamma, beta);
        Update(mean, (mean * Momentum) + (training[1] * (1 - Momentum)));
        Update(variance, (variance * Momentum) + (training[2] * (1 - Momentum)));
        var stored = Ops.Make(new Operators.BatchNormalization(axis, Epsilon), x, gamma, beta, mean, variance);
        return Ops.Make(new Operators.Phase(FreezesWithLayer: true), training[0], stored);
    }

    private protected override SymbolicTensor? OutputMask(SymbolicTensors inputs, SymbolicTensors outputs) => inputs[0].Mask;

    private static float[] Filled(Shape shape, float value)
    {
        if (!shape.IsKnown) throw new ModelException("the axis of the channels needs a known size.");
        var values = new float[shape.ElementCount];
        Array.Fill(values, value);
        return values;
    }
}
