namespace OnnxFunctional.Training.Optimizers;

/// <summary>
/// Steps in the units of the weights (Zeiler 2012):
/// <c>a = rho a + (1 - rho) g^2, d = -sqrt(e + epsilon) g / sqrt(a + epsilon), e = rho e + (1 - rho) d^2, w += lr d</c>.
/// </summary>
/// <remarks>https://keras.io/api/optimizers/adadelta/</remarks>
/// <param name="learningRate">The learning rate.</param>
/// <param name="rho">How much of the mean squares is kept.</param>
/// <param name="epsilon">A small value added under the roots.</param>
public sealed class Adadelta(Schedule? learningRate = null, float rho = 0.95f, float epsilon = 1e-7f) : Optimizer(learningRate ?? 0.001f)
{
    /// <summary>How much of the mean squares is kept.</summary>
    public float Rho { get; } = Check.Rate(rho, nameof(Adadelta), nameof(rho));

    /// <summary>A small value added under the roots.</summary>
    public float Epsilon { get; } = Check.NotNegative(epsilon, nameof(Adadelta), nameof(epsilon));

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (squares, moves) = (context.Slot("accumulated_grad"), context.Slot("accumulated_delta_var"));
        var square = (squares * Rho) + (Ops.Square(context.Gradient) * (1 - Rho));
        var move = -(Ops.Sqrt(moves + Epsilon) * context.Gradient / Ops.Sqrt(square + Epsilon));
        context.SetSlot(squares, square);
        context.SetSlot(moves, (moves * Rho) + (Ops.Square(move) * (1 - Rho)));
        context.SetWeight(context.Weight + (move * context.LearningRate));
    }
}
