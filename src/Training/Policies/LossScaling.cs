namespace OnnxFunctional.Training.Policies;

/// <summary>Dynamic loss scaling, Keras' LossScaleOptimizer: gradients are taken of the loss times a scale, so that small ones are not lost in a half, and divided by it before they are used.</summary>
/// <remarks>
/// A step with a gradient that is not finite changes nothing but the scale, which is halved; after <see cref="GrowthSteps"/> finite steps in a row it is doubled.
/// Scale and count are slots of the optimizer's state, so they are saved and resumed with it.
/// </remarks>
internal sealed class LossScaling
{
    /// <summary>Finite steps before the scale grows.</summary>
    public const int GrowthSteps = 2000;

    private const float InitialScale = 32768;

    // Where all gradients are zero nothing else ends the growth.
    private const float LargestScale = 7.9228163e28f;

    private readonly Weight _scale;
    private readonly Weight _steps;

    public LossScaling(OptimizerState state)
    {
        _scale = state.Slot("loss_scale/scale", Shape.Of(), Initializer.Constant(InitialScale));
        _steps = state.Slot("loss_scale/finite_steps", Shape.Of(), Initializer.Zeros);
    }

    /// <summary>The present scale.</summary>
    public float Value => _scale.Storage[0];

    /// <summary>The scale as a tensor: the gradient of the scaled loss with respect to the loss.</summary>
    public SymbolicTensor Scale => new(_scale.Variable);

    /// <summary>Whether all gradients are finite, one truth value.</summary>
    public static SymbolicTensor AllFinite(IEnumerable<SymbolicTensor> gradients)
    {
        // A sum of magnitudes is finite just when each of them is: halves cannot overflow a float's sum.
        var sum = Ops.Constant(0);
        foreach (var gradient in gradients) sum += Ops.Make(new Operators.ReduceL1([], false), gradient);
        return Ops.Less(sum, float.PositiveInfinity);
    }

    /// <summary>The next values of the scale and of the count of finite steps.</summary>
    public IReadOnlyList<(Weight Weight, Value Value)> Updates(SymbolicTensor finite)
    {
        var steps = new SymbolicTensor(_steps.Variable);
        var grows = Ops.Equal(steps, GrowthSteps - 1);
        var scale = Ops.Where(finite, Ops.Where(grows, Ops.Minimum(Scale * 2, LargestScale), Scale), Scale * 0.5f);
        var count = Ops.Where(finite, Ops.Where(grows, 0, steps + 1), 0);
        return [(_scale, scale.Value), (_steps, count.Value)];
    }
}
