using static OnnxFunctional.Training.Diagnosing.Figures;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>Whether a copy of the model learns a few samples by heart, which any network of enough weights does unless something is broken.</summary>
internal sealed class OverfitCheck : IFaultCheck
{
    private const int Samples = 32;
    private const int Steps = 200;

    // How often the loss is looked at.
    private const int Pause = 20;

    // What is left of the loss of a constant guess, or of the loss before, if a model learned nothing.
    private const double NothingLearned = 0.9;
    private const double Learns = 0.5;

    // With fewer weights per number to learn, not being able to is no fault.
    private const int WeightsPerSample = 4;

    private static readonly double[] s_factors = [1, 10, 0.1, 100, 0.01];

    public string Subject => $"learning {Samples} samples by heart";

    public void Run(Examination examination)
    {
        if (Reason(examination) is { } reason)
        {
            examination.Skip(Subject, reason);
            return;
        }

        var samples = examination.Training.Spread(Samples);
        var constant = Guess.Constant(examination, samples, samples);
        var least = Guess.Perfect(examination, samples);
        if (constant is not { } guess || least is not { } floor)
        {
            examination.Skip(Subject, "the loss of a constant guess is not known.");
            return;
        }

        if (guess - floor <= 1e-6 * Math.Abs(guess))
        {
            examination.Skip(Subject, $"the {samples.Count} samples have equal targets.");
            return;
        }

        using var trial = new Trial(examination, samples, samples.Count);
        var rate = examination.Trainer.Compiled.State.LearningRate.Storage[0];
        var followsSchedule = !examination.Trainer.Optimizer.LearningRate.IsConstant;
        trial.Step();
        var before = trial.DataLoss;

        // Where the first predictions are far off, half of the way is enough to see that it learns.
        var enough = floor + Math.Max(NothingLearned * (Math.Min(guess, before) - floor), Learns * (before - floor));
        var lowest = double.PositiveInfinity;
        foreach (var factor in followsSchedule ? [1] : s_factors)
        {
            lowest = Math.Min(lowest, Lowest(trial, rate * factor, enough));
            if (lowest < enough) return;
        }

        if (followsSchedule)
        {
            examination.Skip(Subject, $"the optimizer follows a schedule, with whose rates {Steps} steps are not enough.");
            return;
        }

        examination.Add(
            FindingKind.CannotOverfit,
            "",
            $"In {Steps} steps on {samples.Count} samples alone, at {s_factors.Length} learning rates, the loss falls from {Number(before)} to "
            + $"{Number(lowest)} only; a constant guess has {Number(guess)}. Remove layers, regularization and preprocessing until the samples are "
            + "learned, then add them one by one.");
    }

    private static double Lowest(Trial trial, double rate, double enough)
    {
        trial.Restart(rate);
        var lowest = double.PositiveInfinity;
        for (var step = 1; step <= Steps && trial.Step(); step++)
        {
            lowest = Math.Min(lowest, trial.DataLoss);

            // Random layers make training harder than what was learned; moving statistics lag behind it. The better of both counts.
            if (step % Pause == 0) lowest = Math.Min(lowest, Finite(trial.Evaluate()));
            if (lowest < enough) break;
        }

        return lowest;
    }

    private static double Finite(double loss) => double.IsFinite(loss) ? loss : double.PositiveInfinity;

    private static string? Reason(Examination examination)
    {
        if ((examination.CannotTry ?? examination.Explained) is { } reason) return reason;
        if (examination.Training.Count < Samples) return $"there are {examination.Training.Count} samples.";
        if (examination.Outputs.Count == 0) return "no output has a loss.";
        if (examination.Outputs.Select(output => output.CannotCompare).FirstOrDefault(why => why is not null) is { } other) return other;
        if (examination.Trainer.Optimizer.GradientAccumulationSteps is not null) return "the optimizer accumulates gradients over several steps.";
        var weights = examination.Trial!.Kernels.Sum(kernel => kernel.Weight.Shape.ElementCount);
        return weights >= WeightsPerSample * Samples ? null : $"the model trains {weights} weights in its kernels, too few to learn samples by heart.";
    }
}
