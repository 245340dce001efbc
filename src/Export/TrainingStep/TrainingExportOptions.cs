using OnnxFunctional.Export.Emit;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export;

/// <summary>Options for exporting a training step and verifying it.</summary>
public sealed record TrainingExportOptions
{
    /// <summary>The operator set, 17 to 21; random layers need 18.</summary>
    public int Opset { get; init; } = ExportOptions.NewestOpset;

    /// <summary>The name of the batch dimension in the files.</summary>
    public string BatchName { get; init; } = "batch";

    /// <summary>Samples per batch, if the files are to support only that number; any number by default.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Whether sample weights are an input.</summary>
    public bool SampleWeights { get; init; }

    /// <summary>
    /// Example targets for shape and type. By default these follow from the losses: class indices for sparse ones, the prediction's shape for others.
    /// </summary>
    public NDArrays? Targets { get; init; }

    /// <summary>
    /// Inputs to verify with, together with <see cref="Targets"/> if these are as many; random numbers
    /// by default. Needed for models with a restricted domain, such as those with a logarithm.
    /// </summary>
    public NDArrays? Samples { get; init; }

    /// <summary>Whether steps are made in ONNX Runtime and in the engine and compared before anything is written.</summary>
    public bool Verify { get; init; } = true;

    /// <summary>
    /// The number of steps to verify. Loops over an unknown number of time steps are also compared in one step each over 1, 2, 7 and 17, unless
    /// <see cref="Samples"/> are given.
    /// </summary>
    public int VerifiedSteps { get; init; } = 3;

    /// <summary>The accepted relative difference of losses; beyond it, only what rounding explains is accepted. 0 accepts nothing at all.</summary>
    public float LossTolerance { get; init; } = 1e-4f;

    /// <summary>
    /// The accepted difference of a tensor's elements, relative to its largest element; beyond it, only what rounding explains is accepted. 0 accepts nothing
    /// at all.
    /// </summary>
    public float StateTolerance { get; init; } = 1e-3f;

    /// <summary>The most bytes of the state inside init.onnx.</summary>
    internal long MostInside { get; init; } = ExternalWeights.MostInside;

    internal EmissionOptions ForEmission()
    {
        var options = new EmissionOptions { Opset = Opset, BatchName = BatchName, Adapters = AdapterForm.Weights };
        options.Check();
        if (BatchSize < 1) throw new ExportException($"TrainingExportOptions.BatchSize is {BatchSize}; expected 1 or more, or null.");
        if (VerifiedSteps < 1)
            throw new ExportException($"TrainingExportOptions.VerifiedSteps is {VerifiedSteps}; expected 1 or more. Set Verify = false to verify nothing.");
        if (!(LossTolerance >= 0) || !(StateTolerance >= 0))
            throw new ExportException($"The tolerances are {LossTolerance} and {StateTolerance}; expected numbers of 0 or more.");
        return options;
    }
}
