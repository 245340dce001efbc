using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>When the Winograd form is used, and how it is cut.</summary>
internal static class WinogradForm
{
    // Transformed patches and products of one batch: 256 KB. With 512 KB the forward pass at 64 channels takes 5 % longer, with 1 MB 12 %: the weights leave the cache.
    private const int BatchFloats = 1 << 16;
    private const int MaxTilesPerBatch = 48;
    private const int ChannelUnit = 16;

    /// <summary>Whether a geometry has the form: 3x3, stride 1, one group, channels in whole vectors.</summary>
    public static bool Fits(ConvolutionGeometry geometry) =>
        geometry.Groups == 1 && geometry.Depth == WindowAxis.None && Fits(geometry.Height) && Fits(geometry.Width)
        && geometry.InputChannels % ChannelUnit == 0 && geometry.OutputChannels % ChannelUnit == 0;

    /// <summary>Whether it pays: products saved against transforms, tiles that reach over the edge, and weights that must stay in the caches.</summary>
    public static bool Pays(ConvolutionGeometry geometry)
    {
        if (!Fits(geometry) || geometry.InputChannels < 32 || geometry.OutputChannels < 32 || geometry.InputChannels > 256 || geometry.OutputChannels > 256) return false;
        var pass = Create(geometry, isTransposed: false);

        // In vector operations a tile: 36 products a pair of channels, about 250 to bring a vector of channels there and 180 to bring it back.
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
