namespace OnnxFunctional.Training.Optimizers;

/// <summary>A rate that falls by a factor every <c>decaySteps</c> steps: <c>initialLearningRate decayRate^(step / decaySteps)</c>.</summary>
/// <remarks>https://keras.io/api/optimizers/learning_rate_schedules/exponential_decay/</remarks>
/// <param name="initialLearningRate">The initial learning rate.</param>
/// <param name="decaySteps">The steps after which the rate has fallen by the factor.</param>
/// <param name="decayRate">The factor.</param>
/// <param name="staircase">Whether the rate falls in steps rather than continuously.</param>
/// <exception cref="ModelException">A rate is negative or not finite, or a number of steps is below 1.</exception>
public sealed class ExponentialDecay(double initialLearningRate, int decaySteps, double decayRate, bool staircase = false) : Schedule
{
    /// <inheritdoc/>
    public override double InitialLearningRate { get; } = Rate(initialLearningRate, nameof(initialLearningRate));

    /// <summary>The steps after which the rate has fallen by the factor.</summary>
    public int DecaySteps { get; } = Positive(decaySteps, nameof(decaySteps));

    /// <summary>The factor.</summary>
    public double DecayRate { get; } = Rate(decayRate, nameof(decayRate));

    /// <summary>Whether the rate falls in steps rather than continuously.</summary>
    public bool Staircase { get; } = staircase;

    /// <inheritdoc/>
    protected internal override SymbolicTensor At(SymbolicTensor step)
    {
        ArgumentNullException.ThrowIfNull(step);
        var falls = step / DecaySteps;
        return (float)InitialLearningRate * Ops.Power((float)DecayRate, Staircase ? Ops.Floor(falls) : falls);
    }
}

/// <summary>A sequence of constant rates: the first value up to and including the first boundary, and so on.</summary>
/// <remarks>https://keras.io/api/optimizers/learning_rate_schedules/piecewise_constant_decay/</remarks>
public sealed class PiecewiseConstantDecay : Schedule
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="boundaries">The steps after which the next value applies, in increasing order.</param>
    /// <param name="values">The rates, one more than there are boundaries.</param>
    /// <exception cref="ModelException">
    /// The numbers of boundaries and values do not match, the boundaries do not increase, or a rate is negative or not finite.
    /// </exception>
    public PiecewiseConstantDecay(IReadOnlyList<int> boundaries, IReadOnlyList<double> values)
    {
        ArgumentNullException.ThrowIfNull(boundaries);
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count != boundaries.Count + 1)
        {
            throw new ModelException(
                $"PiecewiseConstantDecay takes one value more than boundaries, but got {boundaries.Count} boundaries and {values.Count} values.");
        }

        for (var i = 1; i < boundaries.Count; i++)
        {
            if (boundaries[i] <= boundaries[i - 1])
                throw new ModelException($"Boundaries of PiecewiseConstantDecay must increase, but {boundaries[i]} follows {boundaries[i - 1]}.");
        }

        (Boundaries, Values) = ([.. boundaries], [.. values.Select(value => Rate(value, nameof(values)))]);
    }

    /// <summary>The steps after which the next value applies.</summary>
    public IReadOnlyList<int> Boundaries { get; }

    /// <summary>The rates.</summary>
    public IReadOnlyList<double> Values { get; }

    /// <inheritdoc/>
    public override double InitialLearningRate => Values[0];

    /// <inheritdoc/>
    protected internal override SymbolicTensor At(SymbolicTensor step)
    {
        SymbolicTensor rate = (float)Values[^1];
        for (var i = Boundaries.Count - 1; i >= 0; i--) rate = Ops.Where(Ops.LessEqual(step, Boundaries[i]), (float)Values[i], rate);
        return rate;
    }
}

/// <summary>A rate that falls along a polynomial: <c>(initialLearningRate - end) (1 - step / decaySteps)^power + end</c>.</summary>
/// <remarks>https://keras.io/api/optimizers/learning_rate_schedules/polynomial_decay/</remarks>
/// <param name="initialLearningRate">The initial learning rate.</param>
/// <param name="decaySteps">The steps until the final rate is reached.</param>
/// <param name="endLearningRate">The final learning rate.</param>
/// <param name="power">The exponent; 1 for a straight line.</param>
/// <param name="cycle">Whether it restarts after its end, each time over more steps.</param>
/// <exception cref="ModelException">A rate is negative or not finite, or a number of steps is below 1.</exception>
public sealed class PolynomialDecay(double initialLearningRate, int decaySteps, double endLearningRate = 1e-4, double power = 1, bool cycle = false) : Schedule
{
    /// <inheritdoc/>
    public override double InitialLearningRate { get; } = Rate(initialLearningRate, nameof(initialLearningRate));

