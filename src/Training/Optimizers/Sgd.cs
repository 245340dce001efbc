namespace OnnxFunctional.Training;

/// <summary>Stochastic gradient descent: <c>w -= lr g</c>; with momentum <c>m = momentum m - lr g, w += m</c>.</summary>
/// <remarks>https://keras.io/api/optimizers/sgd/</remarks>
/// <param name="learningRate">The learning rate.</param>
/// <param name="momentum">How much of the previous step is kept.</param>
/// <param name="nesterov">Whether Nesterov momentum is used: <c>w += momentum m - lr g</c>.</param>
public sealed class Sgd(Schedule? learningRate = null, float momentum = 0, bool nesterov = false) : Optimizer(learningRate ?? 0.01f)
{
    /// <summary>How much of the previous step is kept.</summary>
    public float Momentum { get; } = Check.Rate(momentum, nameof(Sgd), nameof(momentum));

    /// <summary>Whether Nesterov momentum is used.</summary>
    public bool Nesterov { get; } = nesterov;

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var move = context.LearningRate * context.Gradient;
        if (Momentum == 0)
        {
            context.SetWeight(context.Weight - move);
            return;
        }

        var slot = context.Slot("momentum");
        var next = (slot * Momentum) - move;
        context.SetSlot(slot, next);
        context.SetWeight(Nesterov ? context.Weight + ((next * Momentum) - move) : context.Weight + next);
    }
}
