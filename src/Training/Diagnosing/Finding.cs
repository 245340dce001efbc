namespace OnnxFunctional.Training;

/// <summary>The faults that <c>trainer.Diagnose</c> looks for.</summary>
public enum FindingKind
{
    /// <summary>Inputs of a product with weights are far from the range in which networks learn, or features differ by orders of magnitude.</summary>
    UnscaledInputs,

    /// <summary>Targets of a regression are so large that the output needs thousands of steps to reach them.</summary>
    UnscaledTargets,

    /// <summary>All targets are equal, so there is nothing to learn.</summary>
    ConstantTargets,

    /// <summary>Targets have values that the loss does not take.</summary>
    LabelsDoNotFitLoss,

    /// <summary>The activation of an output makes values that the loss or its targets do not have.</summary>
    OutputDoesNotFitLoss,

    /// <summary>Nearly all samples are of one class, and no weights make up for it.</summary>
    UnbalancedClasses,

    /// <summary>Samples of the validation data are in the training data too.</summary>
    SharedRows,

    /// <summary>Batches are so small that their statistics in BatchNormalization are chance.</summary>
    BatchTooSmall,

    /// <summary>Nearly all units of a layer give 0 for every sample.</summary>
    DeadUnits,

    /// <summary>Nearly all units of a layer are where their activation is flat, for nearly every sample.</summary>
    SaturatedUnits,

    /// <summary>The gradients of some layers are 0, or orders of magnitude below those of others.</summary>
    VanishingGradients,

    /// <summary>Gradients or the loss are orders of magnitude above what the targets explain, or not finite.</summary>
    ExplodingGradients,

    /// <summary>Steps make the loss no smaller, and smaller steps do.</summary>
    LearningRateTooLarge,

    /// <summary>Steps hardly change the loss, and much larger ones make it smaller.</summary>
    LearningRateTooSmall,

    /// <summary>A copy of the model does not learn even 32 samples.</summary>
    CannotOverfit,

    /// <summary>The trained model is worse than a simple guess: a constant, a linear model, the last value of a sequence.</summary>
    WorseThanBaseline,
}

/// <summary>A fault of a training.</summary>
/// <param name="Kind">What kind of fault it is.</param>
/// <param name="Where">The path of the layer, or the name of the input or output; empty if it is none of one place.</param>
/// <param name="Sentence">What was measured, and one remedy.</param>
public sealed record Finding(FindingKind Kind, string Where, string Sentence)
{
    /// <summary>The kind and the sentence.</summary>
    public override string ToString() => $"{Kind}: {Sentence}";
}

/// <summary>A check that was not made.</summary>
/// <param name="Check">What would have been checked.</param>
/// <param name="Reason">Why it was not.</param>
public sealed record SkippedCheck(string Check, string Reason)
{
    /// <summary>The check and the reason.</summary>
    public override string ToString() => $"{Check}: {Reason}";
}
