namespace OnnxFunctional.Operators;

/// <summary>Colors of images, channels last, with or without a batch: gray, and hue, saturation and value.</summary>
internal static class Colors
{
    /// <summary>The brightness of each pixel as the eye sees it, one channel; a gray image as it is.</summary>
    public static SymbolicTensor Gray(SymbolicTensor x) => Check.Known(x, -1, "the number of channels") == 1
        ? x
        : Ops.Sum(OfColors(x) * Ops.Constant(Shape.Of(3), [0.2989f, 0.5870f, 0.1140f]), -1, keepdims: true);

    /// <summary>Hue from 0 to 1, saturation and value, one channel each.</summary>
    public static (SymbolicTensor Hue, SymbolicTensor Saturation, SymbolicTensor Value) ToHsv(SymbolicTensor x)
    {
        var (red, green, blue) = Channels(x);
        var value = Ops.Max(x, -1, keepdims: true);
        var range = value - Ops.Min(x, -1, keepdims: true);
        var saturation = Ops.Where(Ops.Greater(value, 0), range / Ops.Where(Ops.Greater(value, 0), value, 1), 0);
        var step = Ops.Where(Ops.Greater(range, 0), range, 1) * 6;
        var hue = Ops.Where(Ops.Equal(value, green), ((blue - red) / step) + (2f / 6), ((red - green) / step) + (4f / 6));
        hue = Ops.Where(Ops.Equal(value, red), (green - blue) / step, hue);
        return (Ops.Where(Ops.Less(hue, 0), hue + 1, hue), saturation, value);
    }

    /// <summary>The image of these hues, saturations and values.</summary>
    public static SymbolicTensor FromHsv(SymbolicTensor hue, SymbolicTensor saturation, SymbolicTensor value)
    {
        var place = Ops.Mod(hue, 1) * 6;
        var red = Ops.Clip(Ops.Abs(place - 3) - 1, 0, 1);
        var green = Ops.Clip(2 - Ops.Abs(place - 2), 0, 1);
        var blue = Ops.Clip(2 - Ops.Abs(place - 4), 0, 1);
        return value * (1 - saturation + (saturation * Ops.Concatenate([red, green, blue])));
    }

    /// <summary>The three channels of an image.</summary>
    public static (SymbolicTensor First, SymbolicTensor Second, SymbolicTensor Third) Channels(SymbolicTensor x)
    {
        var axis = OfColors(x).Rank - 1;
        return (Ops.Slice(x, axis, 0, 1), Ops.Slice(x, axis, 1, 2), Ops.Slice(x, axis, 2, 3));
    }

    private static SymbolicTensor OfColors(SymbolicTensor x) => Check.Known(x, -1, "the number of channels") == 3
        ? x
        : throw new ModelException($"takes red, green and blue, 3 channels, but got {x.Shape}. Leave it out, or repeat a gray channel with Concatenate.");
}
