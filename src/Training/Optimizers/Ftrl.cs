namespace OnnxFunctional.Training.Optimizers;

/// <summary>
/// Follow the regularized leader (McMahan et al. 2013): weights of little effect become exactly 0. With <c>p = -learningRatePower</c>:
/// <c>n' = n + g^2, z += g + 2 shrinkage w - (n'^p - n^p) w / lr, w = (clip(z, -l1, l1) - z) / (n'^p / lr + 2 l2 + beta / lr)</c>.
/// </summary>
/// <remarks>
/// https://keras.io/api/optimizers/ftrl/. The update divides by the learning rate, which is 0 at the start of a warm-up and may end at 0. A step of rate 0 then
/// changes neither weights nor state, as under other optimizers the weights stay; Keras' weights become NaN.
/// </remarks>
/// <param name="learningRate">The learning rate or a schedule of it; default: 0.001.</param>
/// <param name="learningRatePower">How the learning rate falls with the sum of squares; 0 for a fixed rate.</param>
/// <param name="initialAccumulatorValue">The initial value of the sum of squares; at least 0.</param>
/// <param name="l1RegularizationStrength">The L1 penalty, which makes weights 0; at least 0.</param>
/// <param name="l2RegularizationStrength">The L2 penalty; at least 0.</param>
/// <param name="l2ShrinkageRegularizationStrength">The L2 penalty that is added to the gradient; at least 0.</param>
/// <param name="beta">A value added to the root of the sum of squares; at least 0.</param>
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
public sealed class Ftrl(
    Schedule? learningRate = null,
    double learningRatePower = -0.5,
    double initialAccumulatorValue = 0.1,
    double l1RegularizationStrength = 0,
    double l2RegularizationStrength = 0,
    double l2ShrinkageRegularizationStrength = 0,
    double beta = 0,
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
    /// <summary>How the learning rate falls with the sum of squares; 0 for a fixed rate.</summary>
    public double LearningRatePower { get; } = Check.Finite(learningRatePower, nameof(Ftrl), nameof(learningRatePower));

    /// <summary>The initial value of the sum of squares.</summary>
    public double InitialAccumulatorValue { get; } = Check.NotNegative(initialAccumulatorValue, nameof(Ftrl), nameof(initialAccumulatorValue));

    /// <summary>The L1 penalty, which makes weights 0.</summary>
    public double L1RegularizationStrength { get; } = Check.NotNegative(l1RegularizationStrength, nameof(Ftrl), nameof(l1RegularizationStrength));

    /// <summary>The L2 penalty.</summary>
    public double L2RegularizationStrength { get; } = Check.NotNegative(l2RegularizationStrength, nameof(Ftrl), nameof(l2RegularizationStrength));

    /// <summary>The L2 penalty that is added to the gradient.</summary>
    public double L2ShrinkageRegularizationStrength { get; } =
        Check.NotNegative(l2ShrinkageRegularizationStrength, nameof(Ftrl), nameof(l2ShrinkageRegularizationStrength));

    /// <summary>A value added to the root of the sum of squares.</summary>
    public double Beta { get; } = Check.NotNegative(beta, nameof(Ftrl), nameof(beta));

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (power, beta, l1, l2) = (-(float)LearningRatePower, (float)Beta, (float)L1RegularizationStrength, (float)L2RegularizationStrength);
        var shrinkage = (float)L2ShrinkageRegularizationStrength;
        var (accumulator, linear) = (context.Slot("accumulator", Initializer.Constant((float)InitialAccumulatorValue)), context.Slot("linear"));
        var (weight, rate) = (context.Weight, context.LearningRate);
        var sum = accumulator + Ops.Square(context.Gradient);
        var (before, after) = (Ops.Power(accumulator, power), Ops.Power(sum, power));
        var gradient = shrinkage == 0 ? context.Gradient : context.Gradient + (weight * (2 * shrinkage));
        var total = linear + (gradient - ((after - before) / rate * weight));
        var moves = Ops.Greater(rate, 0);
        context.SetSlot(accumulator, Ops.Where(moves, sum, accumulator));
        context.SetSlot(linear, Ops.Where(moves, total, linear));
        var quadratic = (after / rate) + (2 * (l2 + (beta / (2 * rate))));
        var moved = (Ops.Clip(total, -l1, l1) - total) / quadratic;
        context.SetWeight(Ops.Where(moves, moved, weight));
    }
}
