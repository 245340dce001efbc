namespace OnnxFunctional.Training;

/// <summary>Stochastic gradient descent: <c>w -= lr g</c>; with momentum <c>m = momentum m - lr g, w += m</c>.</summary>
/// <remarks>https://keras.io/api/optimizers/sgd/</remarks>
/// <param name="learningRate">The learning rate or a schedule of it; default: 0.01.</param>
/// <param name="momentum">How much of the previous step is kept, from 0 to 1.</param>
/// <param name="nesterov">Whether Nesterov momentum is used: <c>w += momentum m - lr g</c>.</param>
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
/// <example><code>
/// var trainer = model.Compile(new Sgd(0.01, momentum: 0.9, nesterov: true), Loss.MeanSquaredError);
/// </code></example>
public sealed class Sgd(
    Schedule? learningRate = null,
    double momentum = 0,
    bool nesterov = false,
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
        learningRate ?? 0.01,
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
    /// <summary>How much of the previous step is kept.</summary>
    public double Momentum { get; } = Check.Rate(momentum, nameof(Sgd), nameof(momentum));

    /// <summary>Whether Nesterov momentum is used.</summary>
    public bool Nesterov { get; } = nesterov;

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var momentum = (float)Momentum;
        var move = context.LearningRate * context.Gradient;
        if (momentum == 0)
        {
            context.SetWeight(context.Weight - move);
            return;
        }

        var slot = context.Slot("momentum");
        var next = (slot * momentum) - move;
        context.SetSlot(slot, next);
        context.SetWeight(Nesterov ? context.Weight + ((next * momentum) - move) : context.Weight + next);
    }
}
