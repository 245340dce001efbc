using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Simd;

/// <summary>Adds equally long copies element by element, always in the same order.</summary>
internal static unsafe class ConvReduce
{
    // copies [count, step] of which the first destination.Length values of each are read
    public static void Sum(ReadOnlySpan<float> copies, int count, int step, Span<float> destination)
    {
        if (Vector512.IsHardwareAccelerated) Sum<V512>(copies, count, step, destination);
        else if (Vector256.IsHardwareAccelerated) Sum<V256>(copies, count, step, destination);
        else Sum<V128>(copies, count, step, destination);
    }

    // destination[i] = copies[0, i] + copies[1, i] + ...
    private static void Sum<V>(ReadOnlySpan<float> copies, int count, int step, Span<float> destination) where V : struct, IVector<V>
    {
        fixed (float* from = copies, to = destination)
        {
            var i = 0;
            for (; i <= destination.Length - V.Count; i += V.Count)
            {
                var sum = V.Load(from + i);
                for (var copy = 1; copy < count; copy++) sum += V.Load(from + (nint)copy * step + i);
                V.Store(sum, to + i);
            }

            for (; i < destination.Length; i++)
            {
                var sum = from[i];
                for (var copy = 1; copy < count; copy++) sum += from[(nint)copy * step + i];
                to[i] = sum;
            }
        }
    }
}
