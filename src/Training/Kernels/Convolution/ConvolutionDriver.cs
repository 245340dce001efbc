using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>What is applied to each value of a convolution before it is stored: <c>relu(value + addend)</c>.</summary>
/// <param name="Addend">A residual of the output's shape; empty for none.</param>
/// <param name="Relu">Whether negative values become zero.</param>
internal readonly record struct ConvolutionEpilogue(ReadOnlyMemory<float> Addend, bool Relu);

/// <summary>How a convolution is computed.</summary>
internal enum ConvolutionAlgorithm
{
    /// <summary>The faster algorithm for the geometry.</summary>
    Automatic,

    /// <summary>Every product is computed, with the rounding error of a plain sum.</summary>
    Direct,

    /// <summary>F(4x4, 3x3) if the window is 3x3 and the stride 1, else direct.</summary>
    /// <remarks>
    /// Error against exact results for normal input and weights, in standard deviations of the result:
    /// at 64 channels 8e-7 (root mean square) and 5e-6 (maximum), against 4e-7 and 6e-6 of the direct form;
    /// at 256 channels 1.5e-6 and 1.5e-5, against 6e-7 and 5e-6.
    /// </remarks>
    Winograd,
}

/// <summary>
/// A convolution, or the transposed convolution that is its input gradient. It is created once for a geometry and runs any number of times without allocating.
/// </summary>
/// <remarks>
/// Weights are packed separately, so that a step that runs in several pieces packs them once. A driver serves one run at a time.
/// Results have the same bits for any number of threads.
/// </remarks>
/// <param name="packedLength">The number of floats that <see cref="Pack"/> writes.</param>
/// <param name="bufferLength">The scratch memory of one part, in floats.</param>
/// <param name="parts">The number of parts that a run is cut into.</param>
internal abstract class ConvolutionDriver(int packedLength, int bufferLength, int parts) : IParallelWork
{
    private ReadOnlyMemory<float> _source;
    private ReadOnlyMemory<float> _packed;
    private ConvolutionEpilogue _epilogue;
    private Memory<float> _destination;
    private Memory<float> _scratch;

    /// <summary>The number of floats that <see cref="Pack"/> writes.</summary>
    public int PackedLength => packedLength;

    /// <summary>The scratch memory that <see cref="Run"/> needs, in floats.</summary>
    public int ScratchLength => bufferLength * parts;

    /// <summary>Packs kernel and bias in the order in which <see cref="Run"/> reads them.</summary>
    // kernel [k..., input channels / groups, output channels]; bias [channels of the destination], or empty for none
    public abstract void Pack(WorkerPool pool, ReadOnlyMemory<float> kernel, ReadOnlyMemory<float> bias, Memory<float> packed);

    /// <summary>Computes the destination, which may share memory with the addend but not with the source.</summary>
    public void Run(
        WorkerPool pool,
        ReadOnlyMemory<float> source,
        ReadOnlyMemory<float> packed,
        in ConvolutionEpilogue epilogue,
        Memory<float> destination,
        Memory<float> scratch)
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

    /// <summary>
    /// The convolution from input to output: <c>out[n, y, x, o] = bias[o] + sum in[n, y * stride + r * dilation - pad, ..., c] * kernel[r, s, c, o]</c>.
    /// </summary>
    public static ConvolutionDriver Forward(ConvolutionGeometry geometry, ConvolutionAlgorithm algorithm = ConvolutionAlgorithm.Automatic) =>
        UsesWinograd(geometry, algorithm)
            ? new WinogradConvolution(geometry, WinogradForm.Create(geometry, isTransposed: false), isTransposed: false)
            : new DirectConvolution(geometry, ConvolutionPasses.Forward(geometry), isTransposed: false);

    /// <summary>The gradient of the input from that of the output. With a bias and an activation it is the transposed convolution.</summary>
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
