namespace OnnxFunctional.Training.Optimizers;

/// <summary>Steps of equal size in the direction of the momentum (Chen et al. 2023): <c>w -= lr sign(b1 m + (1 - b1) g), m = b2 m + (1 - b2) g</c>.</summary>
/// <remarks>https://keras.io/api/optimizers/lion/</remarks>
/// <param name="learningRate">The learning rate.</param>
/// <param name="beta1">The share of the momentum in the direction of a step.</param>
/// <param name="beta2">How much of the momentum is kept.</param>
public sealed class Lion(Schedule? learningRate = null, float beta1 = 0.9f, float beta2 = 0.99f) : Optimizer(learningRate ?? 0.001f)
{
    /// <summary>The share of the momentum in the direction of a step.</summary>
    public float Beta1 { get; } = Check.Rate(beta1, nameof(Lion), nameof(beta1));

    /// <summary>How much of the momentum is kept.</summary>
    public float Beta2 { get; } = Check.Rate(beta2, nameof(Lion), nameof(beta2));

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var momentum = context.Slot("momentum");
        var direction = Ops.Sign((momentum * Beta1) + (context.Gradient * (1 - Beta1)));
        context.SetSlot(momentum, (momentum * Beta2) + (context.Gradient * (1 - Beta2)));
        context.SetWeight(context.Weight - (direction * context.LearningRate));
    }
}
