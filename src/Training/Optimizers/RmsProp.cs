namespace OnnxFunctional.Training;

/// <summary>Steps divided by a moving root mean square of the gradients: <c>v = rho v + (1 - rho) g^2, w -= lr g / sqrt(v + epsilon)</c>.</summary>
/// <remarks>https://keras.io/api/optimizers/rmsprop/</remarks>
/// <param name="learningRate">The learning rate.</param>
/// <param name="rho">How much of the mean square is kept.</param>
/// <param name="momentum">How much of the previous step is kept.</param>
/// <param name="epsilon">A small value added under the root.</param>
/// <param name="centered">Whether the square of the mean gradient is subtracted, so that steps are divided by the standard deviation.</param>
public sealed class RmsProp(Schedule? learningRate = null, float rho = 0.9f, float momentum = 0, float epsilon = 1e-7f, bool centered = false)
    : Optimizer(learningRate ?? 0.001f)
{
    /// <summary>How much of the mean square is kept.</summary>
    public float Rho { get; } = Check.Rate(rho, nameof(RmsProp), nameof(rho));

    /// <summary>How much of the previous step is kept.</summary>
    public float Momentum { get; } = Check.Rate(momentum, nameof(RmsProp), nameof(momentum));

    /// <summary>A small value added under the root.</summary>
    public float Epsilon { get; } = Check.NotNegative(epsilon, nameof(RmsProp), nameof(epsilon));

    /// <summary>Whether the square of the mean gradient is subtracted.</summary>
    public bool Centered { get; } = centered;

    /// <inheritdoc/>
    public override string Name => "rmsprop";

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var gradient = context.Gradient;
        var velocity = context.Slot("velocity");
        var square = (velocity * Rho) + (Ops.Square(gradient) * (1 - Rho));
        context.SetSlot(velocity, square);
        var denominator = square + Epsilon;
        if (Centered)
        {
            var average = context.Slot("average_gradient");
            var mean = (average * Rho) + (gradient * (1 - Rho));
            context.SetSlot(average, mean);
            denominator = square - Ops.Square(mean) + Epsilon;
        }

        var increment = context.LearningRate * gradient * Ops.Rsqrt(denominator);
        if (Momentum > 0)
        {
            var slot = context.Slot("momentum");
            increment = (slot * Momentum) + increment;
            context.SetSlot(slot, increment);
        }

        context.SetWeight(context.Weight - increment);
    }
}
