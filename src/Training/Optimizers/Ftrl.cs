namespace OnnxFunctional.Training.Optimizers;

/// <summary>
/// Follow the regularized leader (McMahan et al. 2013): weights of little effect become exactly 0. With <c>p = -learningRatePower</c>:
/// <c>n' = n + g^2, z += g + 2 shrinkage w - (n'^p - n^p) w / lr, w = (clip(z, -l1, l1) - z) / (n'^p / lr + 2 l2 + beta / lr)</c>.
/// </summary>
/// <remarks>
/// https://keras.io/api/optimizers/ftrl/. The update divides by the learning rate, which is 0 at the start of a warm-up and may end at 0. A step of rate 0 then
/// changes neither weights nor state, as under other optimizers the weights stay; Keras' weights become NaN.
/// </remarks>
/// <param name="learningRate">The learning rate.</param>
/// <param name="learningRatePower">How the learning rate falls with the sum of squares; 0 for a fixed rate.</param>
/// <param name="initialAccumulatorValue">The initial value of the sum of squares.</param>
/// <param name="l1RegularizationStrength">The L1 penalty, which makes weights 0.</param>
/// <param name="l2RegularizationStrength">The L2 penalty.</param>
/// <param name="l2ShrinkageRegularizationStrength">The L2 penalty that is added to the gradient.</param>
/// <param name="beta">A value added to the root of the sum of squares.</param>
public sealed class Ftrl(
    Schedule? learningRate = null,
    float learningRatePower = -0.5f,
    float initialAccumulatorValue = 0.1f,
    float l1RegularizationStrength = 0,
    float l2RegularizationStrength = 0,
    float l2ShrinkageRegularizationStrength = 0,
    float beta = 0)
    : Optimizer(learningRate ?? 0.001f)
{
    /// <summary>How the learning rate falls with the sum of squares; 0 for a fixed rate.</summary>
    public float LearningRatePower { get; } = learningRatePower;

    /// <summary>The initial value of the sum of squares.</summary>
    public float InitialAccumulatorValue { get; } = Check.NotNegative(initialAccumulatorValue, nameof(Ftrl), nameof(initialAccumulatorValue));

    /// <summary>The L1 penalty, which makes weights 0.</summary>
    public float L1RegularizationStrength { get; } = Check.NotNegative(l1RegularizationStrength, nameof(Ftrl), nameof(l1RegularizationStrength));

    /// <summary>The L2 penalty.</summary>
    public float L2RegularizationStrength { get; } = Check.NotNegative(l2RegularizationStrength, nameof(Ftrl), nameof(l2RegularizationStrength));

    /// <summary>The L2 penalty that is added to the gradient.</summary>
    public float L2ShrinkageRegularizationStrength { get; } =
        Check.NotNegative(l2ShrinkageRegularizationStrength, nameof(Ftrl), nameof(l2ShrinkageRegularizationStrength));

    /// <summary>A value added to the root of the sum of squares.</summary>
    public float Beta { get; } = Check.NotNegative(beta, nameof(Ftrl), nameof(beta));

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (accumulator, linear) = (context.Slot("accumulator", Initializer.Constant(InitialAccumulatorValue)), context.Slot("linear"));
        var (weight, rate) = (context.Weight, context.LearningRate);
        var sum = accumulator + Ops.Square(context.Gradient);
        var (before, after) = (Ops.Power(accumulator, -LearningRatePower), Ops.Power(sum, -LearningRatePower));
        var gradient = L2ShrinkageRegularizationStrength == 0 ? context.Gradient : context.Gradient + (weight * (2 * L2ShrinkageRegularizationStrength));
        var total = linear + (gradient - ((after - before) / rate * weight));
        var moves = Ops.Greater(rate, 0);
        context.SetSlot(accumulator, Ops.Where(moves, sum, accumulator));
        context.SetSlot(linear, Ops.Where(moves, total, linear));
        var quadratic = (after / rate) + (2 * (L2RegularizationStrength + (Beta / (2 * rate))));
        var moved = (Ops.Clip(total, -L1RegularizationStrength, L1RegularizationStrength) - total) / quadratic;
        context.SetWeight(Ops.Where(moves, moved, weight));
    }
}
