namespace OnnxFunctional.Training.Optimizers;

/// <summary>Steps of equal size in the direction of the momentum (Chen et al. 2023): <c>w -= lr sign(b1 m + (1 - b1) g), m = b2 m + (1 - b2) g</c>.</summary>
/// <remarks>https://keras.io/api/optimizers/lion/</remarks>
/// <param name="learningRate">The learning rate or a schedule of it; default: 0.001.</param>
/// <param name="beta1">The share of the momentum in the direction of a step, from 0 to 1.</param>
/// <param name="beta2">How much of the momentum is kept, from 0 to 1.</param>
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
public sealed class Lion(
    Schedule? learningRate = null,
    double beta1 = 0.9,
    double beta2 = 0.99,
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
    /// <summary>The share of the momentum in the direction of a step.</summary>
    public double Beta1 { get; } = Check.Rate(beta1, nameof(Lion), nameof(beta1));

    /// <summary>How much of the momentum is kept.</summary>
    public double Beta2 { get; } = Check.Rate(beta2, nameof(Lion), nameof(beta2));

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (beta1, beta2) = ((float)Beta1, (float)Beta2);
        var momentum = context.Slot("momentum");
        var direction = Ops.Sign((momentum * beta1) + (context.Gradient * (1 - beta1)));
        context.SetSlot(momentum, (momentum * beta2) + (context.Gradient * (1 - beta2)));
        context.SetWeight(context.Weight - (direction * context.LearningRate));
    }
}
