namespace OnnxFunctional.Training.Simd;

/// <summary>Transforms weights to the Winograd form, and gradients back from it.</summary>
/// <remarks>Transformed weights are <c>[36, channel block, source channel, two vectors]</c>; the last block has one vector if that is enough.</remarks>
internal static unsafe class WinogradPack
{
    /// <summary>Transforms the weights of the source channels from <paramref name="first"/> to before <paramref name="end"/>.</summary>
    // kernel [3, 3, source channels, channels], or [3, 3, channels, source channels] rotated by 180 degrees if transposed;
    // weights [36 * source channels * channels]
    public static void Weights(WinogradPass pass, bool isTransposed, ReadOnlySpan<float> kernel, Span<float> weights, int first, int end)
    {
        fixed (float* from = kernel, to = weights) VectorDispatch.Run(new WeightsLoop(pass, isTransposed, from, to, first, end));
    }

    /// <summary>
    /// Adds up the copies of the sums in order, and transforms the source channels from <paramref name="first"/> to before <paramref name="end"/> to the
    /// kernel's gradient.
    /// </summary>
    // copies [count, step] of sums [36, source channels, channels], kernel [3, 3, source channels, channels]
    public static void Gradient(WinogradPass pass, ReadOnlySpan<float> copies, int count, int step, Span<float> kernel, int first, int end)
    {
        fixed (float* from = copies, to = kernel) VectorDispatch.Run(new GradientLoop(pass, from, count, step, to, first, end));
    }

    private static void Weights<V>(WinogradPass pass, bool isTransposed, float* kernel, float* weights, int first, int end) where V : struct, IVector<V>
    {
        var (inputs, outputs) = (pass.SourceChannels, pass.Channels);
        var gathered = stackalloc float[9 * V.Count];
        for (var input = first; input < end; input++)
        {
            for (var output = 0; output < outputs; output += V.Count)
            {
                var column = output / (2 * V.Count) * (2 * V.Count);
                var width = Math.Min(2 * V.Count, outputs - column);
                var target = weights + (nint)column * inputs + (nint)input * width + output - column;
                if (!isTransposed)
                {
                    WinogradTransform.Weights<V>(kernel + (nint)input * outputs + output, (nint)inputs * outputs, target, (nint)inputs * outputs);
                    continue;
                }

                for (var tap = 0; tap < 9; tap++)
                    for (var lane = 0; lane < V.Count; lane++)
                    {
                        gathered[tap * V.Count + lane] = kernel[((nint)(8 - tap) * outputs + output + lane) * inputs + input];
                    }
                WinogradTransform.Weights<V>(gathered, V.Count, target, (nint)inputs * outputs);
            }
        }
    }

    private static void Gradient<V>(WinogradPass pass, float* copies, int count, int step, float* kernel, int first, int end) where V : struct, IVector<V>
    {
        var (inputs, outputs) = (pass.SourceChannels, pass.Channels);
        var sums = stackalloc float[WinogradTransform.Places * V.Count];
        for (var at = (nint)first * outputs; at < (nint)end * outputs; at += V.Count)
        {
            for (var place = 0; place < WinogradTransform.Places; place++)
            {
                var source = copies + (nint)place * inputs * outputs + at;
                var sum = V.Load(source);
                for (var copy = 1; copy < count; copy++) sum += V.Load(source + (nint)copy * step);
                V.Store(sum, sums + place * V.Count);
            }

            WinogradTransform.WeightGradient<V>(sums, V.Count, kernel + at, (nint)inputs * outputs);
        }
    }

    private readonly struct WeightsLoop(WinogradPass pass, bool isTransposed, float* kernel, float* weights, int first, int end) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V> => Weights<V>(pass, isTransposed, kernel, weights, first, end);
    }

    private readonly struct GradientLoop(WinogradPass pass, float* copies, int count, int step, float* kernel, int first, int end) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V> => Gradient<V>(pass, copies, count, step, kernel, first, end);
    }
}
