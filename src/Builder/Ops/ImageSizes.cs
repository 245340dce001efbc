using OnnxFunctional.Layers;

namespace OnnxFunctional.Operators;

/// <summary>Steps of functions and layers of images, channels last.</summary>
internal static class ImageSizes
{
    /// <summary>ONNX's interpolation of that name; null for those that are products with matrices.</summary>
    public static ResizeMode? ModeOf(Interpolation interpolation) => interpolation switch
    {
        Interpolation.Nearest => ResizeMode.Nearest,
        Interpolation.Bilinear => ResizeMode.Linear,
        Interpolation.Bicubic => ResizeMode.Cubic,
        _ => null,
    };

    /// <summary>The image in another size. Antialiasing changes an axis only where it shrinks.</summary>
    public static SymbolicTensor Resized(SymbolicTensor x, int height, int width, Interpolation interpolation, bool antialias = false)
    {
        if (x.Shape[1] == height && x.Shape[2] == width) return x;
        var mode = ModeOf(interpolation);
        if (mode is { } plain && (!antialias || interpolation == Interpolation.Nearest))
            return Ops.Make(new Resize([height, width], [0, 0], plain), x);
        var (high, wide) = (Check.Known(x, 1, "the height"), Check.Known(x, 2, "the width"));
        if (mode is { } same && height >= high && width >= wide) return Ops.Make(new Resize([height, width], [0, 0], same), x);

        // Along the height, a row of pixels is one vector; along the width, a pixel is.
        var channels = Check.Known(x, 3, "the number of channels");
        var rows = Ops.MatMul(ResizeMatrix.Of(high, height, interpolation, antialias), Ops.Reshape(x, 0, high, wide * channels));
        return Ops.MatMul(ResizeMatrix.Of(wide, width, interpolation, antialias), Ops.Reshape(rows, 0, height, wide, channels));
    }

    public static SymbolicTensor Cut(SymbolicTensor x, int top, int height, int left, int width) =>
        Ops.Make(new Slice([1, 2], [top, left], [top + height, left + width], [1, 1]), x);

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
