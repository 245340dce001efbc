using OnnxFunctional.Layers;
using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>Images of another size, parts of them and their colors: channels last, with or without a batch.</content>
public static partial class Ops
{
    /// <summary>
    /// Resizes images by interpolation with half-pixel centers; their type stays (https://keras.io/api/ops/image/#resize-function).
    /// </summary>
    /// <param name="images">Images, (height, width, channels) or a batch of them.</param>
    /// <param name="size">The new height and width.</param>
    /// <param name="interpolation">How values between known positions are computed.</param>
    /// <param name="antialias">Whether a smaller image is made of all pixels, not only of those nearest to its own; Nearest and Area ignore it.</param>
    /// <param name="cropToAspectRatio">Whether the images are first cropped to the new proportions, so that they are not distorted.</param>
    /// <param name="padToAspectRatio">Whether the images are first padded to the new proportions, so that they are not distorted.</param>
    /// <param name="fillValue">The value of padded positions.</param>
    /// <exception cref="ModelException">
    /// The tensor has not three or four axes, or sizes are unknown where antialias, Lanczos, Area or proportions need them.
    /// </exception>
    /// <example><c>Ops.Resize(image, (224, 224), Interpolation.Bicubic, antialias: true)</c> makes a picture smaller without moire.</example>
    public static SymbolicTensor Resize(
        SymbolicTensor images,
        IntValues size,
        Interpolation interpolation = Interpolation.Bilinear,
        bool antialias = false,
        bool cropToAspectRatio = false,
        bool padToAspectRatio = false,
        double fillValue = 0)
    {
        if (cropToAspectRatio && padToAspectRatio) throw new ModelException("cropToAspectRatio and padToAspectRatio are both set; set one of them.");
        if (size.Count == 0) throw Check.Option(nameof(Resize), nameof(size), "empty", "a height and a width");
        var both = size.For(2, nameof(Resize), nameof(size));
        Check.Finite(fillValue, nameof(Resize), nameof(fillValue));
        return InBatch(images, nameof(Resize), x =>
        {
            var image = Floats(x);
            if (cropToAspectRatio) image = ImageSizes.CroppedTo(image, both[0], both[1]);
            if (padToAspectRatio) image = ImageSizes.PaddedTo(image, both[0], both[1], fillValue);
            return Cast(ImageSizes.Resized(image, both[0], both[1], interpolation, antialias), x.DType);
        });
    }

    /// <summary>
    /// Cuts borders off images (https://keras.io/api/ops/image/#crop_images-function). Of the two borders and the new size of an axis, two are given.
    /// </summary>
    /// <param name="images">Images, (height, width, channels) or a batch of them.</param>
    /// <param name="topCropping">The rows that are cut off at the top.</param>
    /// <param name="leftCropping">The columns that are cut off at the left.</param>
    /// <param name="bottomCropping">The rows that are cut off at the bottom.</param>
    /// <param name="rightCropping">The columns that are cut off at the right.</param>
    /// <param name="targetHeight">The new height.</param>
    /// <param name="targetWidth">The new width.</param>
    /// <exception cref="ModelException">One or three numbers of an axis are given, or they do not fit the images.</exception>
    public static SymbolicTensor CropImages(
        SymbolicTensor images,
        int? topCropping = null,
        int? leftCropping = null,
        int? bottomCropping = null,
        int? rightCropping = null,
        int? targetHeight = null,
        int? targetWidth = null) =>
        InBatch(images, nameof(CropImages), x =>
        {
            var rows = Borders(x, 1, -1, (topCropping, bottomCropping, targetHeight), "topCropping, bottomCropping and targetHeight");
            var columns = Borders(x, 2, -1, (leftCropping, rightCropping, targetWidth), "leftCropping, rightCropping and targetWidth");
            return Make(new Pad([0, -rows.Before, -columns.Before, 0], [0, -rows.After, -columns.After, 0]), x);
        });

    /// <summary>
    /// Adds borders of zeros to images (https://keras.io/api/ops/image/#pad_images-function). Of the two borders and the new size of an axis, two are given.
    /// </summary>
    /// <param name="images">Images, (height, width, channels) or a batch of them.</param>
    /// <param name="topPadding">The rows that are added at the top.</param>
    /// <param name="leftPadding">The columns that are added at the left.</param>
    /// <param name="bottomPadding">The rows that are added at the bottom.</param>
    /// <param name="rightPadding">The columns that are added at the right.</param>
    /// <param name="targetHeight">The new height.</param>
    /// <param name="targetWidth">The new width.</param>
    /// <exception cref="ModelException">One or three numbers of an axis are given, or they do not fit the images.</exception>
    public static SymbolicTensor PadImages(
        SymbolicTensor images,
        int? topPadding = null,
        int? leftPadding = null,
        int? bottomPadding = null,
        int? rightPadding = null,
        int? targetHeight = null,
        int? targetWidth = null) =>
        InBatch(images, nameof(PadImages), x =>
        {
            var rows = Borders(x, 1, 1, (topPadding, bottomPadding, targetHeight), "topPadding, bottomPadding and targetHeight");
            var columns = Borders(x, 2, 1, (leftPadding, rightPadding, targetWidth), "leftPadding, rightPadding and targetWidth");
            return Make(new Pad([0, rows.Before, columns.Before, 0], [0, rows.After, columns.After, 0]), x);
        });

