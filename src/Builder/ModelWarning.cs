namespace OnnxFunctional;

/// <summary>What a warning is about.</summary>
public enum WarningKind
{
    /// <summary>All steps of a sample are masked where a layer takes their mean.</summary>
    NothingUnmasked,

    /// <summary>A training is resumed on a processor whose instructions add in another order.</summary>
    InstructionSet,

    /// <summary>A softmax is taken over one value.</summary>
    ConstantSoftmax,

    /// <summary>A loss that takes probabilities is given the output of a linear layer.</summary>
    LossOnLogits,

    /// <summary>A loss that takes logits is given probabilities.</summary>
    LossOnProbabilities,

    /// <summary>An output of a compiled model has no loss.</summary>
    OutputWithoutLoss,

    /// <summary>Fit has no epoch to train.</summary>
    NoEpoch,

    /// <summary>Two models inside another have the same values.</summary>
    EqualModels,

    /// <summary>A file was opened without being compared with ONNX Runtime, which does not run it.</summary>
    NotVerified,

    /// <summary>A file that takes one sample at a time was opened as a model that does so too.</summary>
    OneSample,

    /// <summary>A file holds numbers of another width than float32, in which they are computed.</summary>
    ReadAsFloat32,

    /// <summary>A training is resumed whose batches were cut into another number of shards.</summary>
    OtherShards,
}

/// <summary>One warning; see <see cref="Warnings"/>.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Message">The reason, what follows from it, and a remedy.</param>
public sealed record ModelWarning(WarningKind Kind, string Message)
{
    /// <summary>The warning as a line of text.</summary>
    public override string ToString() => "warning: " + Message;
}
