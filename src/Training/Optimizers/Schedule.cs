using OnnxFunctional.Training.Optimizers;

namespace OnnxFunctional.Training;

/// <summary>
/// A learning rate as a function of the number of steps made; a plain number converts to it (https://keras.io/api/optimizers/learning_rate_schedules/).
/// </summary>
public abstract class Schedule
{
    /// <summary>The rate before the first step.</summary>
    public abstract double InitialLearningRate { get; }

    /// <summary>Whether a callback may set the rate; it may not if the rate follows from the step.</summary>
    internal virtual bool IsConstant => false;

    /// <summary>The same rate at every step.</summary>
    /// <exception cref="ModelException">The rate is negative or not finite.</exception>
    public static implicit operator Schedule(double rate) => new ConstantRate(rate);

    /// <summary>A custom schedule, as a function over tensors of the number of steps made so far (0 at the first).</summary>
    /// <param name="function">Takes the number of steps, returns the rate.</param>
    /// <param name="initialLearningRate">The rate before the first step.</param>
    public static Schedule From(Func<SymbolicTensor, SymbolicTensor> function, double initialLearningRate = 0)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FromFunction(function, initialLearningRate);
    }

    /// <summary>
    /// A rate that falls by a factor every <paramref name="decaySteps"/> steps; see <see cref="OnnxFunctional.Training.Optimizers.ExponentialDecay"/>.
    /// </summary>
    /// <param name="initialLearningRate">The initial learning rate.</param>
    /// <param name="decaySteps">The steps after which the rate has fallen by the factor.</param>
    /// <param name="decayRate">The factor.</param>
    /// <param name="staircase">Whether the rate falls in steps rather than continuously.</param>
    /// <exception cref="ModelException">A rate is negative or not finite, or a number of steps is below 1.</exception>
    public static Schedule ExponentialDecay(double initialLearningRate, int decaySteps, double decayRate, bool staircase = false) =>
        new ExponentialDecay(initialLearningRate, decaySteps, decayRate, staircase);

    /// <summary>A sequence of constant rates; see <see cref="OnnxFunctional.Training.Optimizers.PiecewiseConstantDecay"/>.</summary>
    /// <param name="boundaries">The steps at which the rate changes, rising.</param>
    /// <param name="values">The rates: one more than boundaries.</param>
    /// <exception cref="ModelException">Boundaries do not rise, or there is not one value more than boundaries.</exception>
    public static Schedule PiecewiseConstantDecay(IReadOnlyList<int> boundaries, IReadOnlyList<double> values) =>
        new PiecewiseConstantDecay(boundaries, values);

    /// <summary>A rate that falls along a polynomial; see <see cref="OnnxFunctional.Training.Optimizers.PolynomialDecay"/>.</summary>
    /// <param name="initialLearningRate">The initial learning rate.</param>
    /// <param name="decaySteps">The steps until the final rate is reached.</param>
    /// <param name="endLearningRate">The final learning rate.</param>
    /// <param name="power">The exponent; 1 for a straight line.</param>
    /// <param name="cycle">Whether it restarts after its end, each time over more steps.</param>
    /// <exception cref="ModelException">A rate is negative or not finite, or a number of steps is below 1.</exception>
    public static Schedule PolynomialDecay(double initialLearningRate, int decaySteps, double endLearningRate = 1e-4, double power = 1, bool cycle = false) =>
        new PolynomialDecay(initialLearningRate, decaySteps, endLearningRate, power, cycle);

    /// <summary>A rate that falls with the inverse of the number of steps; see <see cref="OnnxFunctional.Training.Optimizers.InverseTimeDecay"/>.</summary>
    /// <param name="initialLearningRate">The initial learning rate.</param>
    /// <param name="decaySteps">The steps that count as one.</param>
    /// <param name="decayRate">How fast the rate falls.</param>
    /// <param name="staircase">Whether the rate falls in steps rather than continuously.</param>
    /// <exception cref="ModelException">A rate is negative or not finite, or a number of steps is below 1.</exception>
    public static Schedule InverseTimeDecay(double initialLearningRate, int decaySteps, double decayRate, bool staircase = false) =>
        new InverseTimeDecay(initialLearningRate, decaySteps, decayRate, staircase);

    /// <summary>A rate that falls along half a cosine; see <see cref="OnnxFunctional.Training.Optimizers.CosineDecay"/>.</summary>
    /// <param name="initialLearningRate">The initial learning rate.</param>
    /// <param name="decaySteps">The steps of the decay.</param>
    /// <param name="alpha">The final rate as a fraction of the highest.</param>
    /// <param name="warmupTarget">The rate at the end of the warm-up; null for none.</param>
    /// <param name="warmupSteps">The steps of the warm-up.</param>
    /// <exception cref="ModelException">A rate is negative or not finite, or a number of steps is below 1.</exception>
    /// <example><c>new Adam(Schedule.CosineDecay(1e-3, decaySteps: 10_000))</c></example>
    public static Schedule CosineDecay(double initialLearningRate, int decaySteps, double alpha = 0, double? warmupTarget = null, int warmupSteps = 0) =>
        new CosineDecay(initialLearningRate, decaySteps, alpha, warmupTarget, warmupSteps);

    /// <summary>A rate that falls along half a cosine again and again; see <see cref="OnnxFunctional.Training.Optimizers.CosineDecayRestarts"/>.</summary>
    /// <param name="initialLearningRate">The initial learning rate.</param>
    /// <param name="firstDecaySteps">The steps of the first decay.</param>
    /// <param name="tMul">The length of each decay as a multiple of the one before.</param>
    /// <param name="mMul">The initial rate of each decay as a multiple of the one before.</param>
    /// <param name="alpha">The lowest rate as a fraction of the first.</param>
    /// <exception cref="ModelException">A rate is negative or not finite, or a number of steps is below 1.</exception>
    public static Schedule CosineDecayRestarts(double initialLearningRate, int firstDecaySteps, double tMul = 2, double mMul = 1, double alpha = 0) =>
        new CosineDecayRestarts(initialLearningRate, firstDecaySteps, tMul, mMul, alpha);

    /// <summary>A linear warm-up before another schedule; see <see cref="OnnxFunctional.Training.Optimizers.WarmUp"/>.</summary>
    /// <param name="then">The schedule after the warm-up; its initial rate ends the warm-up.</param>
    /// <param name="warmupSteps">The steps of the warm-up.</param>
    /// <param name="initialLearningRate">The initial learning rate.</param>
    /// <exception cref="ModelException">A rate is negative or not finite, or a number of steps is below 1.</exception>
    public static Schedule WarmUp(Schedule then, int warmupSteps, double initialLearningRate = 0) => new WarmUp(then, warmupSteps, initialLearningRate);

    /// <summary>The rate at a step, as a scalar.</summary>
    /// <param name="step">The number of steps made so far, a scalar.</param>
    protected internal abstract SymbolicTensor At(SymbolicTensor step);

    /// <summary>A finite number of at least 0.</summary>
    private protected static double Rate(double value, string name) =>
        float.IsFinite((float)value) && value >= 0
            ? value
            : throw new ModelException($"{name} of a learning rate is {value}; expected a finite number of at least 0.");

    private protected static int Positive(int value, string name) =>
        value > 0 ? value : throw new ModelException($"{name} of a schedule is {value}; expected at least 1.");

    private sealed class ConstantRate(double rate) : Schedule
    {
        private readonly double _rate = Rate(rate, "The value");

        public override double InitialLearningRate => _rate;

        internal override bool IsConstant => true;

        protected internal override SymbolicTensor At(SymbolicTensor step) => (float)_rate;
    }

    private sealed class FromFunction(Func<SymbolicTensor, SymbolicTensor> function, double initialLearningRate) : Schedule
    {
        public override double InitialLearningRate { get; } = Rate(initialLearningRate, nameof(initialLearningRate));

        protected internal override SymbolicTensor At(SymbolicTensor step) => function(step);
    }
}
