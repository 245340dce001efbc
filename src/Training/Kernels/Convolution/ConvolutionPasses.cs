using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>What tasks should be: near so many pixels, no wider than so many columns, and not fewer than so many.</summary>
internal readonly record struct ConvolutionCut(int Pixels, int Columns, int Tasks);

/// <summary>Turns a geometry into the numbers that the convolution loops run on.</summary>
internal static class ConvolutionPasses
{
    // Enough pixels that a panel fetched from the second-level cache serves several tiles, few enough that band, panel and result stay there together.
    private const int PixelsPerTask = 256;
    private const int MaxBandColumns = 384;

    // 20 microseconds at about 100 GFLOP/s.
    private const double OperationsPerTask = 2e6;

    /// <summary>The pass from input to output.</summary>
    public static ConvPass Forward(ConvolutionGeometry geometry) => Forward(geometry, Cut(geometry), mayBeNarrow: true);

    /// <summary>The forward pass with tasks cut as given; only with <paramref name="mayBeNarrow"/> may it choose the form for few channels.</summary>
    public static ConvPass Forward(ConvolutionGeometry geometry, ConvolutionCut cut, bool mayBeNarrow) => new ConvolutionPassBuilder(
        geometry, geometry.InputChannels, geometry.OutputChannels, geometry.IsDepthwise ? geometry.GroupOutput : 1,
        ConvolutionPassAxis.Forward(geometry.Depth), ConvolutionPassAxis.Forward(geometry.Height), ConvolutionPassAxis.Forward(geometry.Width), cut, mayBeNarrow).Build();

    /// <summary>The pass from the gradient of the output to the gradient of the input, which is also a transposed convolution.</summary>
    public static ConvPass InputGradient(ConvolutionGeometry geometry) => new ConvolutionPassBuilder(
        geometry, geometry.OutputChannels, geometry.InputChannels, 1,
        ConvolutionPassAxis.Transposed(geometry.Depth), ConvolutionPassAxis.Transposed(geometry.Height), ConvolutionPassAxis.Transposed(geometry.Width), Cut(geometry), true).Build();

    // So many tasks that threads do not idle, if there is work for them.
    private static ConvolutionCut Cut(ConvolutionGeometry geometry) =>
        new(PixelsPerTask, MaxBandColumns, (int)Math.Clamp(geometry.Operations / OperationsPerTask, 1, 64));
}
