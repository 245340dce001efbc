namespace OnnxFunctional;

/// <summary>How a sliding window treats the border of an image or sequence.</summary>
public enum Padding
{
    /// <summary>No padding: the window stays inside, the output is smaller.</summary>
    Valid,

    /// <summary>Padded so that the output has <c>ceil(input / stride)</c> positions; an extra odd position goes to the end.</summary>
    Same,

    /// <summary>Padded at the start only, so that no output sees the future; one-dimensional convolutions only.</summary>
    Causal,
}

/// <summary>Padding as an attribute: one of Keras' modes, or explicit positions for each axis.</summary>
internal readonly record struct Pads(Padding Mode, bool IsExplicit = false, IntList Begin = default, IntList End = default)
{
    public static implicit operator Pads(Padding mode) => new(mode);

    public static Pads Explicit(IntList begin, IntList end) => new(Padding.Valid, true, begin, end);

    /// <summary>The positions added before and after one axis.</summary>
    /// <param name="axis">The spatial axis.</param>
    /// <param name="input">Its size, which is known.</param>
    /// <param name="window">The window's size with its dilation: <c>(k - 1) d + 1</c>.</param>
    /// <param name="stride">The step between windows.</param>
    public (int Begin, int End) Resolve(int axis, int input, int window, int stride)
    {
        if (IsExplicit) return (Begin[axis], End[axis]);
        switch (Mode)
        {
            case Padding.Same:
                var total = (int)Math.Max(((((input + (long)stride - 1) / stride) - 1) * stride) + window - input, 0);
                return (total / 2, total - (total / 2));
            case Padding.Causal:
                return (window - 1, 0);
            default:
                return (0, 0);
        }
    }

    /// <summary>The output positions along one axis, as a size or symbol; 0 if the window does not fit.</summary>
    public int OutputSize(int axis, int input, int window, int stride)
    {
        // Where padding and window make up for each other, the size stays, whatever it is.
        if (input < 0) return stride == 1 && Resolve(axis, window, window, 1) is var (before, after) && before + after == window - 1 ? input : Shape.Unknown;
        var (begin, end) = Resolve(axis, input, window, stride);
        var room = (long)input + begin + end - window;
        return room < 0 ? 0 : (int)(room / stride) + 1;
    }
}
