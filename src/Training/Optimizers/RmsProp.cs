namespace OnnxFunctional.Training;

/// <summary>Steps divided by a moving root mean square of the gradients: <c>v = rho v + (1 - rho) g^2, w -= lr g / sqrt(v + epsilon)</c>.</summary>
/// <remarks>https://keras.io/api/optimizers/rmsprop/</remarks>
/// <param name="learningRate">The learning rate or a schedule of it; default: 0.001.</param>
/// <param name="rho">How much of the mean square is kept, from 0 to 1.</param>
/// <param name="momentum">How much of the previous step is kept, from 0 to 1.</param>
/// <param name="epsilon">A small value added under the root; at least 0.</param>
/// <param name="centered">Whether the square of the mean gradient is subtracted, so that steps are divided by the standard deviation.</param>
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
public sealed class RmsProp(
    Schedule? learningRate = null,
    double rho = 0.9,
    double momentum = 0,
    double epsilon = 1e-7,
    bool centered = false,
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
    /// <summary>How much of the mean square is kept.</summary>
    public double Rho { get; } = Check.Rate(rho, nameof(RmsProp), nameof(rho));

    /// <summary>How much of the previous step is kept.</summary>
    public double Momentum { get; } = Check.Rate(momentum, nameof(RmsProp), nameof(momentum));

    /// <summary>A small value added under the root.</summary>
    public double Epsilon { get; } = Check.NotNegative(epsilon, nameof(RmsProp), nameof(epsilon));

    /// <summary>Whether the square of the mean gradient is subtracted.</summary>
    public bool Centered { get; } = centered;

    /// <inheritdoc/>
    public override string Name => GivenName ?? "rmsprop";

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (rho, momentum, epsilon) = ((float)Rho, (float)Momentum, (float)Epsilon);
        var gradient = context.Gradient;
        var velocity = context.Slot("velocity");
        var square = (velocity * rho) + (Ops.Square(gradient) * (1 - rho));
        context.SetSlot(velocity, square);
        var denominator = square + epsilon;
        if (Centered)
        {
            var average = context.Slot("average_gradient");
            var mean = (average * rho) + (gradient * (1 - rho));
            context.SetSlot(average, mean);
            denominator = square - Ops.Square(mean) + epsilon;
        }

        var increment = context.LearningRate * gradient * Ops.Rsqrt(denominator);
        if (momentum > 0)
        {
            var slot = context.Slot("momentum");
            increment = (slot * momentum) + increment;
            context.SetSlot(slot, increment);
        }

        context.SetWeight(context.Weight - increment);
    }
}
