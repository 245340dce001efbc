namespace OnnxFunctional.Training.Optimizers;

/// <summary>Follow the regularized leader (McMahan et al. 2013): weights that matter little become exactly 0. With <c>p = -learningRatePower</c>: <c>n' = n + g^2, z += g + 2 shrinkage w - (n'^p - n^p) w / lr, w = (clip(z, -l1, l1) - z) / (n'^p / lr + 2 l2 + beta / lr)</c>.</summary>
/// <remarks>https://keras.io/api/optimizers/ftrl/</remarks>
/// <param name="learningRate">The size of a step.</param>
/// <param name="learningRatePower">How the rate falls with the sum of squares; 0 for a fixed rate.</param>
/// <param name="initialAccumulatorValue">What the sum of squares begins with.</param>
/// <param name="l1RegularizationStrength">Pulls weights to 0.</param>
/// <param name="l2RegularizationStrength">Keeps weights small.</param>
/// <param name="l2ShrinkageRegularizationStrength">Keeps weights small by way of the gradient.</param>
/// <param name="beta">Added to the root of the sum of squares.</param>
public sealed class Ftrl(
    Schedule? learningRate = null, float learningRatePower = -0.5f, float initialAccumulatorValue = 0.1f, float l1RegularizationStrength = 0, float l2RegularizationStrength = 0, float l2ShrinkageRegularizationStrength = 0, float beta = 0)
    : Optimizer(learningRate ?? 0.001f)
{
    /// <summary>How the rate falls with the sum of squares; 0 for a fixed rate.</summary>
    public float LearningRatePower { get; } = learningRatePower;

    /// <summary>What the sum of squares begins with.</summary>
    public float InitialAccumulatorValue { get; } = initialAccumulatorValue;

    /// <summary>Pulls weights to 0.</summary>
    public float L1RegularizationStrength { get; } = l1RegularizationStrength;

    /// <summary>Keeps weights small.</summary>
    public float L2RegularizationStrength { get; } = l2RegularizationStrength;

    /// <summary>Keeps weights small by way of the gradient.</summary>
    public float L2ShrinkageRegularizationStrength { get; } = l2ShrinkageRegularizationStrength;

    /// <summary>Added to the root of the sum of squares.</summary>
    public float Beta { get; } = beta;

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
        context.SetSlot(accumulator, sum);
        context.SetSlot(linear, total);
        var quadratic = (after / rate) + (2 * (L2RegularizationStrength + (Beta / (2 * rate))));
        context.SetWeight((Ops.Clip(total, -L1RegularizationStrength, L1RegularizationStrength) - total) / quadratic);
    }
}
