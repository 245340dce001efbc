namespace OnnxFunctional.Training;

/// <summary>A learning rate as a function of the steps made so far; a plain number converts to it (https://keras.io/api/optimizers/learning_rate_schedules/).</summary>
public abstract partial class Schedule
{
    /// <summary>The rate before the first step.</summary>
    public abstract float Initial { get; }

    /// <summary>Whether the rate may be set from outside, by a callback; not where it follows from the step.</summary>
    internal virtual bool IsConstant => false;

    /// <summary>The same rate at every step.</summary>
    public static implicit operator Schedule(float rate) => new ConstantRate(rate);

    /// <summary>A schedule of one's own, as a function over tensors of the steps made so far (0 at the first).</summary>
    public static Schedule From(Func<SymbolicTensor, SymbolicTensor> function, float initial = 0)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FromFunction(function, initial);
    }

    /// <summary>The rate at a step, as one number.</summary>
    /// <param name="step">The steps made so far, one number.</param>
    protected internal abstract SymbolicTensor At(SymbolicTensor step);

    private sealed class ConstantRate(float rate) : Schedule
    {
        public override float Initial => rate;

        internal override bool IsConstant => true;

        protected internal override SymbolicTensor At(SymbolicTensor step) => rate;
    }

    private sealed class FromFunction(Func<SymbolicTensor, SymbolicTensor> function, float initial) : Schedule
    {
        public override float Initial => initial;

        protected internal override SymbolicTensor At(SymbolicTensor step) => function(step);
    }
}
