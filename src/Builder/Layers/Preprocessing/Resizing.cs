namespace OnnxFunctional.Layers;

/// <summary>Resizes images by interpolation with half-pixel centers.</summary>
/// <remarks>
/// <para>Input: (batch, height, width, channels). Output: (batch, new height, new width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_preprocessing/resizing/</para>
/// </remarks>
/// <param name="height">The new height.</param>
/// <param name="width">The new width.</param>
/// <param name="interpolation">How values between known positions are computed.</param>
/// <param name="cropToAspectRatio">Whether the image is first cropped to the new proportions, so that it is not distorted.</param>
/// <param name="padToAspectRatio">Whether the image is first padded to the new proportions, so that it is not distorted.</param>
/// <param name="fillValue">The value of padded positions.</param>
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

    /// <summary>Where the channel axis is.</summary>
    public DataFormat DataFormat { get; } = dataFormat;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.Positions(x, 2, DataFormat);
        if (CropToAspectRatio && PadToAspectRatio) throw new ModelException("cropToAspectRatio and padToAspectRatio are both set; set one of them.");
        var image = ChannelOrder.ToLast(Ops.Cast(x, DType.Float32), DataFormat);
        if (CropToAspectRatio) image = Images.CroppedTo(image, Height, Width);
        if (PadToAspectRatio) image = Images.PaddedTo(image, Height, Width, FillValue);
        return ChannelOrder.FromLast(Images.Resized(image, Height, Width, Interpolation), DataFormat);
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
            ? Images.Cut(image, (high - Height) / 2, Height, (wide - Width) / 2, Width)
            : Images.Resized(Images.CroppedTo(image, Height, Width), Height, Width, Interpolation.Bilinear);
        return ChannelOrder.FromLast(image, DataFormat);
    }
}

/// <summary>Steps of image layers, channels last.</summary>
internal static class Images
{
    public static SymbolicTensor Resized(SymbolicTensor x, int height, int width, Interpolation interpolation)
    {
        if (x.Shape[1] == height && x.Shape[2] == width) return x;
        var mode = interpolation switch
        {
            Interpolation.Nearest => Operators.ResizeMode.Nearest,
            Interpolation.Bicubic => Operators.ResizeMode.Cubic,
            _ => Operators.ResizeMode.Linear,
        };
        return Ops.Make(new Operators.Resize([height, width], [0, 0], mode), x);
    }

    public static SymbolicTensor Cut(SymbolicTensor x, int top, int height, int left, int width) =>
        Ops.Make(new Operators.Slice([1, 2], [top, left], [top + height, left + width], [1, 1]), x);

    /// <summary>The largest centered part of proportions height : width, with sizes rounded down as in Keras.</summary>
    public static SymbolicTensor CroppedTo(SymbolicTensor x, int height, int width)
    {
        var (high, wide) = (Check.Known(x, 1, "the height"), Check.Known(x, 2, "the width"));
        var newHigh = Math.Max(Math.Min(high, (int)((double)wide * height / width)), 1);
        var newWide = Math.Max(Math.Min(wide, (int)((double)high * width / height)), 1);
        return Cut(x, (high - newHigh) / 2, newHigh, (wide - newWide) / 2, newWide);
    }

    /// <summary>The image with borders that bring it to proportions height : width; as in Keras, both have half of the difference, rounded down.</summary>
    public static SymbolicTensor PaddedTo(SymbolicTensor x, int height, int width, double value)
    {
        var (high, wide) = (Check.Known(x, 1, "the height"), Check.Known(x, 2, "the width"));
        var newHigh = Math.Max(high, (int)((double)wide * height / width));
        var newWide = Math.Max(wide, (int)((double)high * width / height));
        var (rows, columns) = ((newHigh - high) / 2, (newWide - wide) / 2);
        return Ops.Pad(x, [0, rows, columns, 0], [0, rows, columns, 0], value);
    }
}
