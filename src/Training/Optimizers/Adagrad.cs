namespace OnnxFunctional.Training.Optimizers;

/// <summary>Steps divided by the root of all squares so far (Duchi et al. 2011): <c>a += g^2, w -= lr g / sqrt(a + epsilon)</c>.</summary>
/// <remarks>https://keras.io/api/optimizers/adagrad/</remarks>
/// <param name="learningRate">The learning rate.</param>
/// <param name="initialAccumulatorValue">The initial value of the sum of squares.</param>
/// <param name="epsilon">A small value added under the root.</param>
public sealed class Adagrad(Schedule? learningRate = null, float initialAccumulatorValue = 0.1f, float epsilon = 1e-7f) : Optimizer(learningRate ?? 0.001f)
{
    /// <summary>The initial value of the sum of squares.</summary>
    public float InitialAccumulatorValue { get; } = Check.NotNegative(initialAccumulatorValue, nameof(Adagrad), nameof(initialAccumulatorValue));

    /// <summary>A small value added under the root.</summary>
    public float Epsilon { get; } = Check.NotNegative(epsilon, nameof(Adagrad), nameof(epsilon));

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var accumulator = context.Slot("accumulator", Initializer.Constant(InitialAccumulatorValue));
        var sum = accumulator + Ops.Square(context.Gradient);
        context.SetSlot(accumulator, sum);
        context.SetWeight(context.Weight - (context.Gradient * context.LearningRate / Ops.Sqrt(sum + Epsilon)));
    }
}
