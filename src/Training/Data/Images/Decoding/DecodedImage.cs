using System.Buffers;

namespace OnnxFunctional.Training.Data;

/// <summary>The pixels of an image, row by row, channels last, in a rented buffer that may be longer.</summary>
/// <param name="Width">The pixels of a row.</param>
/// <param name="Height">The rows.</param>
/// <param name="Channels">The bytes of a pixel.</param>
/// <param name="Pixels">The buffer.</param>
/// <param name="Orientation">How the image is to be turned, by the numbers of EXIF: 1 is upright.</param>
internal readonly record struct DecodedImage(int Width, int Height, int Channels, byte[] Pixels, int Orientation) : IDisposable
{
    /// <summary>The bytes by which a buffer is longer than its pixels, so that loops may write whole vectors.</summary>
    public const int Padding = 64;

    /// <summary>A buffer for the pixels of an image, and <see cref="Padding"/>.</summary>
    /// <exception cref="InvalidDataException">There are more than an array holds.</exception>
    public static byte[] Rent(int width, int height, int channels)
    {
        var size = ((long)width * height * channels) + Padding;
        if (size > Array.MaxLength) throw new InvalidDataException($"{width} x {height} pixels are more than an array holds");
        return ArrayPool<byte>.Shared.Rent((int)size);
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose() => ArrayPool<byte>.Shared.Return(Pixels);
}
