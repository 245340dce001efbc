namespace OnnxFunctional.Training.Simd;

/// <summary>
/// Runs batches of Winograd tiles: transforms patches to places, multiplies over channels at each of the 36 places, and transforms the products to pixels.
/// </summary>
internal static unsafe class WinogradRows
{
    private const int Places = WinogradTransform.Places;

    /// <summary>Computes the destination's tiles from batch <paramref name="first"/> to before <paramref name="end"/>.</summary>
    // source [batch, source height, source width, source channels], packed: bias [channels], weights (see WinogradPack),
    // destination [batch, height, width, channels]
    public static void Run(WinogradPass pass, in ConvOperands operands, int first, int end)
    {
        fixed (float* source = operands.Source, packed = operands.Packed, addend = operands.Addend,
            destination = operands.Destination, buffer = operands.Buffer)
        {
            VectorDispatch.Run(new PixelsLoop(pass, source, packed, addend, destination, buffer, operands.Relu, first, end));
        }
    }

    /// <summary>
    /// Sums the products of source and gradient over the tiles from batch <paramref name="first"/> to before <paramref name="end"/>, place by place.
    /// </summary>
    // source [batch, source height, source width, source channels], gradient [batch, height, width, channels],
    // sums [36, source channels, channels], bias [channels] or empty
    public static void Sum(
        WinogradPass pass, ReadOnlySpan<float> source, ReadOnlySpan<float> gradient, Span<float> sums, Span<float> bias, Span<float> buffer, int first, int end)
    {
        bias.Clear();
        if (first == end) sums.Clear();
        fixed (float* from = source, upstream = gradient, to = sums, biasSums = bias, scratch = buffer)
        {
            VectorDispatch.Run(new SumsLoop(pass, from, upstream, to, biasSums, scratch, first, end));
        }
    }

    private static void Pixels<V>(WinogradPass pass, int batch, float* source, float* packed, float* addend, float* destination, float* buffer, bool relu)
        where V : struct, IVector<V>
    {
        var (inputs, outputs) = (pass.SourceChannels, pass.Channels);
        var products = buffer + Places * pass.SourcePlacePitch;
        var patch = buffer + pass.PatchStart;
        var tiles = pass.TilesOf(batch);
        for (var i = 0; i < tiles; i++) Patch<V>(pass, batch * pass.TilesPerBatch + i, source, patch, buffer + i * inputs);
        Products<V>(pass, tiles, buffer, packed + outputs, products);
        for (var i = 0; i < tiles; i++)
        {
            var (image, y, x) = pass.Tile(batch * pass.TilesPerBatch + i);
            var offset = (((nint)image * pass.Height + y) * pass.Width + x) * outputs;
            var (rows, columns) = (Math.Min(4, pass.Height - y), Math.Min(4, pass.Width - x));
            WinogradTransform.Pixels<V>(
                products + i * outputs, pass.PlacePitch, packed, destination + offset, (nint)pass.Width * outputs, outputs, rows, columns, outputs,
                addend is null ? 0 : (nint)(addend - destination), addend is not null, relu);
        }
    }

    private static void AddSums<V>(WinogradPass pass, int batch, float* source, float* gradient, float* sums, float* bias, float* buffer, bool isFirst)
        where V : struct, IVector<V>
    {
        var (inputs, outputs) = (pass.SourceChannels, pass.Channels);
        var gradients = buffer + Places * pass.SourcePlacePitch;
        var patch = buffer + pass.PatchStart;
        var tiles = pass.TilesOf(batch);
        for (var i = 0; i < tiles; i++)
        {
            Patch<V>(pass, batch * pass.TilesPerBatch + i, source, patch, buffer + i * inputs);
            Gradient<V>(pass, batch * pass.TilesPerBatch + i, gradient, patch, gradients + i * outputs, bias);
        }

        AddProducts<V>(pass, tiles, buffer, gradients, sums, isFirst);
    }

