using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Computes the gradients of a convolution's kernel and bias. It is created once for a geometry and runs without allocating.</summary>
/// <remarks>Results have the same bits for any number of threads.</remarks>
internal abstract class ConvolutionWeightGradient
{
    /// <summary>The scratch memory that <see cref="Run"/> needs, in floats.</summary>
    public abstract int ScratchLength { get; }

    /// <summary>
    /// Computes the gradient of the kernel, <c>sum over pixels in[..., r, s, c] * gradient[..., o]</c>, and, unless <paramref name="bias"/> is empty,
    /// that of the bias, <c>sum over pixels gradient[..., o]</c>.
    /// </summary>
    // input [batch, depth, height, width, input channels], gradient [batch, od, oh, ow, output channels],
    // kernel [k..., input channels / groups, output channels]
    public abstract void Run(
        WorkerPool pool, ReadOnlyMemory<float> input, ReadOnlyMemory<float> gradient, Memory<float> kernel, Memory<float> bias, Memory<float> scratch);

    /// <summary>Creates the driver for a geometry.</summary>
    public static ConvolutionWeightGradient Create(ConvolutionGeometry geometry, ConvolutionAlgorithm algorithm = ConvolutionAlgorithm.Automatic) =>
        algorithm == ConvolutionAlgorithm.Winograd && WinogradForm.Fits(geometry)
            || algorithm == ConvolutionAlgorithm.Automatic && WinogradForm.Pays(geometry) && WinogradWeightGradient.MostSlices(geometry) >= 4
            ? new WinogradWeightGradient(geometry) : new DirectWeightGradient(geometry);
}
