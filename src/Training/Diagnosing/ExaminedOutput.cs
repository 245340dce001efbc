using OnnxFunctional.Operators;
using OnnxFunctional.Training.Losses;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>What the targets of a loss are.</summary>
internal enum TargetKind
{
    /// <summary>The loss is not known, or its targets are of another kind.</summary>
    Other,

    /// <summary>Indices of classes.</summary>
    Classes,

    /// <summary>A probability per class, which add up to 1 along the last axis.</summary>
    Distributions,

    /// <summary>Probabilities that are independent of each other.</summary>
    Probabilities,

    /// <summary>Any numbers.</summary>
    Numbers,
}

/// <summary>An output that has a loss.</summary>
/// <param name="Index">Its position.</param>
/// <param name="Name">Its name.</param>
/// <param name="Prediction">Its tensor.</param>
/// <param name="Loss">Its loss.</param>
/// <param name="Factor">The factor on its loss.</param>
internal sealed record ExaminedOutput(int Index, string Name, SymbolicTensor Prediction, Loss Loss, float Factor)
{
    public TargetKind Kind { get; } = Loss switch
    {
        SparseCategoricalCrossentropy { IgnoreClass: null } sparse when IsLast(sparse.Axis, Prediction) => TargetKind.Classes,
        CategoricalCrossentropy categorical when IsLast(categorical.Axis, Prediction) => TargetKind.Distributions,
        CategoricalFocalCrossentropy focal when IsLast(focal.Axis, Prediction) => TargetKind.Distributions,
        KLDivergence => TargetKind.Distributions,
        BinaryCrossentropy or BinaryFocalCrossentropy => TargetKind.Probabilities,
        MeanSquaredError or MeanAbsoluteError or Huber or LogCosh or MeanAbsolutePercentageError or MeanSquaredLogarithmicError or Poisson
            => TargetKind.Numbers,
        _ => TargetKind.Other,
    };

    /// <summary>The fraction by which the loss moves targets towards equal probabilities.</summary>
    public double Smoothing => Loss switch
    {
        CategoricalCrossentropy categorical => categorical.LabelSmoothing,
        CategoricalFocalCrossentropy focal => focal.LabelSmoothing,
        BinaryCrossentropy binary => binary.LabelSmoothing,
        BinaryFocalCrossentropy focal => focal.LabelSmoothing,
        _ => 0,
    };

    /// <summary>Why no guess can be compared with the predictions; null if one can.</summary>
    public string? CannotCompare =>
        Kind == TargetKind.Other ? $"output '{Name}' has the loss {Loss.Name}, of which the best guess is not known."
        : Prediction.Mask is not null ? $"the predictions of output '{Name}' have a mask."
        : null;

    /// <summary>The node that makes the predictions, before everything that only moves them.</summary>
    public Node Maker => Unmoved(Prediction.Value).Producer;

    /// <summary>The layer that makes them, in a sentence.</summary>
    public string Place => Maker.Scope is { } call ? $"layer '{call.Path}'" : $"output '{Name}'";

    public static Value Unmoved(Value value)
    {
        while (value.Producer is { Op: Identity or MoveOp, Inputs: [var first] }) value = first;
        return value;
    }

    private static bool IsLast(int axis, SymbolicTensor prediction) => axis == -1 || axis == prediction.Rank - 1;
}
