using System.Buffers.Binary;

namespace OnnxFunctional.Training.Data;

/// <summary>What a PNG says about its colors: the palette, and what is transparent.</summary>
internal sealed class PngColors
{
    private const int Colors = 256;

    private readonly byte[] _palette = new byte[Colors * 4];
    private int _count;
    private byte[] _transparent = [];

    /// <summary>Whether one color, or colors of the palette, are transparent.</summary>
    public bool HasTransparent => _transparent.Length > 0;

    /// <summary>Takes the palette.</summary>
    /// <exception cref="InvalidDataException">It is not one.</exception>
    public void SetPalette(ReadOnlySpan<byte> content)
    {
        if (content.Length is 0 or > Colors * 3 || content.Length % 3 != 0) throw new InvalidDataException("its palette has the wrong length");
        _count = content.Length / 3;
        for (var i = 0; i < _count; i++) PixelColors.Put(content[i * 3], content[(i * 3) + 1], content[(i * 3) + 2], 255, _palette.AsSpan(i * 4), 4);
    }

    /// <summary>Takes what is transparent.</summary>
    public void SetTransparent(ReadOnlySpan<byte> content) => _transparent = content.ToArray();

    /// <summary>The color of a number: red, green, blue, opacity.</summary>
    /// <exception cref="InvalidDataException">The palette does not have it.</exception>
    public ReadOnlySpan<byte> OfPalette(int number)
    {
        if (number >= _count) throw new InvalidDataException($"its pixels name color {number} of a palette of {_count}");
        return _palette.AsSpan(number * 4, 4);
    }

    /// <summary>The opacity of a color of the palette.</summary>
    public byte Opacity(int number) => number < _transparent.Length ? _transparent[number] : (byte)255;

    /// <summary>The opacity of a pixel without one of its own: 0 if all of its samples are those of the transparent color.</summary>
    public byte Opacity(PngHeader header, ReadOnlySpan<byte> row, int column)
    {
        if (_transparent.Length < header.Samples * 2) return 255;
        for (var i = 0; i < header.Samples; i++)
        {
            var sample = PngPixels.Sample(row, (column * header.Samples) + i, header.Bits);
            if (sample != BinaryPrimitives.ReadUInt16BigEndian(_transparent.AsSpan(i * 2))) return 255;
        }

        return 0;
    }
}
