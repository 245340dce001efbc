using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>When the Winograd form is used, and into how many tiles it is cut.</summary>
internal static class WinogradForm
{
    // The transformed patches and products of one batch of tiles: 256 KB.
    // With 512 KB the forward pass at 64 channels takes 5 % longer, with 1 MB 12 %, because the weights leave the cache.
    private const int BatchFloats = 1 << 16;
    private const int MaxTilesPerBatch = 48;
    private const int ChannelUnit = 16;

    /// <summary>Whether a geometry can take the form: a window of 3x3, stride 1, one group, channels in whole vectors.</summary>
    public static bool Fits(ConvolutionGeometry geometry) =>
        geometry.Groups == 1 && geometry.Depth == WindowAxis.None && Fits(geometry.Height) && Fits(geometry.Width)
        && geometry.InputChannels % ChannelUnit == 0 && geometry.OutputChannels % ChannelUnit == 0;

    /// <summary>
    /// Whether the form is faster: it saves products, but has transforms, tiles that reach over the edge, and weights that must stay in the caches.
    /// </summary>
    public static bool Pays(ConvolutionGeometry geometry)
    {
        if (!Fits(geometry) || geometry.InputChannels is < 32 or > 256 || geometry.OutputChannels is < 32 or > 256) return false;
        var pass = Create(geometry, isTransposed: false);

        // In vector operations per tile: 36 products per pair of channels, and about 250 and 180 per vector of channels for the transforms there and back.
        var (inputs, outputs) = ((double)geometry.InputChannels, geometry.OutputChannels / (double)ChannelUnit);
        var winograd = pass.Tiles * (36 * inputs * outputs + 250 * inputs / ChannelUnit + 180 * outputs);
        var direct = (double)geometry.Batch * pass.Height * pass.Width * 9 * inputs * outputs;
        return pass.Tiles >= 48 && winograd < 0.7 * direct;
    }

    /// <summary>The pass from input to output, or from the gradient of the output to that of the input.</summary>
    public static WinogradPass Create(ConvolutionGeometry geometry, bool isTransposed)
    {
        var (source, destination) = isTransposed ? (geometry.OutputChannels, geometry.InputChannels) : (geometry.InputChannels, geometry.OutputChannels);
        var (height, width) = (geometry.Height, geometry.Width);
        var tiles = BatchFloats / (WinogradTransform.Places * (source + destination)) / ConvTile.MaxRows * ConvTile.MaxRows;
        return new()
        {
            Batch = geometry.Batch,
            SourceHeight = isTransposed ? height.Output : height.Input,
            SourceWidth = isTransposed ? width.Output : width.Input,
            SourceChannels = source,
            Height = isTransposed ? height.Input : height.Output,
            Width = isTransposed ? width.Input : width.Output,
            Channels = destination,
            PadTop = isTransposed ? 2 - height.PadBegin : height.PadBegin,
            PadLeft = isTransposed ? 2 - width.PadBegin : width.PadBegin,
            TilesPerBatch = Math.Clamp(tiles, 12, MaxTilesPerBatch),
        };
    }

    private static bool Fits(WindowAxis axis) => axis.Kernel == 3 && axis.Stride == 1 && axis.Dilation == 1;
}
