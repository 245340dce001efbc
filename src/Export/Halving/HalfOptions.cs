namespace OnnxFunctional.Export;

/// <summary>How a model is made half as large.</summary>
public sealed record HalfOptions
{
    /// <summary>What becomes 16-bit floating point.</summary>
    public HalfKind Kind { get; init; } = HalfKind.Float16;

    /// <summary>
    /// Whether the file's inputs and outputs of floating point are float16 too; otherwise they stay float32. Only for <see cref="HalfKind.Float16"/>.
    /// </summary>
    public bool HalfInputsAndOutputs { get; init; }

    /// <summary>
    /// The energy of the error that all outputs may have on calibration data, as a share of the outputs' energy; layers stay float32 until it is not more.
    /// </summary>
    public double MostError { get; init; } = 1e-3;

    /// <summary>Paths of layers that stay float32, with * for any letters: <c>head*</c>.</summary>
    public IReadOnlyList<string> KeepFloat { get; init; } = [];

    /// <summary>The number of samples per batch of calibration.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>The type of weights.</summary>
    internal DType Type => Kind == HalfKind.WeightOnlyBFloat16 ? DType.BFloat16 : DType.Float16;

    /// <exception cref="ExportException">A value is out of range.</exception>
    internal void Check()
    {
        if (!(MostError >= 0)) throw new ExportException($"HalfOptions.MostError is {MostError}; expected 0 or more.");
        if (BatchSize < 1) throw new ExportException($"HalfOptions.BatchSize is {BatchSize}; expected at least 1.");
        if (!Enum.IsDefined(Kind)) throw new ExportException($"HalfOptions.Kind is {Kind}; expected one of {string.Join(", ", Enum.GetNames<HalfKind>())}.");
        if (HalfInputsAndOutputs && Kind != HalfKind.Float16)
            throw new ExportException($"HalfOptions.HalfInputsAndOutputs is for Kind = {nameof(HalfKind.Float16)}; with {Kind}, all computes in float32.");
    }
}
