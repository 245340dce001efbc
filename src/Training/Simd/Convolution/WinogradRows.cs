using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Simd;

/// <summary>Runs batches of Winograd tiles: patches to places, 36 products over channels, products to pixels.</summary>
internal static unsafe class WinogradRows
{
    private const int Places = WinogradTransform.Places;

    /// <summary>Computes the destination's tiles from batch <paramref name="first"/> up to <paramref name="end"/>.</summary>
    // source [batch, source height, source width, source channels], packed: bias [channels], weights (see WinogradPack), destination [batch, height, width, channels]
    public static void Run(WinogradPass pass, in ConvOperands operands, int first, int end)
    {
        if (Vector512.IsHardwareAccelerated) Run<V512>(pass, operands, first, end);
        else if (Vector256.IsHardwareAccelerated) Run<V256>(pass, operands, first, end);
        else Run<V128>(pass, operands, first, end);
    }

    /// <summary>Sums products of source and gradient over the tiles from batch <paramref name="first"/> up to <paramref name="end"/>, place by place.</summary>
    // source [batch, source height, source width, source channels], gradient [batch, height, width, channels], sums [36, source channels, channels], bias [channels] or empty
    public static void Sum(
        WinogradPass pass, ReadOnlySpan<float> source, ReadOnlySpan<float> gradient, Span<float> sums, Span<float> bias, Span<float> buffer, int first, int end)
    {
        if (Vector512.IsHardwareAccelerated) Sum<V512>(pass, source, gradient, sums, bias, buffer, first, end);
        else if (Vector256.IsHardwareAccelerated) Sum<V256>(pass, source, gradient, sums, bias, buffer, first, end);
        else Sum<V128>(pass, source, gradient, sums, bias, buffer, first, end);
    }

    private static void Run<V>(WinogradPass pass, in ConvOperands operands, int first, int end) where V : struct, IVector<V>
    {
        var (inputs, outputs) = (pass.SourceChannels, pass.Channels);
        fixed (float* source = operands.Source, packed = operands.Packed, addend = operands.Addend, destination = operands.Destination, buffer = operands.Buffer)
        {
            var products = buffer + Places * pass.SourcePlacePitch;
            var patch = products + Places * pass.PlacePitch;
            for (var batch = first; batch < end; batch++)
            {
                var tiles = Math.Min(pass.TilesPerBatch, pass.Tiles - batch * pass.TilesPerBatch);
                for (var i = 0; i < tiles; i++) Patch<V>(pass, batch * pass.TilesPerBatch + i, source, patch, buffer + i * inputs);
                Products<V>(pass, tiles, buffer, packed + outputs, products);
                for (var i = 0; i < tiles; i++)
                {
                    var (image, y, x) = pass.Tile(batch * pass.TilesPerBatch + i);
                    var offset = (((nint)image * pass.Height + y) * pass.Width + x) * outputs;
                    var (rows, columns) = (Math.Min(4, pass.Height - y), Math.Min(4, pass.Width - x));
                    WinogradTransform.Pixels<V>(
                        products + i * outputs, pass.PlacePitch, packed, destination + offset, (nint)pass.Width * outputs, outputs, rows, columns, outputs,
                        addend is null ? 0 : (nint)(addend - destination), addend is not null, operands.Relu);
                }
            }
        }
    }

    private static void Sum<V>(
        WinogradPass pass, ReadOnlySpan<float> sourceSpan, ReadOnlySpan<float> gradientSpan, Span<float> sumSpan, Span<float> biasSpan, Span<float> bufferSpan,
        int first, int end) where V : struct, IVector<V>
    {
        var (inputs, outputs) = (pass.SourceChannels, pass.Channels);
        biasSpan.Clear();
        if (first == end) sumSpan.Clear();
        fixed (float* source = sourceSpan, gradient = gradientSpan, sums = sumSpan, bias = biasSpan, buffer = bufferSpan)
        {
            var gradients = buffer + Places * pass.SourcePlacePitch;
            var patch = gradients + Places * pass.PlacePitch;
            for (var batch = first; batch < end; batch++)
            {
                var tiles = Math.Min(pass.TilesPerBatch, pass.Tiles - batch * pass.TilesPerBatch);
                for (var i = 0; i < tiles; i++)
                {
                    Patch<V>(pass, batch * pass.TilesPerBatch + i, source, patch, buffer + i * inputs);
                    Gradient<V>(pass, batch * pass.TilesPerBatch + i, gradient, patch, gradients + i * outputs, bias);
                }

                AddProducts<V>(pass, tiles, buffer, gradients, sums, batch == first);
            }
        }
    }

    private static void Patch<V>(WinogradPass pass, int tile, float* source, float* patch, float* to) where V : struct, IVector<V>
    {
        var (image, y, x) = pass.Tile(tile);
        (y, x) = (y - pass.PadTop, x - pass.PadLeft);
        var channels = pass.SourceChannels;
        var from = source + (nint)image * pass.SourceHeight * pass.SourceWidth * channels;
        if (y >= 0 && x >= 0 && y + 6 <= pass.SourceHeight && x + 6 <= pass.SourceWidth)
        {
            WinogradTransform.Patch<V>(from + ((nint)y * pass.SourceWidth + x) * channels, (nint)pass.SourceWidth * channels, channels, to, pass.SourcePlacePitch, channels);
            return;
        }

        CopyPadded(from, pass.SourceHeight, pass.SourceWidth, channels, y, x, 6, patch);
        WinogradTransform.Patch<V>(patch, 6 * channels, channels, to, pass.SourcePlacePitch, channels);
    }

