namespace OnnxFunctional.Training.Optimizers;

/// <summary>
/// Adam with the largest gradient in place of the root mean square (Kingma and Ba 2014):
/// <c>m = b1 m + (1 - b1) g, u = max(b2 u, |g|), w -= lr m / ((1 - b1^t) (u + epsilon))</c>.
/// </summary>
/// <remarks>https://keras.io/api/optimizers/adamax/</remarks>
/// <param name="learningRate">The learning rate or a schedule of it; default: 0.001.</param>
/// <param name="beta1">How much of the mean gradient is kept, from 0 to 1.</param>
/// <param name="beta2">How much of the largest gradient is kept, from 0 to 1.</param>
/// <param name="epsilon">A small value added to the largest gradient; at least 0.</param>
/// <param name="weightDecay">The share of the weights, times the learning rate, that each step subtracts; at least 0. Default: none.</param>
/// <param name="clipnorm">The gradient of each weight is scaled down to this norm, above 0. At most one of the three kinds of clipping can be chosen.</param>
/// <param name="clipvalue">Elements of gradients are clipped to plus and minus this value, above 0.</param>
/// <param name="globalClipnorm">All gradients are scaled down together to this norm, above 0.</param>
/// <param name="useEma">Whether moving averages of the weights are kept; when training ends they replace the weights.</param>
/// <param name="emaMomentum">How much of the moving averages is kept, from 0 to 1.</param>
/// <param name="emaOverwriteFrequency">The averages also replace the weights each time this many steps were made, at least 1; default: only at the end.</param>
/// <param name="gradientAccumulationSteps">Weights are updated once in this many batches, at least 2; default: after each.</param>
/// <param name="excludeFromWeightDecay">Weights whose full name contains one of these do not decay: <c>["bias", "gamma"]</c>.</param>
/// <param name="name">Its name in messages and files; default: Keras' name of the class.</param>
/// <exception cref="ModelException">A value is out of its range.</exception>
public sealed class Adamax(
    Schedule? learningRate = null,
    double beta1 = 0.9,
    double beta2 = 0.999,
    double epsilon = 1e-7,
    double? weightDecay = null,
    double? clipnorm = null,
    double? clipvalue = null,
    double? globalClipnorm = null,
    bool useEma = false,
    double emaMomentum = 0.99,
    int? emaOverwriteFrequency = null,
    int? gradientAccumulationSteps = null,
    IReadOnlyList<string>? excludeFromWeightDecay = null,
    string? name = null)
    : Optimizer(
        learningRate ?? 0.001,
        weightDecay,
        clipnorm,
        clipvalue,
        globalClipnorm,
        useEma,
        emaMomentum,
        emaOverwriteFrequency,
        gradientAccumulationSteps,
        excludeFromWeightDecay,
        name)
{
    /// <summary>How much of the mean gradient is kept.</summary>
    public double Beta1 { get; } = Check.Rate(beta1, nameof(Adamax), nameof(beta1));

    /// <summary>How much of the largest gradient is kept.</summary>
    public double Beta2 { get; } = Check.Rate(beta2, nameof(Adamax), nameof(beta2));

    /// <summary>A small value added to the largest gradient.</summary>
    public double Epsilon { get; } = Check.NotNegative(epsilon, nameof(Adamax), nameof(epsilon));

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (beta1, beta2, epsilon) = ((float)Beta1, (float)Beta2, (float)Epsilon);
        var (momentum, largest) = (context.Slot("momentum"), context.Slot("norm"));
        var mean = momentum + ((context.Gradient - momentum) * (1 - beta1));
        var norm = Ops.Maximum(largest * beta2, Ops.Abs(context.Gradient));
        context.SetSlot(momentum, mean);
        context.SetSlot(largest, norm);
        var rate = context.LearningRate / (1 - Ops.Power(beta1, context.Step));
        context.SetWeight(context.Weight - (mean * rate / (norm + epsilon)));
    }
}
