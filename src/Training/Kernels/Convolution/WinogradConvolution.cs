using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;


namespace OnnxFunctional.Training.Kernels;

/// <summary>When the Winograd form is used, and how it is cut.</summary>
internal static class WinogradPlan
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

/// <summary>A 3x3 convolution of stride 1 in the Winograd form F(4x4, 3x3), or its input gradient.</summary>
/// <remarks>
/// A quarter of the products of the direct form: 8.7 ms instead of 22.6 at 32x32x32x64 -> 64, of which 5.9 are products, 1.5 bring patches to places and 1.5 products to
/// pixels; the last two are what the memory gives. Its rounding error is larger: see <see cref="ConvolutionAlgorithm.Winograd"/>.
/// </remarks>
internal sealed class WinogradConvolution(ConvolutionGeometry geometry, WinogradPass pass, bool isTransposed) : ConvolutionKernel(pass.Channels + pass.WeightsLength, pass.BufferLength, Parts(geometry, pass))
{
    private const int MaxParts = 16;

    // About 50 microseconds. Each part has a buffer of a quarter of a megabyte, which small convolutions should not fill memory with.
    private const double OperationsPerPart = 12e6;

    private readonly WinogradPass _pass = pass;
    private readonly PackWork _packing = new(pass, isTransposed);

    public override void Pack(WorkerPool pool, ReadOnlyMemory<float> kernel, ReadOnlyMemory<float> bias, Memory<float> packed) =>
        _packing.Run(pool, kernel, bias, packed);

    protected override void Compute(in ConvOperands operands, int part, int parts) =>
        WinogradRows.Run(_pass, operands, _pass.Batches * part / parts, _pass.Batches * (part + 1) / parts);

    private static int Parts(ConvolutionGeometry geometry, WinogradPass pass) => (int)Math.Clamp(geometry.Operations / OperationsPerPart, Math.Min(1, pass.Batches), Math.Min(pass.Batches, MaxParts));

    /// <summary>Transforming the weights, cut by source channels.</summary>
    private sealed class PackWork(WinogradPass pass, bool isTransposed) : IParallelWork
    {
        private const int FloatsPerPart = 1 << 16;

        private ReadOnlyMemory<float> _kernel;
        private Memory<float> _packed;
        private int _parts;

        public void Run(WorkerPool pool, ReadOnlyMemory<float> kernel, ReadOnlyMemory<float> bias, Memory<float> packed)
        {
            (_kernel, _packed) = (kernel, packed);
            var to = packed.Span[..pass.Channels];
            if (bias.IsEmpty) to.Clear();
            else bias.Span.CopyTo(to);
            _parts = Math.Clamp(pass.WeightsLength / FloatsPerPart, 1, pass.SourceChannels);
            pool.Run(this, _parts);
        }

        public void Execute(int part) => WinogradPack.Weights(
            pass, isTransposed, _kernel.Span, _packed.Span[pass.Channels..], pass.SourceChannels * part / _parts, pass.SourceChannels * (part + 1) / _parts);
    }
}
