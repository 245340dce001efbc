using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>What happens to each value of a convolution before it is stored: <c>relu(value + addend)</c>.</summary>
/// <param name="Addend">Values of the output's shape (a residual), or empty.</param>
/// <param name="Relu">Whether negative values become zero.</param>
internal readonly record struct ConvolutionEpilogue(ReadOnlyMemory<float> Addend, bool Relu);

/// <summary>How a convolution is computed.</summary>
internal enum ConvolutionAlgorithm
{
    /// <summary>Whichever is faster for the geometry.</summary>
    Automatic,

    /// <summary>Every product on its own: the error of a plain sum.</summary>
    Direct,

    /// <summary>F(4x4, 3x3) where the geometry is 3x3 with stride 1, else direct.</summary>
    /// <remarks>
    /// Error against exact results, in standard deviations of the result, normal input and weights: at 64 channels 8e-7 root mean square and 5e-6 at most (direct:
    /// 4e-7 and 6e-6), at 256 channels 1.5e-6 and 1.5e-5 (direct: 6e-7 and 5e-6).
    /// </remarks>
    Winograd,
}

/// <summary>A convolution, or the transposed convolution that is its input gradient, made once for a geometry and run as often as wanted without allocating.</summary>
/// <remarks>
/// Weights are packed apart from running, so that prediction packs them once and training once a step. One kernel object runs one call at a time.
/// Results are the same bits for any number of threads.
/// </remarks>
/// <param name="packedLength">Floats that <see cref="Pack"/> writes.</param>
/// <param name="bufferLength">Floats of scratch memory of one part.</param>
/// <param name="parts">Parts a run is cut into.</param>
internal abstract class ConvolutionDriver(int packedLength, int bufferLength, int parts) : IParallelWork
{
    private ReadOnlyMemory<float> _source;
    private ReadOnlyMemory<float> _packed;
    private ConvolutionEpilogue _epilogue;
    private Memory<float> _destination;
    private Memory<float> _scratch;

    /// <summary>Floats that <see cref="Pack"/> writes.</summary>
    public int PackedLength => packedLength;

    /// <summary>Floats of scratch memory that <see cref="Run"/> needs.</summary>
    public int ScratchLength => bufferLength * parts;

    /// <summary>Brings kernel and bias into the order in which <see cref="Run"/> reads them.</summary>
    // kernel [k..., input channels / groups, output channels]; bias [channels of the destination], or empty for none
    public abstract void Pack(WorkerPool pool, ReadOnlyMemory<float> kernel, ReadOnlyMemory<float> bias, Memory<float> packed);

    /// <summary>Computes the destination; it may be the addend's memory, but not the source's.</summary>
    public void Run(
        WorkerPool pool, ReadOnlyMemory<float> source, ReadOnlyMemory<float> packed, in ConvolutionEpilogue epilogue, Memory<float> destination, Memory<float> scratch)
    {
        (_source, _packed, _epilogue, _destination, _scratch) = (source, packed, epilogue, destination, scratch);
        pool.Run(this, parts);
    }

    void IParallelWork.Execute(int part)
    {
        var operands = new ConvOperands
        {
            Source = _source.Span,
            Packed = _packed.Span,
            Addend = _epilogue.Addend.Span,
            Destination = _destination.Span,
            Buffer = _scratch.Span.Slice(part * bufferLength, bufferLength),
            Relu = _epilogue.Relu,
        };
        Compute(operands, part, parts);
    }

    /// <summary>Computes one part of the destination.</summary>
    protected abstract void Compute(in ConvOperands operands, int part, int parts);

    /// <summary>From input to output: <c>out[n, y, x, o] = bias[o] + sum in[n, y * stride + r * dilation - pad, ..., c] * kernel[r, s, c, o]</c>.</summary>
    public static ConvolutionDriver Forward(ConvolutionGeometry geometry, ConvolutionAlgorithm algorithm = ConvolutionAlgorithm.Automatic) =>
        UsesWinograd(geometry, algorithm)
            ? new WinogradConvolution(geometry, WinogradForm.Create(geometry, isTransposed: false), isTransposed: false)
            : new DirectConvolution(geometry, ConvolutionPasses.Forward(geometry), isTransposed: false);

    /// <summary>From the output's gradient to the input's; with a bias and an activation it is the transposed convolution.</summary>
    // source [batch, od, oh, ow, output channels], destination [batch, depth, height, width, input channels], bias [input channels]
    public static ConvolutionDriver InputGradient(ConvolutionGeometry geometry, ConvolutionAlgorithm algorithm = ConvolutionAlgorithm.Automatic) =>
        UsesWinograd(geometry, algorithm)
            ? new WinogradConvolution(geometry, WinogradForm.Create(geometry, isTransposed: true), isTransposed: true)
            : new DirectConvolution(geometry, ConvolutionPasses.InputGradient(geometry), isTransposed: true);

    private static bool UsesWinograd(ConvolutionGeometry geometry, ConvolutionAlgorithm algorithm) => algorithm switch
    {
        ConvolutionAlgorithm.Direct => false,
        ConvolutionAlgorithm.Winograd => WinogradForm.Fits(geometry),
        _ => WinogradForm.Pays(geometry),
    };
}
