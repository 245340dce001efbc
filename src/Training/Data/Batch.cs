namespace OnnxFunctional.Training;

/// <summary>Samples of one step: data of the inputs, targets of the outputs, and weights of the samples where there are any.</summary>
/// <param name="X">Data of the inputs.</param>
/// <param name="Y">Targets of the outputs.</param>
/// <param name="SampleWeight">A weight for each sample: one array for all outputs, or one for each, in order or by name.</param>
public sealed record Batch(NDArrays X, NDArrays Y, NDArrays? SampleWeight = null);
