namespace OnnxFunctional.Training.Losses;

/// <summary>
/// Binary cross-entropy that focuses on samples that are still wrong (Lin et al. 2018): the mean over the last axis of <c>(1 - p_t)^gamma</c> times the
/// cross-entropy, with <c>p_t = y p + (1 - y) (1 - p)</c>.
/// </summary>
/// <remarks>https://keras.io/api/losses/probabilistic_losses/#binaryfocalcrossentropy-class</remarks>
/// <param name="applyClassBalancing">Whether ones are weighted by alpha and zeros by 1 - alpha.</param>
/// <param name="alpha">The weight of ones; zeros have 1 - alpha.</param>
/// <param name="gamma">How fast the weight falls for correct predictions.</param>
/// <param name="fromLogits">Whether predictions are logits rather than probabilities.</param>
/// <param name="labelSmoothing">The fraction by which targets are moved towards equal probabilities.</param>
/// <param name="axis">The axis of the mean.</param>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">An option is out of its range; the message names it.</exception>
public sealed class BinaryFocalCrossentropy(
    bool applyClassBalancing = false,
    double alpha = 0.25,
    double gamma = 2,
    bool fromLogits = false,
    double labelSmoothing = 0,
    int axis = -1,
    LossReduction reduction = LossReduction.SumOverBatchSize,
    string? name = null)
    : Loss(reduction, name)
{
    /// <summary>Whether ones are weighted by alpha and zeros by 1 - alpha.</summary>
    public bool ApplyClassBalancing { get; } = applyClassBalancing;

    /// <summary>The weight of ones; zeros have 1 - alpha.</summary>
    public double Alpha { get; } = Check.NotNegative(alpha, nameof(BinaryFocalCrossentropy), nameof(alpha));

    /// <summary>How fast the weight falls for correct predictions.</summary>
    public double Gamma { get; } = Check.NotNegative(gamma, nameof(BinaryFocalCrossentropy), nameof(gamma));

    /// <summary>Whether predictions are logits rather than probabilities.</summary>
    public bool FromLogits { get; } = fromLogits;

    /// <summary>The fraction by which targets are moved towards equal probabilities.</summary>
    public double LabelSmoothing { get; } = Check.Rate(labelSmoothing, nameof(BinaryFocalCrossentropy), nameof(labelSmoothing));

    /// <summary>The axis of the mean.</summary>
    public int Axis { get; } = axis;

    internal override bool? TakesLogits => FromLogits;

    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var y = OnnxFunctional.Training.BinaryCrossentropy.Smoothed(Targets.Like(yTrue, yPred, Name), (float)LabelSmoothing);
        var p = FromLogits ? Ops.Sigmoid(yPred) : yPred;
        var right = (y * p) + ((1 - y) * (1 - p));
        var losses = Ops.Power(1 - right, (float)Gamma) * OnnxFunctional.Training.BinaryCrossentropy.Elements(y, p, fromLogits: false);
        var alpha = (float)Alpha;
        if (ApplyClassBalancing) losses *= (y * alpha) + ((1 - y) * (1 - alpha));
        return Ops.Mean(losses, Axis);
    }
}

/// <summary>
/// Cross-entropy over classes, with one-hot targets, that focuses on samples that are still wrong (Lin et al. 2018): the sum over the last axis of
/// <c>-alpha (1 - p)^gamma y log(p)</c>.
/// </summary>
/// <remarks>https://keras.io/api/losses/probabilistic_losses/#categoricalfocalcrossentropy-class</remarks>
/// <param name="alpha">The weight of all classes.</param>
/// <param name="gamma">How fast the weight falls for correct predictions.</param>
/// <param name="fromLogits">Whether predictions are logits rather than probabilities.</param>
/// <param name="labelSmoothing">The fraction by which targets are moved towards equal probabilities.</param>
/// <param name="axis">The axis of the classes.</param>
/// <param name="reduction">How the losses of the samples are reduced to one value.</param>
/// <param name="name">Its name in logs, messages and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">An option is out of its range; the message names it.</exception>
public sealed class CategoricalFocalCrossentropy(
    double alpha = 0.25,
    double gamma = 2,
    bool fromLogits = false,
    double labelSmoothing = 0,
    int axis = -1,
    LossReduction reduction = LossReduction.SumOverBatchSize,
    string? name = null)
    : Loss(reduction, name)
{
    /// <summary>The weight of all classes.</summary>
    public double Alpha { get; } = Check.NotNegative(alpha, nameof(CategoricalFocalCrossentropy), nameof(alpha));

    /// <summary>How fast the weight falls for correct predictions.</summary>
    public double Gamma { get; } = Check.NotNegative(gamma, nameof(CategoricalFocalCrossentropy), nameof(gamma));

    /// <summary>Whether predictions are logits rather than probabilities.</summary>
    public bool FromLogits { get; } = fromLogits;

    /// <summary>The fraction by which targets are moved towards equal probabilities.</summary>
    public double LabelSmoothing { get; } = Check.Rate(labelSmoothing, nameof(CategoricalFocalCrossentropy), nameof(labelSmoothing));

    /// <summary>The axis of the classes.</summary>
    public int Axis { get; } = axis;

    internal override bool? TakesLogits => FromLogits;

    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var y = Targets.AxisLast(Targets.Like(yTrue, yPred, Name), Axis);
        yPred = Targets.AxisLast(yPred, Axis);
        y = OnnxFunctional.Training.CategoricalCrossentropy.Smoothed(y, yPred, (float)LabelSmoothing);
        var p = OnnxFunctional.Training.CategoricalCrossentropy.Normalized(FromLogits ? Ops.Softmax(yPred) : yPred);
        return Ops.Sum(Ops.Power(1 - p, (float)Gamma) * (float)Alpha * (-y * Ops.Log(p)), -1);
    }
}
