using OnnxFunctional.Export.Emit;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export;

/// <summary>What an exported training step looks like and how it is proved.</summary>
public sealed record TrainingExportOptions
{
    /// <summary>The version of ONNX's operators, 17 to 21; random layers need 18.</summary>
    public int Opset { get; init; } = ExportOptions.NewestOpset;

    /// <summary>The name of the batch dimension in the files.</summary>
    public string BatchName { get; init; } = "batch";

    /// <summary>Samples of every batch, where the files shall hold for that number only; any number unless set.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Whether a weight for each sample is an input.</summary>
    public bool SampleWeights { get; init; }

    /// <summary>Some targets that show shape and type; without them they follow from the losses: class numbers for sparse ones, the prediction's shape for others.</summary>
    public NDArrays? Targets { get; init; }

    /// <summary>Inputs to verify with, and with <see cref="Targets"/> where these are as many; random numbers unless given. A model that takes only some numbers, such as those with a logarithm, needs them.</summary>
    public NDArrays? Samples { get; init; }

    /// <summary>Whether steps are made in ONNX Runtime and in the engine and compared before anything is written.</summary>
    public bool Verify { get; init; } = true;

    /// <summary>Steps made for the comparison.</summary>
    public int VerifiedSteps { get; init; } = 3;

    /// <summary>The share by which losses may differ.</summary>
    public float LossTolerance { get; init; } = 1e-4f;

    /// <summary>The share of a tensor's largest number by which its numbers may differ.</summary>
    public float StateTolerance { get; init; } = 1e-3f;

    internal EmissionOptions ForEmission()
    {
        var options = new EmissionOptions { Opset = Opset, BatchName = BatchName };
        options.Check();
        if (BatchSize < 1) throw new ExportException($"TrainingExportOptions.BatchSize is {BatchSize}; expected 1 or more, or nothing.");
        if (VerifiedSteps < 1) throw new ExportException($"TrainingExportOptions.VerifiedSteps is {VerifiedSteps}; expected 1 or more. Set Verify = false to verify nothing.");
        if (!(LossTolerance >= 0) || !(StateTolerance >= 0)) throw new ExportException($"The tolerances are {LossTolerance} and {StateTolerance}; expected numbers of 0 or more.");
        return options;
    }
}
