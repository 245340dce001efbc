namespace OnnxFunctional.Training.Optimizers;

/// <summary>Steps divided by the root of all squares so far (Duchi et al. 2011): <c>a += g^2, w -= lr g / sqrt(a + epsilon)</c>.</summary>
/// <remarks>https://keras.io/api/optimizers/adagrad/</remarks>
/// <param name="learningRate">The learning rate or a schedule of it; default: 0.001.</param>
/// <param name="initialAccumulatorValue">The initial value of the sum of squares; at least 0.</param>
/// <param name="epsilon">A small value added under the root; at least 0.</param>
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
public sealed class Adagrad(
    Schedule? learningRate = null,
    double initialAccumulatorValue = 0.1,
    double epsilon = 1e-7,
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
    /// <summary>The initial value of the sum of squares.</summary>
    public double InitialAccumulatorValue { get; } = Check.NotNegative(initialAccumulatorValue, nameof(Adagrad), nameof(initialAccumulatorValue));

    /// <summary>A small value added under the root.</summary>
    public double Epsilon { get; } = Check.NotNegative(epsilon, nameof(Adagrad), nameof(epsilon));

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var accumulator = context.Slot("accumulator", Initializer.Constant((float)InitialAccumulatorValue));
        var sum = accumulator + Ops.Square(context.Gradient);
        context.SetSlot(accumulator, sum);
        context.SetWeight(context.Weight - (context.Gradient * context.LearningRate / Ops.Sqrt(sum + (float)Epsilon)));
    }
}
