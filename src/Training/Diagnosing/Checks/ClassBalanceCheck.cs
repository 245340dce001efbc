using System.Numerics.Tensors;
using OnnxFunctional.Training.Losses;
using static OnnxFunctional.Training.Diagnosing.Figures;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>Classes of which one has nearly all samples, after the weights of samples and classes.</summary>
internal sealed class ClassBalanceCheck : IFaultCheck
{
    // A model that always names one class is right so often then that its loss has little reason to learn another.
    private const double LargestShare = 0.9;

    // Of fewer samples, the others may be missing by chance.
    private const int LeastSamples = 50;

    public string Subject => "balance of classes";

    public void Run(Examination examination)
    {
        foreach (var output in examination.Outputs)
        {
            if (ClassesOf(output, examination.Training.Target(output.Index)) is not { } classes)
            {
                if (output.Kind != TargetKind.Numbers) examination.Skip(Subject, $"the targets of output '{output.Name}' are not one class per sample.");
                continue;
            }

            if (output.Loss is BinaryFocalCrossentropy or CategoricalFocalCrossentropy || classes.Length < LeastSamples) continue;
            var weights = examination.Training.Weights(output.Index);
            if (weights is not null && weights.Shape.ElementCount != classes.Length)
            {
                examination.Skip(Subject, $"the samples of output '{output.Name}' have a weight for each of their positions.");
                continue;
            }

            Judge(examination, output, classes, weights);
        }
    }

    /// <summary>The class of each sample; null if a target is not one class.</summary>
    public static int[]? ClassesOf(ExaminedOutput output, NDArray target)
    {
        if (target.DType == DType.String || target.Count == 0) return null;
        var size = (int)(target.Shape.ElementCount / target.Count);
        var values = target.AsFloats();
        switch (output.Kind)
        {
            case TargetKind.Classes when size == 1:
            case TargetKind.Probabilities when size == 1 && !values.ContainsAnyExcept(0f, 1f):
                return Array.ConvertAll(values.ToArray(), value => (int)value);
            case TargetKind.Distributions when target.Shape.Rank == 2 && size > 1 && !values.ContainsAnyExcept(0f, 1f):
                var classes = new int[target.Count];
                for (var i = 0; i < classes.Length; i++) classes[i] = TensorPrimitives.IndexOfMax(values.Slice(i * size, size));
                return classes;
            default:
                return null;
        }
    }

    private static void Judge(Examination examination, ExaminedOutput output, int[] classes, NDArray? weights)
    {
        var (sums, counts) = (new double[classes.Max() + 1], new int[classes.Max() + 1]);
        for (var i = 0; i < classes.Length; i++)
        {
            sums[classes[i]] += weights?.ElementAt(i) ?? 1;
            counts[classes[i]]++;
        }

        var largest = Array.IndexOf(sums, sums.Max());
        var share = sums[largest] / sums.Sum();
        var others = Enumerable.Range(0, counts.Length).Where(i => i != largest && counts[i] > 0).ToArray();

        // All of one class: the check of labels says so.
        if (!(share >= LargestShare) || others.Length == 0) return;
        var rarest = others.MinBy(i => counts[i]);
        var balanced = classes.Length / ((others.Length + 1.0) * counts[rarest]);
        examination.Add(
            FindingKind.UnbalancedClasses,
            output.Name,
            $"Class {largest} has {counts[largest]:N0} of the {classes.Length:N0} samples of output '{output.Name}'"
            + (weights is null ? "" : $", {Percent(share)} by their weights,") + $" and class {rarest} has {counts[rarest]:N0}: a model that always says "
            + $"{largest} is right for {Percent(counts[largest] / (double)classes.Length)}. Pass classWeight to Fit, by class samples / (classes x "
            + $"samples of the class): [{largest}] = {Number(classes.Length / ((others.Length + 1.0) * counts[largest]))}, "
            + $"[{rarest}] = {Number(balanced)}.");
    }
}
