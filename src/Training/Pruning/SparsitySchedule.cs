namespace OnnxFunctional.Training.Callbacks;

/// <summary>The share of zeros in pruned weights as a function of the number of steps made.</summary>
/// <remarks>
/// https://www.tensorflow.org/model_optimization/api_docs/python/tfmot/sparsity/keras/PruningSchedule. A plain number converts to a constant share.
/// </remarks>
public sealed class SparsitySchedule
{
    private readonly double _initial;
    private readonly double _final;
    private readonly double _power;

    private SparsitySchedule(double initialSparsity, double finalSparsity, long beginStep, long? endStep, double power, int frequency)
    {
        _initial = Share(initialSparsity, nameof(initialSparsity));
        _final = Share(finalSparsity, nameof(finalSparsity));
        _power = power;
        (BeginStep, EndStep, Frequency) = (beginStep, endStep, frequency);
        if (beginStep < 0) throw new ModelException($"SparsitySchedule: beginStep is {beginStep}; expected 0 or more.");
        if (frequency < 1) throw new ModelException($"SparsitySchedule: frequency is {frequency}; expected at least 1.");
    }

    /// <summary>The step at which pruning starts.</summary>
    public long BeginStep { get; }

    /// <summary>The step at which the choice of zeros becomes final; null if it never does.</summary>
    public long? EndStep { get; }

    /// <summary>The number of steps between choices of zeros.</summary>
    public int Frequency { get; }

    /// <summary>
    /// A share that grows quickly at first and slowly at the end: <c>final + (initial - final) (1 - (step - begin) / (end - begin))^power</c> (Zhu and Gupta
    /// 2017).
    /// </summary>
    /// <param name="finalSparsity">The share at the end.</param>
    /// <param name="endStep">The step at which it is reached.</param>
    /// <param name="initialSparsity">The share at the start.</param>
    /// <param name="beginStep">The step at which pruning starts.</param>
    /// <param name="power">How fast the growth slows down.</param>
    /// <param name="frequency">The number of steps between choices of zeros; the last is made at <paramref name="endStep"/> in any case.</param>
    /// <exception cref="ModelException">A share is not between 0 and 1, or the steps are not in order.</exception>
    public static SparsitySchedule PolynomialDecay(
        double finalSparsity, long endStep, double initialSparsity = 0, long beginStep = 0, double power = 3, int frequency = 100)
    {
        if (endStep <= beginStep)
            throw new ModelException($"SparsitySchedule: endStep is {endStep}; expected more than beginStep, which is {beginStep}.");
        if (!(power > 0)) throw new ModelException(FormattableString.Invariant($"SparsitySchedule: power is {power}; expected a number above 0."));
        return new(initialSparsity, finalSparsity, beginStep, endStep, power, frequency);
    }

    /// <summary>A constant share; which weights are zero is chosen again periodically.</summary>
    /// <param name="targetSparsity">The share.</param>
    /// <param name="beginStep">The step at which pruning starts.</param>
    /// <param name="endStep">The step of the last choice of zeros; default: there is none.</param>
    /// <param name="frequency">The number of steps between choices.</param>
    /// <exception cref="ModelException">The share is not between 0 and 1, or the steps are not in order.</exception>
    public static SparsitySchedule ConstantSparsity(double targetSparsity, long beginStep = 0, long? endStep = null, int frequency = 100)
    {
        if (endStep < beginStep)
            throw new ModelException($"SparsitySchedule: endStep is {endStep}; expected at least beginStep, which is {beginStep}.");
        Share(targetSparsity, nameof(targetSparsity));
        return new(targetSparsity, targetSparsity, beginStep, endStep, 1, frequency);
    }

    /// <summary>A constant share from the first step on.</summary>
    public static implicit operator SparsitySchedule(double targetSparsity) => ConstantSparsity(targetSparsity);

    /// <summary>The share after that many steps.</summary>
    /// <param name="step">The step, counted from 0.</param>
    public double At(long step)
    {
        if (step < BeginStep) return 0;
        if (EndStep is not { } end || end == BeginStep) return _final;
        var left = 1 - Math.Min(1, (double)(step - BeginStep) / (end - BeginStep));
        return _final + ((_initial - _final) * Math.Pow(left, _power));
    }

    /// <summary>Whether zeros are chosen after that many steps.</summary>
    /// <param name="step">The step, counted from 0.</param>
    public bool IsDue(long step) =>
        step >= BeginStep && !(step > EndStep) && ((step - BeginStep) % Frequency == 0 || step == EndStep);

    private static double Share(double value, string name) =>
        value is >= 0 and < 1
            ? value
            : throw new ModelException(
                FormattableString.Invariant($"SparsitySchedule: {name} is {value}; expected a share of zeros from 0 to below 1, such as 0.8."));
}
