using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>The base of image layers that must know between which values images lie.</summary>
/// <remarks>No weights.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class RandomColorLayer : RandomImageLayer
{
    private protected RandomColorLayer(DoubleValues valueRange, int? seed, DataFormat dataFormat, string? name)
        : base(seed, dataFormat, name) => ValueRange = ValueRanges.OrBytes(valueRange);

    /// <summary>The smallest and the largest value of an image.</summary>
    public DoubleValues ValueRange { get; }

    /// <summary>Values outside the range moved to its ends.</summary>
    private protected SymbolicTensor Within(SymbolicTensor x)
    {
        var (least, most) = ValueRanges.Of(ValueRange);
        return Ops.Clip(x, least, most);
    }
}

/// <summary>The range of an image's values.</summary>
internal static class ValueRanges
{
    private const float Bytes = 255;

    /// <summary>The range as given, or that of bytes.</summary>
    public static DoubleValues OrBytes(DoubleValues range) => range.Count == 0 ? [0, Bytes] : range;

    public static (float Least, float Most) Of(DoubleValues range) =>
        range.Count == 2 && range[0] != range[1]
            ? ((float)range.Min(), (float)range.Max())
            : throw new ModelException($"valueRange is {range}; expected the smallest and the largest value of an image, such as [0, 255].");

    /// <summary>Changes images as if their values went from 0 to <paramref name="top"/>.</summary>
    public static SymbolicTensor As(SymbolicTensor x, DoubleValues range, float top, Func<SymbolicTensor, SymbolicTensor> change)
    {
        var (least, most) = Of(range);
        if (least == 0 && most == top) return change(x);
        var scale = most - least;
        return (change((x - least) / scale * top) / top * scale) + least;
    }

    /// <summary>Changes images as if their values went from 0 to 255.</summary>
    public static SymbolicTensor AsBytes(SymbolicTensor x, DoubleValues range, Func<SymbolicTensor, SymbolicTensor> change) => As(x, range, Bytes, change);
}
