namespace OnnxFunctional.Training.Losses;

/// <summary>Cross-entropy for yes or no that looks at what is still wrong (Lin et al. 2018): the mean over the last axis of <c>(1 - p_t)^gamma</c> times the cross-entropy, with <c>p_t = y p + (1 - y) (1 - p)</c>.</summary>
/// <remarks>https://keras.io/api/losses/probabilistic_losses/#binaryfocalcrossentropy-class</remarks>
/// <param name="applyClassBalancing">Whether ones weigh alpha and zeros the rest.</param>
/// <param name="alpha">The weight of ones; zeros have the rest.</param>
/// <param name="gamma">How fast the weight falls for predictions that are right.</param>
/// <param name="fromLogits">Predictions are not yet probabilities.</param>
/// <param name="labelSmoothing">Moves targets towards equal probabilities by this share.</param>
public sealed class BinaryFocalCrossentropy(bool applyClassBalancing = false, float alpha = 0.25f, float gamma = 2, bool fromLogits = false, float labelSmoothing = 0) : Loss
{
    /// <summary>Whether ones weigh alpha and zeros the rest.</summary>
    public bool ApplyClassBalancing { get; } = applyClassBalancing;

    /// <summary>The weight of ones; zeros have the rest.</summary>
    public float Alpha { get; } = alpha;

    /// <summary>How fast the weight falls for predictions that are right.</summary>
    public float Gamma { get; } = gamma;

    /// <summary>Predictions are not yet probabilities.</summary>
    public bool FromLogits { get; } = fromLogits;

    /// <summary>Moves targets towards equal probabilities by this share.</summary>
    public float LabelSmoothing { get; } = labelSmoothing;

    /// <summary>The axis of the mean.</summary>
    public int Axis { get; init; } = -1;

    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var y = Targets.Like(yTrue, yPred, Name);
        if (LabelSmoothing != 0) y = (y * (1 - LabelSmoothing)) + (LabelSmoothing / 2);
        var p = FromLogits ? Ops.Sigmoid(yPred) : yPred;
        var right = (y * p) + ((1 - y) * (1 - p));
        var losses = Ops.Power(1 - right, Gamma) * OnnxFunctional.Training.BinaryCrossentropy.Elements(y, p, fromLogits: false);
        if (ApplyClassBalancing) losses *= (y * Alpha) + ((1 - y) * (1 - Alpha));
        return Ops.Mean(losses, Axis);
    }
}

/// <summary>Cross-entropy over classes, targets one-hot, that looks at what is still wrong (Lin et al. 2018): the sum over the last axis of <c>-alpha (1 - p)^gamma y log(p)</c>.</summary>
/// <remarks>https://keras.io/api/losses/probabilistic_losses/#categoricalfocalcrossentropy-class</remarks>
/// <param name="alpha">The weight of all classes.</param>
/// <param name="gamma">How fast the weight falls for predictions that are right.</param>
/// <param name="fromLogits">Predictions are not yet probabilities.</param>
/// <param name="labelSmoothing">Moves targets towards equal probabilities by this share.</param>
public sealed class CategoricalFocalCrossentropy(float alpha = 0.25f, float gamma = 2, bool fromLogits = false, float labelSmoothing = 0) : Loss
{
    /// <summary>The weight of all classes.</summary>
    public float Alpha { get; } = alpha;

    /// <summary>How fast the weight falls for predictions that are right.</summary>
    public float Gamma { get; } = gamma;

    /// <summary>Predictions are not yet probabilities.</summary>
    public bool FromLogits { get; } = fromLogits;

    /// <summary>Moves targets towards equal probabilities by this share.</summary>
    public float LabelSmoothing { get; } = labelSmoothing;

    /// <summary>The axis of the classes.</summary>
    public int Axis { get; init; } = -1;

    /// <inheritdoc/>
    protected internal override SymbolicTensor PerSample(SymbolicTensor yTrue, SymbolicTensor yPred)
    {
        var y = Targets.AxisLast(Targets.Like(yTrue, yPred, Name), Axis);
        yPred = Targets.AxisLast(yPred, Axis);
        if (LabelSmoothing != 0) y = OnnxFunctional.Training.CategoricalCrossentropy.Smoothed(y, yPred, LabelSmoothing);
        var p = OnnxFunctional.Training.CategoricalCrossentropy.Normalized(FromLogits ? Ops.Softmax(yPred) : yPred);
        return Ops.Sum(Ops.Power(1 - p, Gamma) * Alpha * (-y * Ops.Log(p)), -1);
    }
}
