namespace OnnxFunctional.Training.Optimizers;

/// <summary>
/// Adam with Nesterov momentum (Dozat 2016): <c>u_t = b1 (1 - 0.5 0.96^t), w -= lr (u_(t+1) m / (1 - prod u_(t+1)) + (1 - u_t) g / (1 - prod u_t)) / (sqrt(v /
/// (1 - b2^t)) + epsilon)</c>.
/// </summary>
/// <remarks>https://keras.io/api/optimizers/Nadam/</remarks>
/// <param name="learningRate">The learning rate.</param>
/// <param name="beta1">How much of the mean gradient is kept.</param>
/// <param name="beta2">How much of the mean square is kept.</param>
/// <param name="epsilon">A small value added to the root.</param>
public sealed class Nadam(Schedule? learningRate = null, float beta1 = 0.9f, float beta2 = 0.999f, float epsilon = 1e-7f) : Optimizer(learningRate ?? 0.001f)
{
    private const float Decay = 0.96f;

    /// <summary>How much of the mean gradient is kept.</summary>
    public float Beta1 { get; } = Check.Rate(beta1, nameof(Nadam), nameof(beta1));

    /// <summary>How much of the mean square is kept.</summary>
    public float Beta2 { get; } = Check.Rate(beta2, nameof(Nadam), nameof(beta2));

    /// <summary>A small value added to the root.</summary>
    public float Epsilon { get; } = Check.NotNegative(epsilon, nameof(Nadam), nameof(epsilon));

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (mean, square) = context.Moments(Beta1, Beta2);
        var product = context.Slot("u_product", Initializer.Ones, Shape.Of());
        var now = Beta1 * (1 - (0.5f * Ops.Power(Decay, context.Step)));
        var next = Beta1 * (1 - (0.5f * Ops.Power(Decay, context.Step + 1)));
        var productNow = product * now;
        context.SetSlot(product, productNow);
        var ahead = (mean * (next / (1 - (productNow * next)))) + (context.Gradient * ((1 - now) / (1 - productNow)));
        var root = Ops.Sqrt(square / (1 - Ops.Power(Beta2, context.Step))) + Epsilon;
        context.SetWeight(context.Weight - (ahead * context.LearningRate / root));
    }
}
