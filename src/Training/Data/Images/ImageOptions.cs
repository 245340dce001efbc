using OnnxFunctional.Layers;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Data;

/// <summary>What decides about the pixels of an image that is read.</summary>
internal sealed record ImageOptions
{
    /// <param name="owner">Whose options they are, for messages.</param>
    /// <param name="height">The height to which images are resized.</param>
    /// <param name="width">The width.</param>
    /// <param name="colorMode">The channels.</param>
    /// <param name="interpolation">How images are resampled.</param>
    /// <param name="cropToAspectRatio">Whether images are first cut to the new proportions.</param>
    /// <param name="applyOrientation">Whether images are turned as EXIF says.</param>
    /// <param name="maxPixels">Larger images are refused.</param>
    /// <exception cref="ModelException">An option is out of range.</exception>
    public ImageOptions(
        string owner, int height, int width, ColorMode colorMode, Interpolation interpolation, bool cropToAspectRatio, bool applyOrientation, int maxPixels)
    {
        if (height < 1 || width < 1 || maxPixels < 1)
            throw new ModelException($"{owner} has height {height}, width {width} and maxPixels {maxPixels}; expected at least 1 of each.");
        (Height, Width, Channels, MaxPixels) = (height, width, (int)colorMode, maxPixels);
        (CropsToAspectRatio, AppliesOrientation) = (cropToAspectRatio, applyOrientation);
        Mode = Operators.ImageSizes.ModeOf(interpolation) ?? throw Check.Option(
            owner, nameof(interpolation), interpolation.ToString(), "Nearest, Bilinear or Bicubic", "A Resizing layer has the others.");
    }

    /// <summary>The height to which images are resized.</summary>
    public int Height { get; }

    /// <summary>The width to which images are resized.</summary>
    public int Width { get; }

    /// <summary>1, 3 or 4.</summary>
    public int Channels { get; }

    /// <summary>How images are resampled.</summary>
    public ResizeMode Mode { get; }

    /// <summary>Whether images are first cut to the new proportions, around their center.</summary>
    public bool CropsToAspectRatio { get; }

    /// <summary>Whether images are turned as EXIF says.</summary>
    public bool AppliesOrientation { get; }

    /// <summary>Larger images are refused.</summary>
    public int MaxPixels { get; }

    /// <summary>The shape of so many images: (images, height, width, channels).</summary>
    public Shape ShapeOf(int images) => Shape.Of(images, Height, Width, Channels);
}
