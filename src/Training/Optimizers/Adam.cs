namespace OnnxFunctional.Training;

/// <summary>
/// Adaptive moments (Kingma and Ba 2014): <c>m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + epsilon)</c>.
/// </summary>
/// <remarks>https://keras.io/api/optimizers/adam/</remarks>
/// <param name="learningRate">The learning rate or a schedule of it; default: 0.001.</param>
/// <param name="beta1">How much of the mean gradient is kept, from 0 to 1.</param>
/// <param name="beta2">How much of the mean square is kept, from 0 to 1.</param>
/// <param name="epsilon">A small value added to the root; at least 0.</param>
/// <param name="amsgrad">Whether to divide by the largest mean square so far.</param>
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
/// var trainer = model.Compile(new Adam(1e-3, clipnorm: 1), Loss.MeanSquaredError);
/// </code></example>
public class Adam(
    Schedule? learningRate = null,
    double beta1 = 0.9,
    double beta2 = 0.999,
    double epsilon = 1e-7,
    bool amsgrad = false,
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
    /// <summary>How much of the mean gradient is kept.</summary>
    public double Beta1 { get; } = Check.Rate(beta1, nameof(Adam), nameof(beta1));

    /// <summary>How much of the mean square is kept.</summary>
    public double Beta2 { get; } = Check.Rate(beta2, nameof(Adam), nameof(beta2));

    /// <summary>A small value added to the root.</summary>
    public double Epsilon { get; } = Check.NotNegative(epsilon, nameof(Adam), nameof(epsilon));

    /// <summary>Whether to divide by the largest mean square so far.</summary>
    public bool Amsgrad { get; } = amsgrad;

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (beta1, beta2, epsilon) = ((float)Beta1, (float)Beta2, (float)Epsilon);
        var (mean, square) = context.Moments(beta1, beta2);
        var divisor = square;
        if (Amsgrad)
        {
            var largest = context.Slot("velocity_hat");
            divisor = Ops.Maximum(largest, square);
            context.SetSlot(largest, divisor);
        }

        var rate = context.LearningRate * Ops.Sqrt(1 - Ops.Power(beta2, context.Step)) / (1 - Ops.Power(beta1, context.Step));
        context.SetWeight(context.Weight - (mean * rate / (Ops.Sqrt(divisor) + epsilon)));
    }
}
