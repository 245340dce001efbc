using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Distributing;

/// <summary>Sums of numbers that are rounded to 16 bits first.</summary>
internal static class Words
{
    private const int Block = 1024;

    /// <summary>Rounds to the type.</summary>
    public static void Narrow(ReadOnlySpan<float> source, Span<ushort> destination, GradientCompression type)
    {
        if (type == GradientCompression.Float16) WordLoops.Narrow<HalfFormat>(source, destination);
        else WordLoops.Narrow<BFloat16Format>(source, destination);
    }

    /// <summary><c>sum[i] = first[i] + second[i]</c></summary>
    public static void Add(ReadOnlySpan<ushort> first, ReadOnlySpan<ushort> second, Span<float> sum, GradientCompression type)
    {
        Span<float> wide = stackalloc float[Block];
        for (var offset = 0; offset < sum.Length; offset += Block)
        {
            var count = Math.Min(Block, sum.Length - offset);
            var target = sum.Slice(offset, count);
            var other = wide[..count];
            Widen(first.Slice(offset, count), target, type);
            Widen(second.Slice(offset, count), other, type);
            System.Numerics.Tensors.TensorPrimitives.Add(target, other, target);
        }
    }

    /// <summary><c>sum[i] = rounded(sum[i]) + rounded(other[i])</c></summary>
    public static void AddRounded(Span<float> sum, ReadOnlySpan<float> other, GradientCompression type)
    {
        Span<ushort> words = stackalloc ushort[2 * Block];
        for (var offset = 0; offset < sum.Length; offset += Block)
        {
            var count = Math.Min(Block, sum.Length - offset);
            var target = sum.Slice(offset, count);
            Narrow(target, words[..count], type);
            Narrow(other.Slice(offset, count), words.Slice(Block, count), type);
            Add(words[..count], words.Slice(Block, count), target, type);
        }
    }

    private static void Widen(ReadOnlySpan<ushort> source, Span<float> destination, GradientCompression type)
    {
        if (type == GradientCompression.Float16) WordLoops.Widen<HalfFormat>(source, destination);
        else WordLoops.Widen<BFloat16Format>(source, destination);
    }
}