    /// <summary>The steps until the final rate is reached.</summary>
    public int DecaySteps { get; } = Positive(decaySteps, nameof(decaySteps));

    /// <summary>The final learning rate.</summary>
    public double EndLearningRate { get; } = Rate(endLearningRate, nameof(endLearningRate));

    /// <summary>The exponent; 1 for a straight line.</summary>
    public double Power { get; } = Rate(power, nameof(power));

    /// <summary>Whether it restarts after its end.</summary>
    public bool Cycle { get; } = cycle;

    /// <inheritdoc/>
    protected internal override SymbolicTensor At(SymbolicTensor step)
    {
        ArgumentNullException.ThrowIfNull(step);
        var done = Cycle ? step / (DecaySteps * Ops.Maximum(Ops.Ceil(step / DecaySteps), 1)) : Ops.Minimum(step, DecaySteps) / DecaySteps;
        var (initial, end) = ((float)InitialLearningRate, (float)EndLearningRate);
        return ((initial - end) * Ops.Power(1 - done, (float)Power)) + end;
    }
}

/// <summary>A rate that falls with the inverse of the number of steps: <c>initialLearningRate / (1 + decayRate step / decaySteps)</c>.</summary>
/// <remarks>https://keras.io/api/optimizers/learning_rate_schedules/inverse_time_decay/</remarks>
/// <param name="initialLearningRate">The initial learning rate.</param>
/// <param name="decaySteps">The steps that count as one.</param>
/// <param name="decayRate">How fast the rate falls.</param>
/// <param name="staircase">Whether the rate falls in steps rather than continuously.</param>
/// <exception cref="ModelException">A rate is negative or not finite, or a number of steps is below 1.</exception>
public sealed class InverseTimeDecay(double initialLearningRate, int decaySteps, double decayRate, bool staircase = false) : Schedule
{
    /// <inheritdoc/>
    public override double InitialLearningRate { get; } = Rate(initialLearningRate, nameof(initialLearningRate));

    /// <summary>The steps that count as one.</summary>
    public int DecaySteps { get; } = Positive(decaySteps, nameof(decaySteps));

    /// <summary>How fast the rate falls.</summary>
    public double DecayRate { get; } = Rate(decayRate, nameof(decayRate));

    /// <summary>Whether the rate falls in steps rather than continuously.</summary>
    public bool Staircase { get; } = staircase;

    /// <inheritdoc/>
    protected internal override SymbolicTensor At(SymbolicTensor step)
    {
        ArgumentNullException.ThrowIfNull(step);
        var units = step / DecaySteps;
        return (float)InitialLearningRate / (1 + ((float)DecayRate * (Staircase ? Ops.Floor(units) : units)));
    }
}

/// <summary>
/// A rate that falls along half a cosine (Loshchilov and Hutter 2016), optionally after a linear warm-up:
/// <c>initialLearningRate ((1 - alpha) (1 + cos(pi step / decaySteps)) / 2 + alpha)</c>.
/// </summary>
/// <remarks>https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay/</remarks>
/// <param name="initialLearningRate">The initial learning rate.</param>
/// <param name="decaySteps">The steps of the decay.</param>
/// <param name="alpha">The final rate as a fraction of the highest.</param>
/// <param name="warmupTarget">The rate at the end of the warm-up; null for none.</param>
/// <param name="warmupSteps">The steps of the warm-up.</param>
/// <exception cref="ModelException">A rate is negative or not finite, or a number of steps is below 1.</exception>
public sealed class CosineDecay(double initialLearningRate, int decaySteps, double alpha = 0, double? warmupTarget = null, int warmupSteps = 0) : Schedule
{
    /// <inheritdoc/>
    public override double InitialLearningRate { get; } = Rate(initialLearningRate, nameof(initialLearningRate));

    /// <summary>The steps of the decay.</summary>
    public int DecaySteps { get; } = Positive(decaySteps, nameof(decaySteps));

    /// <summary>The final rate as a fraction of the highest.</summary>
    public double Alpha { get; } = Rate(alpha, nameof(alpha));

    /// <summary>The rate at the end of the warm-up.</summary>
    public double? WarmupTarget { get; } = warmupTarget is { } target ? Rate(target, nameof(warmupTarget)) : null;

    /// <summary>The steps of the warm-up.</summary>
    public int WarmupSteps { get; } = warmupTarget is null ? warmupSteps : Positive(warmupSteps, nameof(warmupSteps));

    /// <inheritdoc/>
    protected internal override SymbolicTensor At(SymbolicTensor step)
    {
        ArgumentNullException.ThrowIfNull(step);
        var initial = (float)InitialLearningRate;
        if (WarmupTarget is not { } target) return Fall(step, initial);
        var rise = (((float)target - initial) * (step / WarmupSteps)) + initial;
        return Ops.Where(Ops.Less(step, WarmupSteps), rise, Fall(step - WarmupSteps, (float)target));
    }

