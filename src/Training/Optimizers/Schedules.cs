namespace OnnxFunctional.Training.Optimizers;

/// <summary>A rate that falls by a factor every so many steps: <c>initial rate^(step / steps)</c>.</summary>
/// <remarks>https://keras.io/api/optimizers/learning_rate_schedules/exponential_decay/</remarks>
/// <param name="initialLearningRate">The first rate.</param>
/// <param name="decaySteps">Steps of one fall.</param>
/// <param name="decayRate">The factor.</param>
/// <param name="staircase">Whether the rate falls at once rather than bit by bit.</param>
public sealed class ExponentialDecay(float initialLearningRate, int decaySteps, float decayRate, bool staircase = false) : Schedule
{
    /// <inheritdoc/>
    public override float InitialLearningRate { get; } = initialLearningRate;

    /// <summary>Steps of one fall.</summary>
    public int DecaySteps { get; } = Positive(decaySteps, nameof(decaySteps));

    /// <summary>The factor.</summary>
    public float DecayRate { get; } = decayRate;

    /// <summary>Whether the rate falls at once rather than bit by bit.</summary>
    public bool Staircase { get; } = staircase;

    /// <inheritdoc/>
    protected internal override SymbolicTensor At(SymbolicTensor step)
    {
        ArgumentNullException.ThrowIfNull(step);
        var falls = step / DecaySteps;
        return InitialLearningRate * Ops.Power(DecayRate, Staircase ? Ops.Floor(falls) : falls);
    }
}

/// <summary>One rate after the other: the first value up to and with the first boundary, and so on.</summary>
/// <remarks>https://keras.io/api/optimizers/learning_rate_schedules/piecewise_constant_decay/</remarks>
public sealed class PiecewiseConstantDecay : Schedule
{
    /// <summary>Makes the schedule.</summary>
    /// <param name="boundaries">Steps after which the next value holds, rising.</param>
    /// <param name="values">Rates, one more than boundaries.</param>
    /// <exception cref="ModelException">The numbers of boundaries and values do not fit, or boundaries do not rise.</exception>
    public PiecewiseConstantDecay(IReadOnlyList<int> boundaries, IReadOnlyList<float> values)
    {
        ArgumentNullException.ThrowIfNull(boundaries);
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count != boundaries.Count + 1) throw new ModelException($"PiecewiseConstantDecay takes one value more than boundaries, but has {boundaries.Count} boundaries and {values.Count} values.");
        for (var i = 1; i < boundaries.Count; i++)
        {
            if (boundaries[i] <= boundaries[i - 1]) throw new ModelException($"Boundaries of PiecewiseConstantDecay must rise, but {boundaries[i]} follows {boundaries[i - 1]}.");
        }

        (Boundaries, Values) = ([.. boundaries], [.. values]);
    }

    /// <summary>Steps after which the next value holds.</summary>
    public IReadOnlyList<int> Boundaries { get; }

    /// <summary>Rates.</summary>
    public IReadOnlyList<float> Values { get; }

    /// <inheritdoc/>
    public override float InitialLearningRate => Values[0];

    /// <inheritdoc/>
    protected internal override SymbolicTensor At(SymbolicTensor step)
    {
        SymbolicTensor rate = Values[^1];
        for (var i = Boundaries.Count - 1; i >= 0; i--) rate = Ops.Where(Ops.LessEqual(step, Boundaries[i]), Values[i], rate);
        return rate;
    }
}

/// <summary>A rate that falls along a power: <c>(initial - end) (1 - step / steps)^power + end</c>.</summary>
/// <remarks>https://keras.io/api/optimizers/learning_rate_schedules/polynomial_decay/</remarks>
/// <param name="initialLearningRate">The first rate.</param>
/// <param name="decaySteps">Steps until the last rate.</param>
/// <param name="endLearningRate">The last rate.</param>
/// <param name="power">1 for a straight line.</param>
/// <param name="cycle">Whether it begins again after its end, each time over more steps.</param>
public sealed class PolynomialDecay(float initialLearningRate, int decaySteps, float endLearningRate = 1e-4f, float power = 1, bool cycle = false) : Schedule
{
    /// <inheritdoc/>
    public override float InitialLearningRate { get; } = initialLearningRate;

