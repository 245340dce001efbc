namespace OnnxFunctional.Export.Quantizing;

/// <summary>A range of numbers as 8-bit integers: <c>x = (q - Zero) Scale</c>.</summary>
internal readonly record struct Quantum(float Scale, byte Zero)
{
    /// <summary>The whole range in 256 steps, 0 being one of them.</summary>
    public static Quantum Of((float Least, float Greatest) range)
    {
        var (least, greatest) = (Math.Min(0, range.Least), Math.Max(0, range.Greatest));
        var scale = (greatest - least) / 255;

        // A range without an extent, or one whose steps are no normal numbers.
        if (!(scale >= 1e-30f)) return new(1, 0);
        return new(scale, (byte)Math.Clamp(MathF.Round(-least / scale), 0, 255));
    }
}