    private SymbolicTensor Fall(SymbolicTensor step, float from)
    {
        var cosine = 0.5f * (1 + Ops.Cos(MathF.PI * (Ops.Minimum(step, DecaySteps) / DecaySteps)));
        var alpha = (float)Alpha;
        return from * (((1 - alpha) * cosine) + alpha);
    }
}

/// <summary>A rate that falls along half a cosine again and again, each time over more steps (Loshchilov and Hutter 2016).</summary>
/// <remarks>https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay_restarts/</remarks>
/// <param name="initialLearningRate">The initial learning rate.</param>
/// <param name="firstDecaySteps">The steps of the first decay.</param>
/// <param name="tMul">The length of each decay as a multiple of the one before.</param>
/// <param name="mMul">The initial rate of each decay as a multiple of the one before.</param>
/// <param name="alpha">The lowest rate as a fraction of the first.</param>
/// <exception cref="ModelException">A rate is negative or not finite, or a number of steps is below 1.</exception>
public sealed class CosineDecayRestarts(double initialLearningRate, int firstDecaySteps, double tMul = 2, double mMul = 1, double alpha = 0) : Schedule
{
    // A restart happens at the step at which the number of decays is an integer; rounding of the logarithm must not delay it by a step.
    private const float Rounding = 1e-6f;

    /// <inheritdoc/>
    public override double InitialLearningRate { get; } = Rate(initialLearningRate, nameof(initialLearningRate));

    /// <summary>The steps of the first decay.</summary>
    public int FirstDecaySteps { get; } = Positive(firstDecaySteps, nameof(firstDecaySteps));

    /// <summary>The length of each decay as a multiple of the one before.</summary>
    public double TMul { get; } = Check.Finite(tMul, nameof(CosineDecayRestarts), nameof(tMul));

    /// <summary>The initial rate of each decay as a multiple of the one before.</summary>
    public double MMul { get; } = Check.Finite(mMul, nameof(CosineDecayRestarts), nameof(mMul));

    /// <summary>The lowest rate as a fraction of the first.</summary>
    public double Alpha { get; } = Rate(alpha, nameof(alpha));

    /// <inheritdoc/>
    protected internal override SymbolicTensor At(SymbolicTensor step)
    {
        ArgumentNullException.ThrowIfNull(step);
        var (growth, alpha) = ((float)TMul, (float)Alpha);
        var done = step / FirstDecaySteps;
        SymbolicTensor restarts;
        if (growth == 1)
        {
            restarts = Ops.Floor(done);
            done -= restarts;
        }
        else
        {
            restarts = Ops.Floor((Ops.Log(1 - (done * (1 - growth))) / MathF.Log(growth)) + Rounding);
            var length = Ops.Power(growth, restarts);
            done = (done - ((1 - length) / (1 - growth))) / length;
        }

        var cosine = 0.5f * Ops.Power((float)MMul, restarts) * (1 + Ops.Cos(MathF.PI * done));
        return (float)InitialLearningRate * (((1 - alpha) * cosine) + alpha);
    }
}

/// <summary>A linear warm-up before another schedule, which counts its steps from the end of the warm-up.</summary>
/// <param name="then">The schedule after the warm-up; its initial rate ends the warm-up.</param>
/// <param name="warmupSteps">The steps of the warm-up.</param>
/// <param name="initialLearningRate">The initial learning rate.</param>
/// <exception cref="ModelException">A rate is negative or not finite, or a number of steps is below 1.</exception>
public sealed class WarmUp(Schedule then, int warmupSteps, double initialLearningRate = 0) : Schedule
{
    /// <summary>The schedule after the warm-up.</summary>
    public Schedule Then { get; } = then ?? throw new ArgumentNullException(nameof(then));

    /// <summary>The steps of the warm-up.</summary>
    public int WarmupSteps { get; } = Positive(warmupSteps, nameof(warmupSteps));

    /// <inheritdoc/>
    public override double InitialLearningRate { get; } = Rate(initialLearningRate, nameof(initialLearningRate));

    /// <inheritdoc/>
    protected internal override SymbolicTensor At(SymbolicTensor step)
    {
        ArgumentNullException.ThrowIfNull(step);
        var (initial, reached) = ((float)InitialLearningRate, (float)Then.InitialLearningRate);
        var rise = initial + ((reached - initial) * (step / WarmupSteps));
        return Ops.Where(Ops.Less(step, WarmupSteps), rise, Then.At(Ops.Maximum(step - WarmupSteps, 0)));
    }
}
