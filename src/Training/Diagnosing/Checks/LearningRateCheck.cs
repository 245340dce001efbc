using static OnnxFunctional.Training.Diagnosing.Figures;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>
/// A learning-rate range test by trials: the rate of the optimizer, and rates of other orders of magnitude, from the same weights on the same batches.
/// </summary>
internal sealed class LearningRateCheck : IFaultCheck
{
    // Enough for any rate that works to be seen working.
    private const int Steps = 60;

    // The steps whose mean loss is that of the end.
    private const int LastSteps = 10;

    // What a rate must reach, of the loss before, where the optimizer's own reaches nothing.
    private const double Better = 0.8;

    // The share of the loss that a rate takes off at least, unless it is too small.
    private const double LeastGain = 0.005;

    // What a much larger rate must take off.
    private const double LargeGain = 0.3;

    private static readonly double[] s_smaller = [0.1, 0.01, 0.001, 0.0001];
    private static readonly double[] s_larger = [100, 1000, 10_000, 100_000];

    public string Subject => "learning rate";

    public void Run(Examination examination)
    {
        if (Reason(examination) is { } reason)
        {
            examination.Skip(Subject, reason);
            return;
        }

        var trial = examination.Trial!;
        var rate = examination.Trainer.LearningRate;
        var constant = Guess.Constant(examination, examination.Sample, examination.Sample);
        trial.Restart(0);
        if (!trial.Step())
        {
            examination.Skip(Subject, "the loss of the first batch is not finite.");
            return;
        }

        var before = Mean(trial, 0);
        var after = Mean(trial, rate);
        var reference = constant is { } guess ? Math.Min(guess, before) : before;

        // What was learned already makes it hard to learn more.
        var isTrained = before < Better * (constant ?? double.PositiveInfinity) && examination.Trainer.Iterations > 0;
        if (isTrained) return;
        if (!(after < reference)) TooLarge(examination, trial, rate, before, after, reference);
        if (after > before * (1 - LeastGain) && !examination.Has(FindingKind.LearningRateTooLarge)) TooSmall(examination, trial, rate, before, after);
    }

    private static void TooLarge(Examination examination, Trial trial, double rate, double before, double after, double reference)
    {
        foreach (var factor in s_smaller)
        {
            var other = Mean(trial, rate * factor);
            if (!(other <= Better * reference)) continue;
            examination.Add(
                FindingKind.LearningRateTooLarge,
                "",
                $"{Steps} steps at the learning rate {Number(rate)} take the loss from {Number(before)} to {Number(after)}, and at "
                + $"{Number(rate * factor)} to {Number(other)}. Use a learning rate of {Number(rate * factor)}.");
            return;
        }
    }

    private static void TooSmall(Examination examination, Trial trial, double rate, double before, double after)
    {
        foreach (var factor in s_larger)
        {
            var other = Mean(trial, rate * factor);
            if (!(other <= before * (1 - LargeGain))) continue;
            examination.Add(
                FindingKind.LearningRateTooSmall,
                "",
                $"{Steps} steps at the learning rate {Number(rate)} take the loss from {Number(before)} to {Number(after)}, and at "
                + $"{Number(rate * factor)} to {Number(other)}. Use a learning rate of {Number(rate * factor)}.");
            return;
        }
    }

    /// <summary>The mean loss of the last steps at a rate; NaN if one is not finite.</summary>
    private static double Mean(Trial trial, double rate)
    {
        trial.Restart(rate);
        var sum = 0.0;
        for (var step = 0; step < Steps; step++)
        {
            if (!trial.Step()) return double.NaN;
            if (step >= Steps - LastSteps) sum += trial.DataLoss;
        }

        return sum / LastSteps;
    }

    private static string? Reason(Examination examination) =>
        examination.CannotTry ?? examination.Explained
        ?? (!examination.Trainer.Optimizer.LearningRate.IsConstant ? "the optimizer follows a schedule."
            : examination.Trainer.LearningRate == 0 ? "the learning rate is 0."
            : examination.Trainer.Optimizer.GradientAccumulationSteps is not null ? "the optimizer accumulates gradients over several steps."
            : examination.Outputs.FirstOrDefault(output => output.Kind == TargetKind.Other) is { } other
                ? $"output '{other.Name}' has the loss {other.Loss.Name}, whose least value is not known."
            : examination.Outputs.Count == 0 ? "no output has a loss."
            : null);
}
