using static OnnxFunctional.Training.Diagnosing.Figures;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>A trained model that is worse than the majority of the classes, or than one number for all samples.</summary>
internal sealed class ConstantGuessCheck : IFaultCheck
{
    private const double Margin = 0.02;
    private const double LargestRatio = 1.05;

    public string Subject => "comparison with a constant guess";

    public void Run(Examination examination)
    {
        if (TrainedModel.CannotCompare(examination) is { } reason)
        {
            examination.Skip(Subject, reason);
            return;
        }

        var judged = TrainedModel.Judged(examination);
        var where = examination.Validation is null ? "training" : "validation";
        foreach (var output in examination.Outputs)
        {
            if (output.CannotCompare is { } cannot)
            {
                examination.Skip(Subject, cannot);
                continue;
            }

            var predictions = TrainedModel.Predictions(examination, output);
            if (ClassBalanceCheck.ClassesOf(output, judged.Target(output.Index)) is { } classes
                && ClassBalanceCheck.ClassesOf(output, examination.Training.Target(output.Index)) is { } trained)
            {
                var majority = trained.CountBy(index => index).MaxBy(entry => entry.Value).Key;
                var share = classes.Count(index => index == majority) / (double)classes.Length;
                var accuracy = TrainedModel.Accuracy(output, classes, predictions);
                if (!TrainedModel.IsBelow(accuracy, share, classes.Length, Margin)) continue;
                Add(
                    output,
                    $"is right for {Percent(accuracy)} of {classes.Length:N0} {where} samples, and always saying class {majority} is for "
                    + $"{Percent(share)}");
            }
            else if (Guess.LossOf(examination, output, judged, predictions) is { } loss
                && Guess.Constant(examination, output, examination.Sample, judged) is { } constant && !(loss <= LargestRatio * constant))
            {
                Add(
                    output,
                    $"has a loss of {Number(loss)} on {judged.Count:N0} {where} samples, and the best constant has {Number(constant)}");
            }
        }

        void Add(ExaminedOutput output, string what) => examination.Add(
            FindingKind.WorseThanBaseline,
            output.Name,
            $"Output '{output.Name}' {what}. Check that inputs and targets are in the same order, and train with a smaller learning rate.");
    }
}
