using System.Buffers;
using System.Collections.Concurrent;
using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Data;

/// <summary>
/// Brings images to one size: along the width, then along the height; each new pixel is a weighted sum of old ones. Several threads may use it.
/// </summary>
/// <param name="options">The size, and how images are cut and resampled.</param>
internal sealed class ImageResizer(ImageOptions options)
{
    // Of old rows, a new one needs four at most, which lie beside each other.
    private const int Lines = 4;

    // Folders of photographs have few sizes; one of many must not fill memory.
    private const int MostSizes = 256;

    private readonly int _height = options.Height;
    private readonly int _width = options.Width;
    private readonly int _channels = options.Channels;
    private readonly ConcurrentDictionary<int, AxisWeights> _across = new();
    private readonly ConcurrentDictionary<int, AxisWeights> _down = new();

    /// <summary>The sizes whose weights are kept.</summary>
    public int KnownSizes => Math.Max(_across.Count, _down.Count);

    /// <summary>Resizes an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="target">Its pixels at the new size, 0 to 255.</param>
    public void Run(in DecodedImage image, Span<float> target)
    {
        var (top, left, rows, columns) = Part(image.Height, image.Width);
        var size = _width * _channels;
        if (columns == _width && rows == _height)
        {
            for (var row = 0; row < _height; row++) ToFloats(Source(image, top + row, left, columns), target.Slice(row * size, size));
            return;
        }

        var (across, down) = (Weights(_across, columns, _width), Weights(_down, rows, _height));
        var padded = size + Vector128<float>.Count;
        var source = ArrayPool<float>.Shared.Rent((columns * _channels) + Vector128<float>.Count);
        var lines = ArrayPool<float>.Shared.Rent(padded * Lines);
        Span<int> held = [-1, -1, -1, -1];
        target.Clear();
        for (var row = 0; row < _height; row++)
        {
            var destination = target.Slice(row * size, size);
            for (var k = row * down.Count; k < (row + 1) * down.Count; k++)
            {
                var (position, weight) = (down.Positions[k], down.Weights[k]);
                if (weight == 0) continue;
                var line = lines.AsSpan(position % Lines * padded, padded);
                if (held[position % Lines] != position)
                {
                    ToFloats(Source(image, top + position, left, columns), source);
                    Along(source, across, line);
                    held[position % Lines] = position;
                }

                TensorPrimitives.MultiplyAdd(line[..size], weight, destination, destination);
            }
        }

        ArrayPool<float>.Shared.Return(source);
        ArrayPool<float>.Shared.Return(lines);
    }

    /// <summary>Bytes as numbers.</summary>
    public static void ToFloats(ReadOnlySpan<byte> bytes, Span<float> target)
    {
        var i = 0;
        for (; i + Vector128<byte>.Count <= bytes.Length; i += Vector128<byte>.Count)
        {
            var (low, high) = Vector128.Widen(Vector128.Create(bytes[i..]));
            Four(Vector128.WidenLower(low)).CopyTo(target[i..]);
            Four(Vector128.WidenUpper(low)).CopyTo(target[(i + 4)..]);
            Four(Vector128.WidenLower(high)).CopyTo(target[(i + 8)..]);
            Four(Vector128.WidenUpper(high)).CopyTo(target[(i + 12)..]);
        }

        for (; i < bytes.Length; i++) target[i] = bytes[i];

        static Vector128<float> Four(Vector128<uint> values) => Vector128.ConvertToSingle(values.AsInt32());
    }

    private AxisWeights Weights(ConcurrentDictionary<int, AxisWeights> known, int from, int to)
    {
        if (known.TryGetValue(from, out var weights)) return weights;
        if (known.Count >= MostSizes) known.Clear();
        return known[from] = AxisWeights.Of(from, to, options.Mode);
    }

    private ReadOnlySpan<byte> Source(in DecodedImage image, int row, int left, int columns) =>
        image.Pixels.AsSpan(((row * image.Width) + left) * _channels, columns * _channels);

    /// <summary>The part of an image that is used.</summary>
    private (int Top, int Left, int Rows, int Columns) Part(int rows, int columns)
    {
        if (!options.CropsToAspectRatio) return (0, 0, rows, columns);
        var usedRows = Math.Clamp((int)((long)columns * _height / _width), 1, rows);
        var usedColumns = Math.Clamp((int)((long)rows * _width / _height), 1, columns);
        return ((rows - usedRows) / 2, (columns - usedColumns) / 2, usedRows, usedColumns);
    }

    /// <summary>A row at the new width. The channels of a pixel are the lanes of a vector; a fourth lane is overwritten by the next pixel.</summary>
    private void Along(ReadOnlySpan<float> source, AxisWeights across, Span<float> line)
    {
        var (count, positions, weights) = (across.Count, across.Positions, across.Weights);
        for (var x = 0; x < _width; x++)
        {
            if (_channels == 1)
            {
                var value = 0f;
                for (var k = x * count; k < (x + 1) * count; k++) value += weights[k] * source[positions[k]];
                line[x] = value;
                continue;
            }

            var pixel = Vector128<float>.Zero;
            for (var k = x * count; k < (x + 1) * count; k++) pixel += Vector128.Create(source[(positions[k] * _channels)..]) * weights[k];
            pixel.CopyTo(line[(x * _channels)..]);
        }
    }
}
