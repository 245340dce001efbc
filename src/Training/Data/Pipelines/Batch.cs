namespace OnnxFunctional.Training;

/// <summary>The samples of one step: data of the inputs, targets of the outputs, and optional sample weights.</summary>
/// <param name="X">The data of the inputs.</param>
/// <param name="Y">The targets of the outputs.</param>
/// <param name="SampleWeight">A weight per sample: one array for all outputs, or one per output, in order or by name.</param>
public sealed record Batch(NDArrays X, NDArrays Y, NDArrays? SampleWeight = null)
{
    /// <summary>If a process holds its part of a batch only: the first sample of the part, and the samples of the batch.</summary>
    internal (int First, int Samples)? PartOf { get; init; }
}
