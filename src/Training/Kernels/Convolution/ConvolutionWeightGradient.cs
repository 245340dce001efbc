using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Gradients of a convolution's kernel and bias, made once for a geometry and run without allocating. Results are the same bits for any number of threads.</summary>
internal abstract class ConvolutionWeightGradient
{
    /// <summary>Floats of scratch memory that <see cref="Run"/> needs.</summary>
    public abstract int ScratchLength { get; }

    /// <summary>Computes the kernel's gradient <c>sum over pixels in[..., r, s, c] * gradient[..., o]</c> and, unless <paramref name="bias"/> is empty, the bias' <c>sum over pixels gradient[..., o]</c>.</summary>
    // input [batch, depth, height, width, input channels], gradient [batch, od, oh, ow, output channels], kernel [k..., input channels / groups, output channels]
    public abstract void Run(
        WorkerPool pool, ReadOnlyMemory<float> input, ReadOnlyMemory<float> gradient, Memory<float> kernel, Memory<float> bias, Memory<float> scratch);

    /// <summary>The gradients of a convolution of this geometry.</summary>
    public static ConvolutionWeightGradient Create(ConvolutionGeometry geometry, ConvolutionAlgorithm algorithm = ConvolutionAlgorithm.Automatic) =>
        algorithm == ConvolutionAlgorithm.Winograd && WinogradForm.Fits(geometry)
            || algorithm == ConvolutionAlgorithm.Automatic && WinogradForm.Pays(geometry) && WinogradWeightGradient.MostSlices(geometry) >= 4
            ? new WinogradWeightGradient(geometry) : new DirectWeightGradient(geometry);
}
