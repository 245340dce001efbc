namespace OnnxFunctional.Export;

/// <summary>How two files are compared.</summary>
public sealed record ComparisonOptions
{
    /// <summary>Batch sizes to compare with random inputs, as far as the files take them.</summary>
    public IReadOnlyList<int> BatchSizes { get; init; } = [1, 2, 7];

    /// <summary>
    /// Sizes of other dimensions that a file leaves open, such as the steps of a sequence. The first is that of all batches; the others are used as far as the
    /// first file takes them.
    /// </summary>
    public IReadOnlyList<int> Lengths { get; init; } = [8, 1, 17];

    /// <summary>
    /// The devices on which both files run, one after another; by default all that are there: the processor, and a graphics card if the application references
    /// ONNX Runtime for CUDA. There products are computed in float32, not in TF32.
    /// </summary>
    public IReadOnlyList<ExecutionProvider>? Providers { get; init; }

    /// <summary>Samples to compare with in addition: one tensor per input of the first file, in order, the batch first.</summary>
    public IReadOnlyList<OnnxValue>? Samples { get; init; }

    /// <summary>A value may differ by this much, plus <see cref="RelativeTolerance"/> times the largest value of the tensor.</summary>
    public float AbsoluteTolerance { get; init; } = 1e-4f;

    /// <summary>The accepted difference relative to the largest value of the tensor, in addition to <see cref="AbsoluteTolerance"/>.</summary>
    public float RelativeTolerance { get; init; } = 1e-4f;

    /// <exception cref="ExportException">A value is out of range.</exception>
    internal void Check()
    {
        if (BatchSizes.Count == 0 || BatchSizes.Any(size => size < 1))
            throw new ExportException($"ComparisonOptions.BatchSizes is [{string.Join(", ", BatchSizes)}]; expected sizes of 1 or more.");
        if (Lengths.Count == 0 || Lengths.Any(length => length < 1))
            throw new ExportException($"ComparisonOptions.Lengths is [{string.Join(", ", Lengths)}]; expected sizes of 1 or more.");
        if (Providers is { Count: 0 }) throw new ExportException("ComparisonOptions.Providers is empty; expected one or more, or null for all that are there.");
        if (!(AbsoluteTolerance >= 0) || !(RelativeTolerance >= 0))
            throw new ExportException($"The tolerances are {AbsoluteTolerance} and {RelativeTolerance}; expected numbers of 0 or more.");
    }
}
