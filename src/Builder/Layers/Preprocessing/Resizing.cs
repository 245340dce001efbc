namespace OnnxFunctional.Layers;

/// <summary>Resizes images by interpolation with half-pixel centers.</summary>
/// <remarks>
/// <para>
/// Input: (batch, height, width, channels). Output: (batch, new height, new width, channels). No weights. With antialias, Lanczos and Area, which are products
/// with a matrix per axis, sizes must be known.
/// </para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_preprocessing/resizing/</para>
/// </remarks>
/// <param name="height">The new height.</param>
/// <param name="width">The new width.</param>
/// <param name="interpolation">How values between known positions are computed.</param>
/// <param name="cropToAspectRatio">Whether the image is first cropped to the new proportions, so that it is not distorted.</param>
/// <param name="padToAspectRatio">Whether the image is first padded to the new proportions, so that it is not distorted.</param>
/// <param name="fillValue">The value of padded positions.</param>
/// <param name="antialias">Whether a smaller image is made of all pixels, not only of those nearest to its own; Nearest and Area ignore it.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class Resizing(
    int height,
    int width,
    Interpolation interpolation = Interpolation.Bilinear,
    bool cropToAspectRatio = false,
    bool padToAspectRatio = false,
    double fillValue = 0,
    bool antialias = false,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : Layer(name)
{
    /// <summary>The new height.</summary>
    public int Height { get; } = Check.Positive(height, "Resizing", nameof(height));

    /// <summary>The new width.</summary>
    public int Width { get; } = Check.Positive(width, "Resizing", nameof(width));

    /// <summary>How values between known positions are computed.</summary>
    public Interpolation Interpolation { get; } = interpolation;

    /// <summary>Whether the image is first cropped to the new proportions, so that it is not distorted.</summary>
    public bool CropToAspectRatio { get; } = cropToAspectRatio;

    /// <summary>Whether the image is first padded to the new proportions, so that it is not distorted.</summary>
    public bool PadToAspectRatio { get; } = padToAspectRatio;

    /// <summary>The value of padded positions.</summary>
    public double FillValue { get; } = Check.Finite(fillValue, "Resizing", nameof(fillValue));

    /// <summary>Whether a smaller image is made of all pixels, not only of those nearest to its own.</summary>
    public bool Antialias { get; } = antialias;

    /// <summary>Where the channel axis is.</summary>
    public DataFormat DataFormat { get; } = dataFormat;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.Positions(x, 2, DataFormat);
        var image = ChannelOrder.ToLast(Ops.Cast(x, DType.Float32), DataFormat);
        var resized = Ops.Resize(image, (Height, Width), Interpolation, Antialias, CropToAspectRatio, PadToAspectRatio, FillValue);
        return ChannelOrder.FromLast(resized, DataFormat);
    }
}

/// <summary>The center of images; an image smaller than that is cropped to the proportions and enlarged.</summary>
/// <remarks>
/// <para>Input: (batch, height, width, channels), positions known. Output: (batch, new height, new width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_preprocessing/center_crop/</para>
/// </remarks>
/// <param name="height">The new height.</param>
/// <param name="width">The new width.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class CenterCrop(int height, int width, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null) : Layer(name)
{
    /// <summary>The new height.</summary>
    public int Height { get; } = Check.Positive(height, "CenterCrop", nameof(height));

    /// <summary>The new width.</summary>
    public int Width { get; } = Check.Positive(width, "CenterCrop", nameof(width));

    /// <summary>Where the channel axis is.</summary>
    public DataFormat DataFormat { get; } = dataFormat;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.Positions(x, 2, DataFormat);
        var image = ChannelOrder.ToLast(Ops.Cast(x, DType.Float32), DataFormat);
        var (high, wide) = (Check.Known(image, 1, "the height"), Check.Known(image, 2, "the width"));
        image = high >= Height && wide >= Width
            ? Operators.ImageSizes.Cut(image, (high - Height) / 2, Height, (wide - Width) / 2, Width)
            : Operators.ImageSizes.Resized(Operators.ImageSizes.CroppedTo(image, Height, Width), Height, Width, Interpolation.Bilinear);
        return ChannelOrder.FromLast(image, DataFormat);
    }
}
