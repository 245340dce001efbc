using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Simd;

/// <summary>What remains to be done with sums: adding up copies in a fixed order, and rearranging the results for few channels.</summary>
internal static unsafe class ConvReduce
{
    /// <summary>The maximum number of channels of <see cref="SumPixels"/>.</summary>
    public const int MaxSumChannels = 4;

    // So many pixels are summed on their own before they are added to the total, which keeps rounding small.
    private const int PixelsPerSum = 1024;

    /// <summary>Reverses the taps and swaps the channels: <c>destination[t, c, o] = source[taps - 1 - t, o, c]</c>.</summary>
    // source [taps, outputs, inputs], destination [taps, inputs, outputs]
    public static void Unswap(ReadOnlySpan<float> source, int taps, int inputs, int outputs, Span<float> destination)
    {
        for (var tap = 0; tap < taps; tap++)
        {
            var from = source.Slice((taps - 1 - tap) * inputs * outputs, inputs * outputs);
            var to = destination.Slice(tap * inputs * outputs, inputs * outputs);
            for (var c = 0; c < inputs; c++)
                for (var o = 0; o < outputs; o++) to[c * outputs + o] = from[o * inputs + c];
        }
    }

    /// <summary>Sums over all pixels, for at most <see cref="MaxSumChannels"/> channels: <c>sums[c] = sum_p values[p, c]</c>.</summary>
    // values [pixels, channels], sums [channels]
    public static void SumPixels(ReadOnlySpan<float> values, Span<float> sums)
    {
        var channels = sums.Length;
        var pixels = values.Length / channels;
        sums.Clear();
        fixed (float* from = values)
        {
            for (var first = 0; first < pixels; first += PixelsPerSum)
            {
                var end = Math.Min(first + PixelsPerSum, pixels);

                // Four lanes for any number of channels. The other lanes are not used, and the last pixels are read one value at a time.
                Vector128<float> even = Vector128<float>.Zero, odd = even;
                var p = first;
                for (; p < end - 1 && (p + 1) * channels + MaxSumChannels <= values.Length; p += 2)
                {
                    even += Vector128.Load(from + p * channels);
                    odd += Vector128.Load(from + (p + 1) * channels);
                }

                even += odd;
                for (var c = 0; c < channels; c++) sums[c] += even[c];
                for (; p < end; p++)
                    for (var c = 0; c < channels; c++) sums[c] += from[p * channels + c];
            }
        }
    }

    // copies [count, step] of which the first destination.Length values of each are read
    public static void Sum(ReadOnlySpan<float> copies, int count, int step, Span<float> destination)
    {
        fixed (float* from = copies, to = destination) VectorDispatch.Run(new SumLoop(from, count, step, to, destination.Length));
    }

    // destination[i] = copies[0, i] + copies[1, i] + ...
    private static void Sum<V>(float* copies, int count, nint step, float* destination, nint length) where V : struct, IVector<V>
    {
        nint i = 0;
        for (; i <= length - V.Count; i += V.Count)
        {
            var sum = V.Load(copies + i);
            for (var copy = 1; copy < count; copy++) sum += V.Load(copies + copy * step + i);
            V.Store(sum, destination + i);
        }

        for (; i < length; i++)
        {
            var sum = copies[i];
            for (var copy = 1; copy < count; copy++) sum += copies[copy * step + i];
            destination[i] = sum;
        }
    }

    private readonly struct SumLoop(float* copies, int count, nint step, float* destination, nint length) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V> => Sum<V>(copies, count, step, destination, length);
    }
}
