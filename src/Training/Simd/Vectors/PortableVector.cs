using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>Vector operations for machines that lack the instruction, over any width.</summary>
/// <remarks>
/// Scaling by a power of two is not here but written out for each width: it is part of every exponential, and over <see cref="IVector{TSelf}"/> it gives the
/// loop of an LSTM more locals than the JIT tracks (AVX2: a step takes 6 % longer).
/// </remarks>
internal static unsafe class PortableVector
{
    /// <summary><see cref="IVector{TSelf}.MultiplyHighBits"/> from 16-bit halves: the sums that carry into the upper word never overflow 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V MultiplyHighBits<V>(V left, V right) where V : struct, IVector<V>
    {
        var mask = V.CreateBits(0xFFFF);
        var (leftLow, leftHigh) = (left & mask, V.ShiftRightBits(left, 16));
        var (rightLow, rightHigh) = (right & mask, V.ShiftRightBits(right, 16));
        var cross = V.AddBits(V.MultiplyLowBits(leftHigh, rightLow), V.ShiftRightBits(V.MultiplyLowBits(leftLow, rightLow), 16));
        var middle = V.AddBits(V.MultiplyLowBits(leftLow, rightHigh), cross & mask);
        var carried = V.AddBits(V.ShiftRightBits(cross, 16), V.ShiftRightBits(middle, 16));
        return V.AddBits(V.MultiplyLowBits(leftHigh, rightHigh), carried);
    }

    /// <summary>Reads the first <paramref name="count"/> lanes through memory.</summary>
    /// <remarks>The JIT does not inline methods that allocate on the stack, so callers stay small.</remarks>
    public static V Load<V>(float* source, int count) where V : struct, IVector<V>
    {
        var lanes = stackalloc float[V.Count];
        for (var i = 0; i < V.Count; i++) lanes[i] = i < count ? source[i] : 0f;
        return V.Load(lanes);
    }

    /// <summary>Writes the first <paramref name="count"/> lanes through memory.</summary>
    public static void Store<V>(V value, float* destination, int count) where V : struct, IVector<V>
    {
        var lanes = stackalloc float[V.Count];
        V.Store(value, lanes);
        for (var i = 0; i < count; i++) destination[i] = lanes[i];
    }
}
