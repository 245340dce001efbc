using OnnxFunctional.Operators;
using static OnnxFunctional.Training.Diagnosing.Figures;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>Activations of outputs that make other values than the loss takes or the targets have.</summary>
internal sealed class OutputCheck : IFaultCheck
{
    // Targets that an output cannot reach; fewer may be outliers.
    private const double LeastShare = 0.05;

    // What rounding leaves of a bound, or of a sum of 1.
    private const double Rounding = 1e-2;

    private const int MostSamples = 16384;

    public string Subject => "activations of outputs and loss";

    public void Run(Examination examination)
    {
        foreach (var output in examination.Outputs)
        {
            if (Misfit(examination, output) is { } misfit)
                examination.Add(FindingKind.OutputDoesNotFitLoss, output.Maker.Scope?.Path ?? output.Name, misfit);
            else if (output.Kind == TargetKind.Other)
                examination.Skip(Subject, $"output '{output.Name}' has the loss {output.Loss.Name}, whose predictions are not known.");
        }

        if (examination.Outputs.Count == 0) examination.Skip(Subject, "no output has a loss.");
    }

    /// <summary>Whether nothing bounds the predictions.</summary>
    public static bool IsLinear(ExaminedOutput output) => CompileWarnings.IsLinear(output.Prediction.Value);

    private static string? Misfit(Examination examination, ExaminedOutput output)
    {
        var place = output.Place;
        var name = NameOf(output.Maker.Op) ?? (IsLinear(output) ? "no activation" : null);
        if (output.Maker.Op is Softmax softmax && output.Maker.Inputs[0].Spec.Shape is { Rank: > 0 } shape && shape.Dim(softmax.Axis) == 1)
        {
            return $"The output of {place} is the softmax of 1 value, which is always 1. "
                + "For two classes use one unit with Activation.Sigmoid and Loss.BinaryCrossentropy.";
        }

        if (name is null) return null;
        return (output.Kind, output.Loss.TakesLogits, name) switch
        {
            (TargetKind.Classes or TargetKind.Distributions or TargetKind.Probabilities, true, "softmax" or "sigmoid" or "relu")
                => $"{output.Loss.Name} has fromLogits: true and computes probabilities itself, but {place} ends in {name}. Leave out the activation.",
            (TargetKind.Classes or TargetKind.Distributions, false, not "softmax")
                => $"{output.Loss.Name} takes the probabilities of {output.Prediction.Shape[^1]} classes, which add up to 1, but {place} ends in {name}. "
                + "Give the layer Activation.Softmax.",
            (TargetKind.Probabilities, false, not ("sigmoid" or "softmax"))
                => $"{output.Loss.Name} takes probabilities from 0 to 1, but {place} ends in {name}. Give the layer Activation.Sigmoid.",
            (TargetKind.Probabilities, false, "softmax") => SeveralClasses(examination, output, place),
            (TargetKind.Numbers, _, "softmax" or "sigmoid") => OutOfRange(examination, output, place, name, 0, 1),
            (TargetKind.Numbers, _, "tanh") => OutOfRange(examination, output, place, name, -1, 1),
            (TargetKind.Numbers, _, "relu") => OutOfRange(examination, output, place, name, 0, double.PositiveInfinity),
            _ => null,
        };
    }

    private static string? NameOf(Op op) => op switch
    {
        Softmax => "softmax",
        Sigmoid => "sigmoid",
        Tanh => "tanh",
        Relu => "relu",
        _ => null,
    };

    private static string? OutOfRange(Examination examination, ExaminedOutput output, string place, string name, double low, double high)
    {
        var values = Samples(examination).Target(output.Index).AsFloats();
        var (outside, least, most) = (0, double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in values)
        {
            if (value < low - Rounding || value > high + Rounding) outside++;
            (least, most) = (Math.Min(least, value), Math.Max(most, value));
        }

        if (outside < LeastShare * values.Length || outside == 0) return null;
        var reach = double.IsFinite(high) ? $"from {low} to {high}" : $"of {low} or more";
        return $"The {name} of {place} makes values {reach}, but {Percent(outside / (double)values.Length)} of the targets are outside; they go from "
            + $"{Number(least)} to {Number(most)}. Leave out the activation.";
    }

    private static string? SeveralClasses(Examination examination, ExaminedOutput output, string place)
    {
        var target = Samples(examination).Target(output.Index);
        var classes = target.Shape.Dims[^1];
        if (target.Shape.Rank < 2 || classes < 2) return null;
        var values = target.AsFloats();
        var (rows, wrong) = (values.Length / classes, 0);
        for (var i = 0; i < rows; i++)
        {
            var sum = System.Numerics.Tensors.TensorPrimitives.Sum(values.Slice(i * classes, classes));
            if (Math.Abs(sum - 1) > Rounding) wrong++;
        }

        if (wrong < LeastShare * rows) return null;
        return $"The softmax of {place} makes rows that add up to 1, but {Percent(wrong / (double)rows)} of the rows of targets do not: a sample may be of "
            + "several classes. Use Activation.Sigmoid.";
    }

    private static SampleSet Samples(Examination examination) => examination.CanCut ? examination.Training.Spread(MostSamples) : examination.Training;
}