    /// <summary>
    /// The pixels of each window side by side as channels: (batch, rows, columns, height width channels)
    /// (https://keras.io/api/ops/image/#extract_patches-function).
    /// </summary>
    /// <param name="images">Images, (height, width, channels) or a batch of them, the number of channels known.</param>
    /// <param name="size">The height and width of a window.</param>
    /// <param name="strides">The step between windows; their size by default.</param>
    /// <param name="dilationRate">The distance between pixels of a window; 1 by default.</param>
    /// <param name="padding">How the border is treated.</param>
    /// <exception cref="ModelException">The tensor has not three or four axes, or the number of channels is unknown.</exception>
    public static SymbolicTensor ExtractPatches(
        SymbolicTensor images, IntValues size, IntValues strides = default, IntValues dilationRate = default, Padding padding = Padding.Valid) =>
        InBatch(images, nameof(ExtractPatches), x =>
        {
            var window = size.For(2, nameof(ExtractPatches), nameof(size));
            var channels = SizeOf(x, 3, nameof(ExtractPatches));
            var count = Sizes.Count(Shape.Of(window[0], window[1], channels), "the pixels of a window", "Choose a smaller window.");

            // Each filter takes one pixel.
            var kernel = new float[Sizes.Count(Shape.Of(count, count), "the windows of images", "Choose a smaller window.")];
            for (var i = 0; i < count; i++) kernel[(i * count) + i] = 1;
            var each = Constant(Shape.Of(window[0], window[1], channels, count), kernel);
            return Conv(Floats(x), each, strides.Count == 0 ? window : strides, padding, dilationRate);
        });

    /// <summary>
    /// The brightness of each pixel, one channel: <c>0.2989 red + 0.587 green + 0.114 blue</c> (https://keras.io/api/ops/image/#rgb_to_grayscale-function).
    /// </summary>
    /// <param name="images">Images of red, green and blue as last axis.</param>
    /// <exception cref="ModelException">The images have other channels.</exception>
    public static SymbolicTensor RgbToGrayscale(SymbolicTensor images) => Colors.Gray(Floats(images));

    /// <summary>
    /// Hue, saturation and value of pixels, each from 0 to 1, as last axis (https://keras.io/api/ops/image/#rgb_to_hsv-function).
    /// </summary>
    /// <param name="images">Images of red, green and blue from 0 to 1 as last axis.</param>
    /// <exception cref="ModelException">The images have other channels.</exception>
    public static SymbolicTensor RgbToHsv(SymbolicTensor images)
    {
        var (hue, saturation, value) = Colors.ToHsv(Floats(images));
        return Concatenate([hue, saturation, value], -1);
    }

    /// <summary>Red, green and blue of pixels, the inverse of <see cref="RgbToHsv"/> (https://keras.io/api/ops/image/#hsv_to_rgb-function).</summary>
    /// <param name="images">Images of hue, saturation and value, each from 0 to 1, as last axis.</param>
    /// <exception cref="ModelException">The images have other channels.</exception>
    public static SymbolicTensor HsvToRgb(SymbolicTensor images)
    {
        var (hue, saturation, value) = Colors.Channels(Floats(images));
        return Colors.FromHsv(hue, saturation, value);
    }

    /// <summary>A function of a batch of images, also of one image without a batch.</summary>
    private static SymbolicTensor InBatch(SymbolicTensor images, string what, Func<SymbolicTensor, SymbolicTensor> function)
    {
        ArgumentNullException.ThrowIfNull(images);
        return images.Rank switch
        {
            3 => Squeeze(function(ExpandDims(images, 0)), 0),
            4 => function(images),
            _ => throw new ModelException($"{what} takes images, (height, width, channels) or a batch of them, but got {images.Shape}."),
        };
    }

    /// <summary>The borders that are added to an axis (sign 1) or taken away (sign -1).</summary>
    private static (int Before, int After) Borders(SymbolicTensor x, int axis, int sign, (int? Before, int? After, int? Size) given, string names)
    {
        if ((given.Before is null ? 0 : 1) + (given.After is null ? 0 : 1) + (given.Size is null ? 0 : 1) != 2)
            throw new ModelException($"of {names}, two must be given.");
        if (given is { Before: { } first, After: { } last }) return Checked(first, last);
        var change = sign * (given.Size!.Value - SizeOf(x, axis, sign > 0 ? nameof(PadImages) : nameof(CropImages)));
        return given.Before is { } before ? Checked(before, change - before) : Checked(change - given.After!.Value, given.After.Value);

        (int, int) Checked(int start, int end) => start >= 0 && end >= 0 && given.Size is null or > 0
            ? (start, end)
            : throw new ModelException($"{names} of {x.Shape} make borders of {start} and {end}; expected at least 0, and a new size of at least 1.");
    }
}
