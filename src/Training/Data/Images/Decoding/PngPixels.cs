using System.Buffers;
using System.Buffers.Binary;

namespace OnnxFunctional.Training.Data;

/// <summary>The unpacked data of a PNG to pixels: filters undone, passes put in place, samples of any size as colors.</summary>
internal static class PngPixels
{
    /// <summary>Fills an image.</summary>
    /// <param name="header">The header.</param>
    /// <param name="colors">The palette, and what is transparent.</param>
    /// <param name="data">All rows, each with its filter byte; filters are undone in place.</param>
    /// <param name="target">The pixels.</param>
    /// <param name="channels">1, 3 or 4.</param>
    public static void Fill(in PngHeader header, PngColors colors, Span<byte> data, Span<byte> target, int channels)
    {
        var isCopy = header.Bits == 8 && !header.IsInterlaced && (header.Kind, channels) is (PngKind.Rgb, 3) or (PngKind.Rgba, 4) or (PngKind.Gray, 1);
        var above = ArrayPool<byte>.Shared.Rent(header.RowBytes(header.Width) + PngFilter.Padding);
        var line = ArrayPool<byte>.Shared.Rent(header.Width * channels);
        foreach (var pass in header.Passes)
        {
            var (columns, rows) = (pass.Columns(header.Width), pass.Rows(header.Height));
            if (columns == 0) continue;
            var length = header.RowBytes(columns);
            Array.Clear(above);
            ReadOnlySpan<byte> last = above;
            for (var y = 0; y < rows; y++)
            {
                PngFilter.Undo(data[0], data[1..], last, length, header.PixelBytes);
                var row = data.Slice(1, length);
                var place = target[((pass.Y + (y * pass.StepY)) * header.Width * channels)..];
                if (isCopy) row.CopyTo(place);
                else Convert(header, colors, row, columns, header.IsInterlaced ? line : place, channels);
                if (header.IsInterlaced)
                {
                    for (var x = 0; x < columns; x++)
                        line.AsSpan(x * channels, channels).CopyTo(place[((pass.X + (x * pass.StepX)) * channels)..]);
                }

                last = data[1..];
                data = data[(1 + length)..];
            }
        }

        ArrayPool<byte>.Shared.Return(above);
        ArrayPool<byte>.Shared.Return(line);
    }

    /// <summary>A sample as the file holds it.</summary>
    public static int Sample(ReadOnlySpan<byte> row, int number, int bits) => bits switch
    {
        8 => row[number],
        16 => BinaryPrimitives.ReadUInt16BigEndian(row[(number * 2)..]),
        _ => (row[number * bits / 8] >> (8 - bits - (number * bits % 8))) & ((1 << bits) - 1),
    };

    private static void Convert(in PngHeader header, PngColors colors, ReadOnlySpan<byte> row, int columns, Span<byte> target, int channels)
    {
        var (samples, bits) = (header.Samples, header.Bits);
        var hasKey = channels == 4 && colors.HasTransparent;
        for (var x = 0; x < columns; x++)
        {
            var pixel = target[(x * channels)..];
            var first = x * samples;
            if (header.Kind == PngKind.Palette)
            {
                var number = Sample(row, x, bits);
                var color = colors.OfPalette(number);
                PixelColors.Put(color[0], color[1], color[2], colors.Opacity(number), pixel, channels);
                continue;
            }

            var red = Byte(row, first, bits);
            var opacity = header.Kind is PngKind.GrayAlpha or PngKind.Rgba ? Byte(row, first + samples - 1, bits)
                : hasKey ? colors.Opacity(header, row, x) : (byte)255;
            if (header.Kind is PngKind.Rgb or PngKind.Rgba)
                PixelColors.Put(red, Byte(row, first + 1, bits), Byte(row, first + 2, bits), opacity, pixel, channels);
            else if (channels == 1) pixel[0] = red;
            else PixelColors.Put(red, red, red, opacity, pixel, channels);
        }
    }

    /// <summary>A sample as a byte: fewer bits are spread over its range, of sixteen the upper ones count.</summary>
    private static byte Byte(ReadOnlySpan<byte> row, int number, int bits) => bits switch
    {
        8 => row[number],
        16 => row[number * 2],
        _ => (byte)(Sample(row, number, bits) * (255 / ((1 << bits) - 1))),
    };
}