    /// <summary>Steps until the last rate.</summary>
    public int DecaySteps { get; } = Positive(decaySteps, nameof(decaySteps));

    /// <summary>The last rate.</summary>
    public float EndLearningRate { get; } = endLearningRate;

    /// <summary>1 for a straight line.</summary>
    public float Power { get; } = power;

    /// <summary>Whether it begins again after its end.</summary>
    public bool Cycle { get; } = cycle;

    /// <inheritdoc/>
    protected internal override SymbolicTensor At(SymbolicTensor step)
    {
        ArgumentNullException.ThrowIfNull(step);
        var done = Cycle ? step / (DecaySteps * Ops.Maximum(Ops.Ceil(step / DecaySteps), 1)) : Ops.Minimum(step, DecaySteps) / DecaySteps;
        return ((InitialLearningRate - EndLearningRate) * Ops.Power(1 - done, Power)) + EndLearningRate;
    }
}

/// <summary>A rate that falls with the inverse of the steps: <c>initial / (1 + rate step / steps)</c>.</summary>
/// <remarks>https://keras.io/api/optimizers/learning_rate_schedules/inverse_time_decay/</remarks>
/// <param name="initialLearningRate">The first rate.</param>
/// <param name="decaySteps">Steps of one unit.</param>
/// <param name="decayRate">How fast it falls.</param>
/// <param name="staircase">Whether the rate falls at once rather than bit by bit.</param>
public sealed class InverseTimeDecay(float initialLearningRate, int decaySteps, float decayRate, bool staircase = false) : Schedule
{
    /// <inheritdoc/>
    public override float InitialLearningRate { get; } = initialLearningRate;

    /// <summary>Steps of one unit.</summary>
    public int DecaySteps { get; } = Positive(decaySteps, nameof(decaySteps));

    /// <summary>How fast it falls.</summary>
    public float DecayRate { get; } = decayRate;

    /// <summary>Whether the rate falls at once rather than bit by bit.</summary>
    public bool Staircase { get; } = staircase;

    /// <inheritdoc/>
    protected internal override SymbolicTensor At(SymbolicTensor step)
    {
        ArgumentNullException.ThrowIfNull(step);
        var units = step / DecaySteps;
        return InitialLearningRate / (1 + (DecayRate * (Staircase ? Ops.Floor(units) : units)));
    }
}

/// <summary>A rate that falls along half a cosine (Loshchilov and Hutter 2016): <c>initial ((1 - alpha) (1 + cos(pi step / steps)) / 2 + alpha)</c>; a straight rise may come before.</summary>
/// <remarks>https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay/</remarks>
/// <param name="initialLearningRate">The first rate.</param>
/// <param name="decaySteps">Steps of the fall.</param>
/// <param name="alpha">The last rate over the highest.</param>
/// <param name="warmupTarget">The rate at the end of the rise; nothing for no rise.</param>
/// <param name="warmupSteps">Steps of the rise.</param>
public sealed class CosineDecay(float initialLearningRate, int decaySteps, float alpha = 0, float? warmupTarget = null, int warmupSteps = 0) : Schedule
{
    /// <inheritdoc/>
    public override float InitialLearningRate { get; } = initialLearningRate;

    /// <summary>Steps of the fall.</summary>
    public int DecaySteps { get; } = Positive(decaySteps, nameof(decaySteps));

    /// <summary>The last rate over the highest.</summary>
    public float Alpha { get; } = alpha;

    /// <summary>The rate at the end of the rise.</summary>
    public float? WarmupTarget { get; } = warmupTarget;

    /// <summary>Steps of the rise.</summary>
    public int WarmupSteps { get; } = warmupTarget is null ? warmupSteps : Positive(warmupSteps, nameof(warmupSteps));

