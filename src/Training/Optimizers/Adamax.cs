namespace OnnxFunctional.Training.Optimizers;

/// <summary>
/// Adam with the largest gradient in place of the root mean square (Kingma and Ba 2014):
/// <c>m = b1 m + (1 - b1) g, u = max(b2 u, |g|), w -= lr m / ((1 - b1^t) (u + epsilon))</c>.
/// </summary>
/// <remarks>https://keras.io/api/optimizers/adamax/</remarks>
/// <param name="learningRate">The learning rate.</param>
/// <param name="beta1">How much of the mean gradient is kept.</param>
/// <param name="beta2">How much of the largest gradient is kept.</param>
/// <param name="epsilon">A small value added to the largest gradient.</param>
public sealed class Adamax(Schedule? learningRate = null, float beta1 = 0.9f, float beta2 = 0.999f, float epsilon = 1e-7f) : Optimizer(learningRate ?? 0.001f)
{
    /// <summary>How much of the mean gradient is kept.</summary>
    public float Beta1 { get; } = Check.Rate(beta1, nameof(Adamax), nameof(beta1));

    /// <summary>How much of the largest gradient is kept.</summary>
    public float Beta2 { get; } = Check.Rate(beta2, nameof(Adamax), nameof(beta2));

    /// <summary>A small value added to the largest gradient.</summary>
    public float Epsilon { get; } = Check.NotNegative(epsilon, nameof(Adamax), nameof(epsilon));

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (momentum, largest) = (context.Slot("momentum"), context.Slot("norm"));
        var mean = momentum + ((context.Gradient - momentum) * (1 - Beta1));
        var norm = Ops.Maximum(largest * Beta2, Ops.Abs(context.Gradient));
        context.SetSlot(momentum, mean);
        context.SetSlot(largest, norm);
        var rate = context.LearningRate / (1 - Ops.Power(Beta1, context.Step));
        context.SetWeight(context.Weight - (mean * rate / (norm + Epsilon)));
    }
}
