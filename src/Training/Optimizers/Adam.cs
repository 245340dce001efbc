namespace OnnxFunctional.Training;

/// <summary>
/// Adaptive moments (Kingma and Ba 2014): <c>m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + epsilon)</c>.
/// </summary>
/// <remarks>https://keras.io/api/optimizers/adam/</remarks>
/// <param name="learningRate">The learning rate.</param>
/// <param name="beta1">How much of the mean gradient is kept.</param>
/// <param name="beta2">How much of the mean square is kept.</param>
/// <param name="epsilon">A small value added to the root.</param>
/// <param name="amsgrad">Whether to divide by the largest mean square so far.</param>
public class Adam(Schedule? learningRate = null, float beta1 = 0.9f, float beta2 = 0.999f, float epsilon = 1e-7f, bool amsgrad = false)
    : Optimizer(learningRate ?? 0.001f)
{
    /// <summary>How much of the mean gradient is kept.</summary>
    public float Beta1 { get; init => field = Check.Rate(value, Name, nameof(Beta1)); } = Check.Rate(beta1, nameof(Adam), nameof(beta1));

    /// <summary>How much of the mean square is kept.</summary>
    public float Beta2 { get; init => field = Check.Rate(value, Name, nameof(Beta2)); } = Check.Rate(beta2, nameof(Adam), nameof(beta2));

    /// <summary>A small value added to the root.</summary>
    public float Epsilon { get; init => field = Check.NotNegative(value, Name, nameof(Epsilon)); } = Check.NotNegative(epsilon, nameof(Adam), nameof(epsilon));

    /// <summary>Whether to divide by the largest mean square so far.</summary>
    public bool Amsgrad { get; init; } = amsgrad;

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (mean, square) = context.Moments(Beta1, Beta2);
        var divisor = square;
        if (Amsgrad)
        {
            var largest = context.Slot("velocity_hat");
            divisor = Ops.Maximum(largest, square);
            context.SetSlot(largest, divisor);
        }

        var rate = context.LearningRate * Ops.Sqrt(1 - Ops.Power(Beta2, context.Step)) / (1 - Ops.Power(Beta1, context.Step));
        context.SetWeight(context.Weight - (mean * rate / (Ops.Sqrt(divisor) + Epsilon)));
    }
}
