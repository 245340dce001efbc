namespace OnnxFunctional.Training;

/// <summary>Samples of one step: data of the inputs, targets of the outputs, and a weight for each sample where there are any.</summary>
/// <param name="X">Data of the inputs.</param>
/// <param name="Y">Targets of the outputs.</param>
/// <param name="SampleWeight">A weight for each sample.</param>
public sealed record Batch(NDArrays X, NDArrays Y, NDArray? SampleWeight = null);