    private static void Gradient<V>(WinogradPass pass, int tile, float* gradient, float* patch, float* to, float* bias) where V : struct, IVector<V>
    {
        var (image, y, x) = pass.Tile(tile);
        var channels = pass.Channels;
        var from = gradient + (nint)image * pass.Height * pass.Width * channels;
        if (y + 4 <= pass.Height && x + 4 <= pass.Width)
        {
            WinogradTransform.Gradient<V>(from + ((nint)y * pass.Width + x) * channels, (nint)pass.Width * channels, channels, to, pass.PlacePitch, bias, channels);
            return;
        }

        CopyPadded(from, pass.Height, pass.Width, channels, y, x, 4, patch);
        WinogradTransform.Gradient<V>(patch, 4 * channels, channels, to, pass.PlacePitch, bias, channels);
    }

    // A square of pixels, zero where it leaves the image.
    private static void CopyPadded(float* image, int height, int width, int channels, int y, int x, int size, float* patch)
    {
        var left = Math.Clamp(-x, 0, size);
        var right = Math.Clamp(width - x, left, size);
        for (var row = 0; row < size; row++, patch += size * channels)
        {
            if ((uint)(y + row) >= (uint)height || left == right)
            {
                new Span<float>(patch, size * channels).Clear();
                continue;
            }

            new Span<float>(patch, left * channels).Clear();
            new Span<float>(image + ((nint)(y + row) * width + x + left) * channels, (right - left) * channels).CopyTo(new(patch + left * channels, (right - left) * channels));
            new Span<float>(patch + right * channels, (size - right) * channels).Clear();
        }
    }

    // products[place, t, o] = sum_c tiles[place, t, c] * weights[place, c, o]
    private static void Products<V>(WinogradPass pass, int tiles, float* patches, float* weights, float* products) where V : struct, IVector<V>
    {
        var segment = 0;
        var zeros = stackalloc float[2 * V.Count];
        new Span<float>(zeros, 2 * V.Count).Clear();
        var job = new ConvTileJob
        {
            RowStep = pass.SourceChannels,
            RowGroupStep = 3 * pass.SourceChannels,
            InnerStep = 1,
            Segments = &segment,
            SegmentCount = 1,
            SegmentLength = pass.SourceChannels,
            Bias = zeros,
            DestinationStep = pass.Channels,
        };
        var runs = (tiles + ConvTile.MaxRows - 1) / ConvTile.MaxRows;
        var height = tiles / runs;
        var higher = tiles - runs * height;
        for (var place = 0; place < Places; place++)
        {
            for (var column = 0; column < pass.Channels; column += 2 * V.Count)
            {
                var width = Math.Min(2 * V.Count, pass.Channels - column);
                job.Source = patches + (nint)place * pass.SourcePlacePitch;
                job.Destination = products + (nint)place * pass.PlacePitch + column;
                job.Panel = weights + ((nint)place * pass.Channels + column) * pass.SourceChannels;
                job.PanelStep = width;
                if (higher > 0)
                {
                    job.TileStep = (height + 1) * job.RowStep;
                    ConvTile.Run<V>(job, height + 1, higher, width);
                    job.Source += higher * job.TileStep;
                    job.Destination += higher * (height + 1) * job.DestinationStep;
                }

                job.TileStep = height * job.RowStep;
                ConvTile.Run<V>(job, height, runs - higher, width);
            }
        }
    }

    // sums[place, c, o] += sum_t tiles[place, t, c] * gradients[place, t, o]
    private static void AddProducts<V>(WinogradPass pass, int tiles, float* patches, float* gradients, float* sums, bool isFirst) where V : struct, IVector<V>
    {
        var segment = 0;
        var zeros = stackalloc float[2 * V.Count];
        new Span<float>(zeros, 2 * V.Count).Clear();
        var (inputs, outputs) = (pass.SourceChannels, pass.Channels);
        var job = new ConvTileJob
        {
            RowStep = 1,
            RowGroupStep = 3,
            InnerStep = inputs,
            Segments = &segment,
            SegmentCount = 1,
            SegmentLength = tiles,
            PanelStep = outputs,
            Bias = zeros,
            DestinationStep = outputs,
            HasAddend = !isFirst,
        };
        var runs = (inputs + ConvTile.MaxRows - 1) / ConvTile.MaxRows;
        var height = inputs / runs;
        var higher = inputs - runs * height;
        for (var place = 0; place < Places; place++)
        {
            for (var column = 0; column < outputs; column += 2 * V.Count)
            {
                var width = Math.Min(2 * V.Count, outputs - column);
                job.Source = patches + (nint)place * pass.SourcePlacePitch;
                job.Panel = gradients + (nint)place * pass.PlacePitch + column;
                job.Destination = sums + (nint)place * inputs * outputs + column;
                if (higher > 0)
                {
                    job.TileStep = height + 1;
                    ConvTile.Run<V>(job, height + 1, higher, width);
                    job.Source += higher * (height + 1);
                    job.Destination += higher * (height + 1) * job.DestinationStep;
                }

                job.TileStep = height;
                ConvTile.Run<V>(job, height, runs - higher, width);
            }
        }
    }
}
