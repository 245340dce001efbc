namespace OnnxFunctional.Training.Optimizers;

/// <summary>
/// Adam with steps proportional to the norm of each weight, for large batches (You et al. 2019):
/// <c>u = m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon), w -= lr |w| / |u| u</c>.
/// </summary>
/// <remarks>https://keras.io/api/optimizers/lamb/</remarks>
/// <param name="learningRate">The learning rate.</param>
/// <param name="beta1">How much of the mean gradient is kept.</param>
/// <param name="beta2">How much of the mean square is kept.</param>
/// <param name="epsilon">A small value added to the root.</param>
public sealed class Lamb(Schedule? learningRate = null, float beta1 = 0.9f, float beta2 = 0.999f, float epsilon = 1e-7f) : Optimizer(learningRate ?? 0.001f)
{
    /// <summary>How much of the mean gradient is kept.</summary>
    public float Beta1 { get; } = Check.Rate(beta1, nameof(Lamb), nameof(beta1));

    /// <summary>How much of the mean square is kept.</summary>
    public float Beta2 { get; } = Check.Rate(beta2, nameof(Lamb), nameof(beta2));

    /// <summary>A small value added to the root.</summary>
    public float Epsilon { get; } = Check.NotNegative(epsilon, nameof(Lamb), nameof(epsilon));

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (mean, square) = context.Moments(Beta1, Beta2);
        var update = mean / (1 - Ops.Power(Beta1, context.Step)) / (Ops.Sqrt(square / (1 - Ops.Power(Beta2, context.Step))) + Epsilon);
        var (weightNorm, updateNorm) = (Ops.Norm(context.Weight), Ops.Norm(update));
        var both = Ops.LogicalAnd(Ops.Greater(weightNorm, 0), Ops.Greater(updateNorm, 0));
        var ratio = Ops.Where(both, weightNorm / updateNorm, 1);
        context.SetWeight(context.Weight - (update * (ratio * context.LearningRate)));
    }
}
