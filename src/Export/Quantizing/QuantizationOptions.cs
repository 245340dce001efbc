namespace OnnxFunctional.Export;

/// <summary>How a model is quantized.</summary>
public sealed record QuantizationOptions
{
    /// <summary>How ranges of activations are chosen.</summary>
    public CalibrationMethod Method { get; init; } = CalibrationMethod.MinMax;

    /// <summary>The share of the numbers, in percent, that the range of <see cref="CalibrationMethod.Percentile"/> holds.</summary>
    public double Percentile { get; init; } = 99.99;

    /// <summary>
    /// Whether each output channel of a convolution and each column of a matrix has a scale of its own. One scale per tensor loses more where channels differ.
    /// </summary>
    public bool PerChannel { get; init; } = true;

    /// <summary>
    /// Whether weights take 7 bits: for x86 processors without VNNI instructions, where ONNX Runtime's sums of products in 8 bits saturate.
    /// </summary>
    public bool ReduceRange { get; init; }

    /// <summary>Paths of layers that stay float32, with * for any letters: <c>head*</c>.</summary>
    public IReadOnlyList<string> KeepFloat { get; init; } = [];

    /// <summary>The number of samples per batch of calibration.</summary>
    public int BatchSize { get; init; } = 32;

    /// <exception cref="ExportException">A value is out of range.</exception>
    internal void Check()
    {
        if (!(Percentile is > 50 and <= 100))
            throw new ExportException($"QuantizationOptions.Percentile is {Percentile}; expected more than 50 and at most 100.");
        if (BatchSize < 1) throw new ExportException($"QuantizationOptions.BatchSize is {BatchSize}; expected at least 1.");
        if (Enum.IsDefined(Method)) return;
        throw new ExportException($"QuantizationOptions.Method is {Method}; expected one of {string.Join(", ", Enum.GetNames<CalibrationMethod>())}.");
    }
}
