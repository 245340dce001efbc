namespace OnnxFunctional.Training.Optimizers;

/// <summary>
/// Steps in the units of the weights (Zeiler 2012):
/// <c>a = rho a + (1 - rho) g^2, d = -sqrt(e + epsilon) g / sqrt(a + epsilon), e = rho e + (1 - rho) d^2, w += lr d</c>.
/// </summary>
/// <remarks>https://keras.io/api/optimizers/adadelta/</remarks>
/// <param name="learningRate">The learning rate or a schedule of it; default: 0.001.</param>
/// <param name="rho">How much of the mean squares is kept, from 0 to 1.</param>
/// <param name="epsilon">A small value added under the roots; at least 0.</param>
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
public sealed class Adadelta(
    Schedule? learningRate = null,
    double rho = 0.95,
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
    /// <summary>How much of the mean squares is kept.</summary>
    public double Rho { get; } = Check.Rate(rho, nameof(Adadelta), nameof(rho));

    /// <summary>A small value added under the roots.</summary>
    public double Epsilon { get; } = Check.NotNegative(epsilon, nameof(Adadelta), nameof(epsilon));

    /// <inheritdoc/>
    protected internal override void Update(UpdateContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (rho, epsilon) = ((float)Rho, (float)Epsilon);
        var (squares, moves) = (context.Slot("accumulated_grad"), context.Slot("accumulated_delta_var"));
        var square = (squares * rho) + (Ops.Square(context.Gradient) * (1 - rho));
        var move = -(Ops.Sqrt(moves + epsilon) * context.Gradient / Ops.Sqrt(square + epsilon));
        context.SetSlot(squares, square);
        context.SetSlot(moves, (moves * rho) + (Ops.Square(move) * (1 - rho)));
        context.SetWeight(context.Weight + (move * context.LearningRate));
    }
}
