namespace OnnxFunctional.Layers;

/// <summary>
/// Spreads the values of each part of an image over the whole range, each channel by itself, with a limit to how much contrast grows; in training and in
/// inference, as in Keras.
/// </summary>
/// <remarks>
/// <para>
/// The image is divided into tiles. In each, the frequencies of 256 values are cut at a limit, what was cut is spread over all, and their running sum gives the
/// new values. A pixel takes a weighted mean of those of the four nearest tiles.
/// </para>
/// <para>Input and output: (batch, height, width, channels), all sizes but the batch known. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/</para>
/// </remarks>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="clipLimit">The limit of a frequency as a multiple of their mean; 0 for no limit.</param>
/// <param name="tileGridSize">The number of tiles along height and width; 8 by default.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A number of tiles is not positive, or the limit is not finite.</exception>
public sealed class ContrastLimitedAdaptiveHistogramEqualization(
    DoubleValues valueRange = default,
    double clipLimit = 4,
    IntValues tileGridSize = default,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : Layer(name)
{
    private const int Bins = 256;

    /// <summary>The smallest and the largest value of an image.</summary>
    public DoubleValues ValueRange { get; } = ValueRanges.OrBytes(valueRange);

    /// <summary>The limit of a frequency as a multiple of their mean; 0 for no limit.</summary>
    public double ClipLimit { get; } = Check.Finite(clipLimit, nameof(ContrastLimitedAdaptiveHistogramEqualization), nameof(clipLimit));

    /// <summary>The number of tiles along height and width.</summary>
    public IntValues TileGridSize { get; } = tileGridSize.Count == 0
        ? IntValues.Repeat(8, 2)
        : tileGridSize.For(2, nameof(ContrastLimitedAdaptiveHistogramEqualization), nameof(tileGridSize));

    /// <summary>Where the channel axis is.</summary>
    public DataFormat DataFormat { get; } = dataFormat;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.Positions(x, 2, DataFormat);
        var image = ChannelOrder.ToLast(Ops.Cast(x, DType.Float32), DataFormat);
        return ChannelOrder.FromLast(ValueRanges.AsBytes(image, ValueRange, Equalized), DataFormat);
    }

    private SymbolicTensor Equalized(SymbolicTensor x)
    {
        var down = new Tiles(Check.Known(x, 1, "the height"), TileGridSize[0]);
        var across = new Tiles(Check.Known(x, 2, "the width"), TileGridSize[1]);
        var channels = Check.Known(x, 3, "the number of channels");
        var pixels = Ops.Clip(Ops.Floor(x), 0, Bins - 1);
        var tables = Tables(pixels, down, across, channels);

        // The four tables of a pixel, as places in the list of all tables of its image; the pixel's value is the place in a table.
        int[] rows = [.. Enumerable.Range(0, down.Size)], columns = [.. Enumerable.Range(0, across.Size)];
        SymbolicTensor At(Func<int, int> row, Func<int, int> column)
        {
            float[] firsts = [.. from i in rows
                                 from j in columns
                                 from c in Enumerable.Range(0, channels)
                                 select (float)(((((row(i) * across.Count) + column(j)) * channels) + c) * Bins)];
            var places = Ops.Reshape(pixels + Ops.Constant(Shape.Of(1, down.Size, across.Size, channels), firsts), 0, firsts.Length);
            return Ops.Reshape(Ops.Make(new Operators.GatherElements(1), tables, Ops.Cast(places, DType.Int64)), 0, down.Size, across.Size, channels);
        }

        var wide = Ops.Constant(Shape.Of(1, 1, across.Size, 1), [.. columns.Select(across.Weight)]);
        var high = Ops.Constant(Shape.Of(1, down.Size, 1, 1), [.. rows.Select(down.Weight)]);
        var top = (At(down.Before, across.Before) * (1 - wide)) + (At(down.Before, across.After) * wide);
        var bottom = (At(down.After, across.Before) * (1 - wide)) + (At(down.After, across.After) * wide);
        return (top * (1 - high)) + (bottom * high);
    }

    /// <summary>The new value of each value, in each tile and channel: (batch, tiles * channels * 256).</summary>
    private SymbolicTensor Tables(SymbolicTensor pixels, Tiles down, Tiles across, int channels)
    {
        var (area, count) = (down.Length * across.Length, down.Count * across.Count * channels);
        var tiled = Ops.Take(Ops.Take(pixels, Ops.Constant(Shape.Of(down.Sources.Length), down.Sources), 1),
            Ops.Constant(Shape.Of(across.Sources.Length), across.Sources), 2);
        tiled = Ops.Transpose(Ops.Reshape(tiled, 0, down.Count, down.Length, across.Count, across.Length * channels), 0, 1, 3, 2, 4);
        tiled = Ops.Transpose(Ops.Reshape(tiled, 0, down.Count * across.Count, area, channels), 0, 1, 3, 2);
        var values = Ops.Cast(Ops.Reshape(tiled, 0, count, area), DType.Int64);
        var empty = Ops.Slice(Ops.Reshape(tiled, 0, count, area), 2, 0, 1) * Ops.Zeros([Bins]);
        var counts = Ops.Make(new Operators.GatherElementsGradient(2), Ops.OnesLike(Ops.Reshape(tiled, 0, count, area)), values, empty);
        if (ClipLimit > 0)
        {
            var cut = Ops.Clip(counts, 0, ClipLimit * area / Bins);
            counts = cut + (Ops.Sum(counts - cut, -1, keepdims: true) / Bins);
        }

        var sums = Ops.CumSum(counts);
        var least = Ops.Min(sums, -1, keepdims: true);
        var range = area - least;
        var tables = Ops.Clip((sums - least) * 255 / Ops.Where(Ops.Equal(range, 0), 1, range), 0, 255);
        return Ops.Reshape(tables, 0, count * Bins);
    }

    /// <summary>The tiles along one axis. The last may reach beyond the image, which is mirrored there.</summary>
    private sealed class Tiles(int size, int count)
    {
        public int Size => size;

        public int Count => count;

        /// <summary>The length of a tile.</summary>
        public int Length { get; } = ((size - 1) / count) + 1;

        /// <summary>Where the pixels of all tiles are in the image.</summary>
        public long[] Sources => [.. Enumerable.Range(0, Length * count).Select(i => i % (2 * size)).Select(i => (long)(i < size ? i : (2 * size) - 1 - i))];

        /// <summary>The tile whose center is at or before a pixel; the first one for those before its center.</summary>
        public int Before(int pixel) => Math.Max((int)Math.Floor(Place(pixel)), 0);

        /// <summary>The tile after that, or the last one.</summary>
        public int After(int pixel) => Math.Min((int)Math.Floor(Place(pixel)) + 1, count - 1);

        /// <summary>How far a pixel is on its way between them.</summary>
        public float Weight(int pixel) => (float)(Place(pixel) - Math.Floor(Place(pixel)));

        private double Place(int pixel) => (pixel - (Length / 2.0)) / Length;
    }
}
