using System.Numerics.Tensors;
using OnnxFunctional.Training.Losses;
using static OnnxFunctional.Training.Diagnosing.Figures;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>Targets that the loss does not take, that are all equal, or that are far from what an output layer begins with.</summary>
internal sealed class LabelCheck : IFaultCheck
{
    // A few wrong labels are noise; a twentieth is a wrong encoding.
    private const double LeastShare = 0.05;

    // What rounding and averaging leave of a sum of 1.
    private const float Rounding = 1e-2f;

    // Adam moves a bias by its learning rate per step: a thousand is out of reach of usual trainings.
    private const double LargestScale = 1000;

    // Fewer samples may be equal by chance.
    private const int LeastSamples = 16;

    private const int MostSamples = 16384;

    public string Subject => "labels and loss";

    public void Run(Examination examination)
    {
        var samples = examination.CanCut ? examination.Training.Spread(MostSamples) : examination.Training;
        foreach (var output in examination.Outputs)
        {
            var target = samples.Target(output.Index);
            if (target.DType == DType.String) continue;
            var values = target.AsFloats();
            if (Misfit(output, target, values) is { } misfit) examination.Add(FindingKind.LabelsDoNotFitLoss, output.Name, misfit);
            else if (output.Kind == TargetKind.Other && output.Loss is not (Hinge or SquaredHinge))
                examination.Skip(Subject, $"output '{output.Name}' has the loss {output.Loss.Name}, whose targets are not known.");
            else if (output.Kind != TargetKind.Other) Constant(examination, output, target, values);
            if (output.Kind == TargetKind.Numbers) Scale(examination, output, values);
        }

        if (examination.Outputs.Count == 0) examination.Skip(Subject, "no output has a loss.");
    }

    private static string? Misfit(ExaminedOutput output, NDArray target, ReadOnlySpan<float> values)
    {
        var (low, high) = values.IsEmpty ? (0, 0) : (TensorPrimitives.Min(values), TensorPrimitives.Max(values));
        var range = $"{output.Loss.Name} of output '{output.Name}'";
        var found = $"but they go from {Number(low)} to {Number(high)}";
        return output switch
        {
            { Kind: TargetKind.Probabilities } when low < 0 || high > 1 =>
                $"{range} takes targets from 0 to 1, {found}. " + (low == -1 && high <= 1 ? "Write -1 as 0." : high > 1 && low >= 0 && IsWhole(values)
                    ? $"For class indices, use {high + 1} units with Activation.Softmax and Loss.SparseCategoricalCrossentropy."
                    : "Scale them, or use Loss.MeanSquaredError with a linear output."),
            { Kind: TargetKind.Distributions } => Distribution(output, target, values),
            { Loss: Hinge or SquaredHinge } when OtherThan(values, -1, 0, 1) is { } other =>
                $"{range} takes targets of -1 and 1, but there is {Number(other)}. Write the two classes as -1 and 1.",
            { Loss: MeanSquaredLogarithmicError } when low <= -1 => $"{range} takes the logarithm of targets + 1, {found}. Use Loss.MeanSquaredError.",
            { Loss: Poisson } when low < 0 => $"{range} takes counts of 0 or more, {found}. Use Loss.MeanSquaredError.",
            { Loss: MeanAbsolutePercentageError } when Share(values, value => value == 0) is >= LeastShare and var share =>
                $"{range} divides by the targets, but {Percent(share)} of them are 0. Use Loss.MeanAbsoluteError.",
            _ => null,
        };
    }

    private static string? Distribution(ExaminedOutput output, NDArray target, ReadOnlySpan<float> values)
    {
        var classes = target.Shape.Rank == 0 ? 1 : target.Shape.Dims[^1];
        if (classes < 2 || values.Length < classes) return null;
        var (rows, wrong, example) = (values.Length / classes, 0, 0f);
        for (var i = 0; i < rows; i++)
        {
            var row = values.Slice(i * classes, classes);
            var sum = TensorPrimitives.Sum(row);
            if (TensorPrimitives.Min(row) >= 0 && Math.Abs(sum - 1) <= Rounding) continue;
            (wrong, example) = (wrong + 1, sum);
        }

        if (wrong < LeastShare * rows) return null;
        return $"{output.Loss.Name} of output '{output.Name}' takes rows of probabilities that add up to 1, but {Percent(wrong / (double)rows)} of the "
            + $"rows do not; one adds up to {Number(example)}. If several classes apply to a sample, use Activation.Sigmoid and Loss.BinaryCrossentropy.";
    }

    private static void Constant(Examination examination, ExaminedOutput output, NDArray target, ReadOnlySpan<float> values)
    {
        if (target.Count < LeastSamples || values.ContainsAnyExcept(values[0])) return;
        examination.Add(
            FindingKind.ConstantTargets,
            output.Name,
            $"All {target.Count:N0} targets of output '{output.Name}' are {Number(values[0])}, so there is nothing to learn. "
            + "Check how the targets are read.");
    }

    private static void Scale(Examination examination, ExaminedOutput output, ReadOnlySpan<float> values)
    {
        var rms = Math.Sqrt(TensorPrimitives.SumOfSquares(values) / (double)values.Length);
        if (!(rms > LargestScale) || !OutputCheck.IsLinear(output) || output.Loss is MeanSquaredLogarithmicError) return;

        // A model that was trained to such numbers shows that it could be.
        if (examination.CannotTry is null && Guess.Constant(examination, examination.Sample, examination.Sample) is { } constant)
        {
            var predicted = examination.Infer([output.Prediction.Value], examination.Sample)[0].Elements;
            if (examination.Outputs.Count == 1 && Guess.LossOf(examination, output, examination.Sample, predicted) < constant) return;
        }

        examination.Add(
            FindingKind.UnscaledTargets,
            output.Name,
            $"The targets of output '{output.Name}' are large (root of the mean square {Number(rms)}), and a new output layer begins with values around "
            + $"0. Divide the targets by {Number(Math.Pow(10, Math.Round(Math.Log10(rms))))}, and multiply predictions by it.");
    }

    private static bool IsWhole(ReadOnlySpan<float> values) => Share(values, float.IsInteger) == 1;

    private static double Share(ReadOnlySpan<float> values, Func<float, bool> holds)
    {
        var count = 0;
        foreach (var value in values) count += holds(value) ? 1 : 0;
        return count / (double)Math.Max(1, values.Length);
    }

    private static float? OtherThan(ReadOnlySpan<float> values, params ReadOnlySpan<float> allowed) =>
        values.IndexOfAnyExcept(allowed) is >= 0 and var place ? values[place] : null;
}
