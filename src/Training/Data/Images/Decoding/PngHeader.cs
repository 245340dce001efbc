using System.Buffers.Binary;

namespace OnnxFunctional.Training.Data;

/// <summary>The header of a PNG: https://www.w3.org/TR/png-3/#11IHDR.</summary>
/// <param name="Width">The pixels of a row.</param>
/// <param name="Height">The rows.</param>
/// <param name="Bits">Its bit depth: 1, 2, 4, 8 or 16 for each channel.</param>
/// <param name="Kind">What a pixel is.</param>
/// <param name="IsInterlaced">Whether it comes in seven passes.</param>
internal readonly record struct PngHeader(int Width, int Height, int Bits, PngKind Kind, bool IsInterlaced)
{
    private const int Length = 13;

    // The first column and row of each pass of an interlaced image, and the steps between its pixels: https://www.w3.org/TR/png-3/#8Interlace
    private static readonly PngPass[] s_passes =
        [new(0, 0, 8, 8), new(4, 0, 8, 8), new(0, 4, 4, 8), new(2, 0, 4, 4), new(0, 2, 2, 4), new(1, 0, 2, 2), new(0, 1, 1, 2)];

    private static readonly PngPass[] s_onePass = [new(0, 0, 1, 1)];

    /// <summary>The samples of a pixel.</summary>
    public int Samples => Kind switch { PngKind.Gray or PngKind.Palette => 1, PngKind.GrayAlpha => 2, PngKind.Rgb => 3, _ => 4 };

    /// <summary>The bytes to which a filter looks back.</summary>
    public int PixelBytes => Math.Max(1, Samples * Bits / 8);

    /// <summary>The passes.</summary>
    public ReadOnlySpan<PngPass> Passes => IsInterlaced ? s_passes : s_onePass;

    /// <summary>The bytes of all rows, each with its filter byte.</summary>
    public long DataLength
    {
        get
        {
            var sum = 0L;
            foreach (var pass in Passes)
            {
                if (pass.Columns(Width) > 0) sum += pass.Rows(Height) * (1L + RowBytes(pass.Columns(Width)));
            }

            return sum;
        }
    }

    /// <summary>Reads a header.</summary>
    /// <exception cref="InvalidDataException">It contradicts itself.</exception>
    public static PngHeader Read(ReadOnlySpan<byte> content, in ImageRequest request)
    {
        if (content.Length != Length) throw new InvalidDataException("its header has the wrong length");
        var (width, height) = (BinaryPrimitives.ReadUInt32BigEndian(content), BinaryPrimitives.ReadUInt32BigEndian(content[4..]));
        request.CheckSize(width, height);
        var (bits, kind) = (content[8], (PngKind)content[9]);
        var fits = kind switch
        {
            PngKind.Gray => bits is 1 or 2 or 4 or 8 or 16,
            PngKind.Palette => bits is 1 or 2 or 4 or 8,
            PngKind.Rgb or PngKind.GrayAlpha or PngKind.Rgba => bits is 8 or 16,
            _ => throw new InvalidDataException("its color type is unknown"),
        };
        if (!fits) throw new InvalidDataException($"its color type has no {bits} bits");
        if (content[10] != 0 || content[11] != 0 || content[12] > 1) throw new InvalidDataException("it is compressed, filtered or interlaced in no known way");
        return new((int)width, (int)height, bits, kind, content[12] == 1);
    }

    /// <summary>The bytes of so many pixels, without the filter byte.</summary>
    public int RowBytes(int columns) => (int)((((long)columns * Samples * Bits) + 7) / 8);
}

/// <summary>What a pixel of a PNG is.</summary>
internal enum PngKind : byte
{
    /// <summary>Brightness.</summary>
    Gray = 0,

    /// <summary>Red, green, blue.</summary>
    Rgb = 2,

    /// <summary>A number of a palette.</summary>
    Palette = 3,

    /// <summary>Brightness and opacity.</summary>
    GrayAlpha = 4,

    /// <summary>Red, green, blue, opacity.</summary>
    Rgba = 6,
}

/// <summary>A pass over an image: its first column and row, and the steps between its pixels.</summary>
/// <param name="X">The first column.</param>
/// <param name="Y">The first row.</param>
/// <param name="StepX">From column to column.</param>
/// <param name="StepY">From row to row.</param>
internal readonly record struct PngPass(int X, int Y, int StepX, int StepY)
{
    /// <summary>Its columns in an image of a width.</summary>
    public int Columns(int width) => Math.Max(0, (width - X + StepX - 1) / StepX);

    /// <summary>Its rows in an image of a height.</summary>
    public int Rows(int height) => Math.Max(0, (height - Y + StepY - 1) / StepY);
}
