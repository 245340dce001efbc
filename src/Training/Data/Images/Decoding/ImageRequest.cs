namespace OnnxFunctional.Training.Data;

/// <summary>What an image is decoded to, and which sizes are allowed.</summary>
/// <param name="Path">The file, for messages.</param>
/// <param name="Channels">1, 3 or 4: brightness; red, green, blue; and opacity.</param>
/// <param name="MaxPixels">Larger images are refused before memory is allocated for them.</param>
internal readonly record struct ImageRequest(string Path, int Channels, int MaxPixels)
{
    /// <summary>Refuses an image by the size that its header declares.</summary>
    /// <exception cref="DataException">It has too many pixels.</exception>
    /// <exception cref="InvalidDataException">It has none.</exception>
    public void CheckSize(uint width, uint height)
    {
        if (width == 0 || height == 0) throw new InvalidDataException($"its header declares {width} x {height} pixels");
        if ((ulong)width * height > (ulong)MaxPixels)
        {
            throw new DataException(
                $"'{Path}' has {width} x {height} pixels, more than the {MaxPixels} allowed. Make it smaller, or pass a larger maxPixels.");
        }
    }
}