    private static void Patch<V>(WinogradPass pass, int tile, float* source, float* patch, float* to) where V : struct, IVector<V>
    {
        var (image, y, x) = pass.Tile(tile);
        (y, x) = (y - pass.PadTop, x - pass.PadLeft);
        var channels = pass.SourceChannels;
        var from = source + (nint)image * pass.SourceHeight * pass.SourceWidth * channels;
        if (y >= 0 && x >= 0 && y + 6 <= pass.SourceHeight && x + 6 <= pass.SourceWidth)
        {
            WinogradTransform.Patch<V>(
                from + ((nint)y * pass.SourceWidth + x) * channels, (nint)pass.SourceWidth * channels, channels, to, pass.SourcePlacePitch, channels);
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
            WinogradTransform.Gradient<V>(
                from + ((nint)y * pass.Width + x) * channels, (nint)pass.Width * channels, channels, to, pass.PlacePitch, bias, channels);
            return;
        }

        CopyPadded(from, pass.Height, pass.Width, channels, y, x, 4, patch);
        WinogradTransform.Gradient<V>(patch, 4 * channels, channels, to, pass.PlacePitch, bias, channels);
    }

    // Copies a square of pixels, with zeros outside of the image.
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
            var inside = new Span<float>(image + ((nint)(y + row) * width + x + left) * channels, (right - left) * channels);
            inside.CopyTo(new(patch + left * channels, (right - left) * channels));
            new Span<float>(patch + right * channels, (size - right) * channels).Clear();
        }
    }

    // products[place, t, o] = sum_c tiles[place, t, c] * weights[place, c, o]
    private static void Products<V>(WinogradPass pass, int tiles, float* patches, float* weights, float* products) where V : struct, IVector<V>
    {
        var segment = 0;
        var zeros = stackalloc float[2 * V.Count];
        new Span<float>(zeros, 2 * V.Count).Clear();
        var job = ConvTileJob.Product(pass.SourceChannels, 1, pass.SourceChannels, &segment, zeros, pass.Channels);
        var runs = new EvenTiles(tiles, ConvTile.MaxRows);
        for (var place = 0; place < Places; place++)
        {
            var panels = weights + (nint)place * pass.Channels * pass.SourceChannels;
            ConvTile.RunPanels<V>(
                ref job, runs, patches + (nint)place * pass.SourcePlacePitch, panels, pass.Channels, products + (nint)place * pass.PlacePitch);
        }
    }

    // sums[place, c, o] += sum_t tiles[place, t, c] * gradients[place, t, o]
    private static void AddProducts<V>(WinogradPass pass, int tiles, float* patches, float* gradients, float* sums, bool isFirst) where V : struct, IVector<V>
    {
        var segment = 0;
        var zeros = stackalloc float[2 * V.Count];
        new Span<float>(zeros, 2 * V.Count).Clear();
        var (inputs, outputs) = (pass.SourceChannels, pass.Channels);
        var job = ConvTileJob.Product(1, inputs, tiles, &segment, zeros, outputs) with { PanelStep = outputs, HasAddend = !isFirst };
        var runs = new EvenTiles(inputs, ConvTile.MaxRows);
        for (var place = 0; place < Places; place++)
        {
            for (var column = 0; column < outputs; column += 2 * V.Count)
            {
                var width = Math.Min(2 * V.Count, outputs - column);
                job.Source = patches + (nint)place * pass.SourcePlacePitch;
                job.Panel = gradients + (nint)place * pass.PlacePitch + column;
                job.Destination = sums + (nint)place * inputs * outputs + column;
                ConvTile.RunRows<V>(ref job, runs, width);
            }
        }
    }

    private readonly struct PixelsLoop(
        WinogradPass pass, float* source, float* packed, float* addend, float* destination, float* buffer, bool relu, int first, int end) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            for (var batch = first; batch < end; batch++) Pixels<V>(pass, batch, source, packed, addend, destination, buffer, relu);
        }
    }

    private readonly struct SumsLoop(
        WinogradPass pass, float* source, float* gradient, float* sums, float* bias, float* buffer, int first, int end) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            for (var batch = first; batch < end; batch++) AddSums<V>(pass, batch, source, gradient, sums, bias, buffer, batch == first);
        }
    }
}
