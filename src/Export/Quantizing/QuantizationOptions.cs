using System.Numerics;

namespace OnnxFunctional.Export;

/// <summary>How a model is quantized.</summary>
public sealed record QuantizationOptions
{
    private const int SmallestBlock = 16;
    private const int LargestBlock = 256;

    /// <summary>What becomes integers.</summary>
    public QuantizationKind Kind { get; init; } = QuantizationKind.StaticInt8;

    /// <summary>How ranges of activations are chosen; of <see cref="QuantizationKind.StaticInt8"/> alone.</summary>
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

    /// <summary>How many weights of a column share a scale in <see cref="QuantizationKind.WeightOnlyInt4"/>: a power of two from 16 to 256.</summary>
    public int BlockSize { get; init; } = 32;

    /// <summary>How the integers of matrices are chosen; kernels of convolutions and tables are rounded to the nearest.</summary>
    public WeightRounding Rounding { get; init; } = WeightRounding.Nearest;

    /// <summary>
    /// Whether channels between two layers are scaled so that none takes the range of all (cross-layer equalization, arxiv.org/abs/1906.04721): where what is
    /// between them scales as its input does, as Relu and pooling do. Of <see cref="QuantizationKind.StaticInt8"/> alone.
    /// </summary>
    public bool Equalize { get; init; }

    /// <summary>
    /// Whether biases make up for the mean error on calibration data of all that is rounded before them, one layer after the other:
    /// <c>b + mean(y) - mean(q)</c>. Where most of the input is one number, as the background of images is, all of it is rounded to the same side.
    /// </summary>
    public bool CorrectBias { get; init; }

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
        if (BlockSize is < SmallestBlock or > LargestBlock || !BitOperations.IsPow2(BlockSize))
            throw new ExportException($"QuantizationOptions.BlockSize is {BlockSize}; expected a power of two from {SmallestBlock} to {LargestBlock}.");
        if (Equalize && Kind != QuantizationKind.StaticInt8)
            throw new ExportException($"QuantizationOptions.Equalize goes with {nameof(QuantizationKind.StaticInt8)}, but Kind is {Kind}; leave it out.");
        CheckName(nameof(Kind), Kind);
        CheckName(nameof(Method), Method);
        CheckName(nameof(Rounding), Rounding);
    }

    private static void CheckName<T>(string option, T value)
        where T : struct, Enum
    {
        if (Enum.IsDefined(value)) return;
        throw new ExportException($"QuantizationOptions.{option} is {value}; expected one of {string.Join(", ", Enum.GetNames<T>())}.");
    }
}
