using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>How to cut a pass into tasks.</summary>
/// <param name="Pixels">The approximate number of pixels per task.</param>
/// <param name="Columns">The largest width of a task.</param>
/// <param name="Tasks">The smallest number of tasks.</param>
internal readonly record struct ConvolutionCut(int Pixels, int Columns, int Tasks);

/// <summary>Creates the passes of a convolution from its geometry.</summary>
internal static class ConvolutionPasses
{
    // Enough pixels for a panel from the second-level cache to serve several tiles, few enough for band, panel and result to stay there together.
    private const int PixelsPerTask = 256;
    private const int MaxBandColumns = 384;

    // About 20 microseconds at 100 GFLOP/s.
    private const double OperationsPerTask = 2e6;

    /// <summary>The pass from input to output.</summary>
    public static ConvPass Forward(ConvolutionGeometry geometry) => Forward(geometry, Cut(geometry), mayBeNarrow: true);

    /// <summary>The forward pass, cut into tasks as given. It may take the form for few channels only if <paramref name="mayBeNarrow"/> is true.</summary>
    public static ConvPass Forward(ConvolutionGeometry geometry, ConvolutionCut cut, bool mayBeNarrow) => new ConvolutionPassBuilder(
        geometry,
        geometry.InputChannels,
        geometry.OutputChannels,
        geometry.IsDepthwise ? geometry.GroupOutput : 1,
        ConvolutionPassAxis.Forward(geometry.Depth),
        ConvolutionPassAxis.Forward(geometry.Height),
        ConvolutionPassAxis.Forward(geometry.Width),
        cut,
        mayBeNarrow).Build();

    /// <summary>The pass from the gradient of the output to that of the input, which is also a transposed convolution.</summary>
    public static ConvPass InputGradient(ConvolutionGeometry geometry) => new ConvolutionPassBuilder(
        geometry,
        geometry.OutputChannels,
        geometry.InputChannels,
        1,
        ConvolutionPassAxis.Transposed(geometry.Depth),
        ConvolutionPassAxis.Transposed(geometry.Height),
        ConvolutionPassAxis.Transposed(geometry.Width),
        Cut(geometry),
        mayBeNarrow: true).Build();

    // As many tasks as keep all threads busy, if there is enough work.
    private static ConvolutionCut Cut(ConvolutionGeometry geometry) =>
        new(PixelsPerTask, MaxBandColumns, (int)Math.Clamp(geometry.Operations / OperationsPerTask, 1, 64));
}