    /// <inheritdoc/>
    protected internal override SymbolicTensor At(SymbolicTensor step)
    {
        ArgumentNullException.ThrowIfNull(step);
        if (WarmupTarget is not { } target) return Fall(step, InitialLearningRate);
        var rise = ((target - InitialLearningRate) * (step / WarmupSteps)) + InitialLearningRate;
        return Ops.Where(Ops.Less(step, WarmupSteps), rise, Fall(step - WarmupSteps, target));
    }

    private SymbolicTensor Fall(SymbolicTensor step, float from)
    {
        var cosine = 0.5f * (1 + Ops.Cos(MathF.PI * (Ops.Minimum(step, DecaySteps) / DecaySteps)));
        return from * (((1 - Alpha) * cosine) + Alpha);
    }
}

/// <summary>Falls along half a cosine, again and again, each longer than the last (Loshchilov and Hutter 2016).</summary>
/// <remarks>https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay_restarts/</remarks>
/// <param name="initialLearningRate">The first rate.</param>
/// <param name="firstDecaySteps">Steps of the first fall.</param>
/// <param name="tMul">How much longer each fall is than the last.</param>
/// <param name="mMul">The height of each fall over the last.</param>
/// <param name="alpha">The lowest rate over the first.</param>
public sealed class CosineDecayRestarts(float initialLearningRate, int firstDecaySteps, float tMul = 2, float mMul = 1, float alpha = 0) : Schedule
{
    // A restart falls on the step whose count of falls is a whole number; rounding of the logarithm must not put it a step late.
    private const float Rounding = 1e-6f;

    /// <inheritdoc/>
    public override float InitialLearningRate { get; } = initialLearningRate;

    /// <summary>Steps of the first fall.</summary>
    public int FirstDecaySteps { get; } = Positive(firstDecaySteps, nameof(firstDecaySteps));

    /// <summary>How much longer each fall is than the last.</summary>
    public float TMul { get; } = tMul;

    /// <summary>The height of each fall over the last.</summary>
    public float MMul { get; } = mMul;

    /// <summary>The lowest rate over the first.</summary>
    public float Alpha { get; } = alpha;

    /// <inheritdoc/>
    protected internal override SymbolicTensor At(SymbolicTensor step)
    {
        ArgumentNullException.ThrowIfNull(step);
        var done = step / FirstDecaySteps;
        SymbolicTensor restarts;
        if (TMul == 1)
        {
            restarts = Ops.Floor(done);
            done -= restarts;
        }
        else
        {
            restarts = Ops.Floor((Ops.Log(1 - (done * (1 - TMul))) / MathF.Log(TMul)) + Rounding);
            var length = Ops.Power(TMul, restarts);
            done = (done - ((1 - length) / (1 - TMul))) / length;
        }

        var cosine = 0.5f * Ops.Power(MMul, restarts) * (1 + Ops.Cos(MathF.PI * done));
        return InitialLearningRate * (((1 - Alpha) * cosine) + Alpha);
    }
}

/// <summary>A straight rise before another schedule, which then counts its steps from the end of the rise.</summary>
/// <param name="then">What comes after the rise; its first rate ends the rise.</param>
/// <param name="warmupSteps">Steps of the rise.</param>
/// <param name="initialLearningRate">The first rate.</param>
public sealed class WarmUp(Schedule then, int warmupSteps, float initialLearningRate = 0) : Schedule
{
    /// <summary>What comes after the rise.</summary>
    public Schedule Then { get; } = then ?? throw new ArgumentNullException(nameof(then));

    /// <summary>Steps of the rise.</summary>
    public int WarmupSteps { get; } = Positive(warmupSteps, nameof(warmupSteps));

    /// <inheritdoc/>
    public override float InitialLearningRate { get; } = initialLearningRate;

    /// <inheritdoc/>
    protected internal override SymbolicTensor At(SymbolicTensor step)
    {
        ArgumentNullException.ThrowIfNull(step);
        var rise = InitialLearningRate + ((Then.InitialLearningRate - InitialLearningRate) * (step / WarmupSteps));
        return Ops.Where(Ops.Less(step, WarmupSteps), rise, Then.At(Ops.Maximum(step - WarmupSteps, 0)));
    }
}
