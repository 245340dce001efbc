namespace OnnxFunctional.Training.Policies;

/// <summary>
/// Dynamic loss scaling, like Keras' LossScaleOptimizer: the loss is multiplied by a scale before its gradients are taken, so that small ones do not underflow
/// in float16, and gradients are divided by it before they are used.
/// </summary>
/// <remarks>
/// A step with a gradient that is not finite only halves the scale; after <see cref="GrowthSteps"/> finite steps in a row the scale is doubled.
/// Scale and count are slots of the optimizer's state, so they are saved and restored with it.
/// </remarks>
internal sealed class LossScaling
{
    /// <summary>The number of finite steps before the scale grows.</summary>
    public const int GrowthSteps = 2000;

    /// <summary>The scale of the first step.</summary>
    public const float InitialScale = 32768;

    // If all gradients are zero, nothing else stops the growth.
    private const float LargestScale = 7.9228163e28f;

    private readonly Weight _scale;
    private readonly Weight _steps;

    public LossScaling(OptimizerState state)
    {
        _scale = state.Slot("loss_scale/scale", Shape.Of(), Initializer.Constant(InitialScale));
        _steps = state.Slot("loss_scale/finite_steps", Shape.Of(), Initializer.Zeros);
    }

    /// <summary>The scale and the number of finite steps since it last changed, as files keep them.</summary>
    public (Weight Scale, Weight Steps) State => (_scale, _steps);

    /// <summary>The current scale.</summary>
    public float Value => _scale.Storage[0];

    /// <summary>The scale as a tensor: the gradient of the scaled loss with respect to the loss.</summary>
    public SymbolicTensor Scale => new(_scale.Variable);

    /// <summary>Whether all gradients are finite: a boolean scalar.</summary>
    public static SymbolicTensor AllFinite(IEnumerable<SymbolicTensor> gradients)
    {
        // A sum of magnitudes is finite if and only if each of them is: float16 values cannot overflow a float32 sum.
        var sum = Ops.Constant(0);
        foreach (var gradient in gradients) sum += Ops.Make(new Operators.ReduceL1([], false), gradient);
        return Ops.Less(sum, float.PositiveInfinity);
    }

    /// <summary>The next values of the scale and of the number of finite steps.</summary>
    public IReadOnlyList<(Weight Weight, Value Value)> Updates(SymbolicTensor finite)
    {
        var steps = new SymbolicTensor(_steps.Variable);
        var grows = Ops.Equal(steps, GrowthSteps - 1);
        var scale = Ops.Where(finite, Ops.Where(grows, Ops.Minimum(Scale * 2, LargestScale), Scale), Scale * 0.5f);
        var count = Ops.Where(finite, Ops.Where(grows, 0, steps + 1), 0);
        return [(_scale, scale.Value), (_steps, count.Value)];
    }
}
