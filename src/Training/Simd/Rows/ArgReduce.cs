using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>Indices of the largest or smallest elements. The first of equal ones is taken, and NaN never (0 if there is nothing else).</summary>
internal static unsafe class ArgReduce
{
    /// <summary>Reduces the middle one of three axes: <c>destination[o, i] = argmax over n of x[o, n, i]</c>.</summary>
    /// <param name="x">[outer, count, inner]</param>
    /// <param name="count">The length of the reduced axis, below 2^24.</param>
    /// <param name="inner">The number of elements after it; 1 for rows.</param>
    /// <param name="smallest">Whether to find the smallest instead of the largest.</param>
    /// <param name="destination">[outer, inner]</param>
    public static void Run(ReadOnlySpan<float> x, int count, int inner, bool smallest, Span<long> destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(count, 1 << 24);
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, (long)destination.Length * count);
        if (destination.Length == 0) return;
        var outer = destination.Length / inner;
        fixed (float* source = x)
        fixed (long* target = destination)
        {
            VectorDispatch.Run(new SlicesLoop(source, outer, count, inner, smallest ? -1f : 1f, target));
        }
    }

    // Every lane keeps its best value and that value's index. Indices are floats, which are exact below 2^24.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Row<V>(float* x, int count, float sign) where V : struct, IVector<V>
    {
        var best = float.NegativeInfinity;
        var place = -1L;
        var i = 0;
        if (count >= V.Count)
        {
            var bestLanes = V.Create(float.NegativeInfinity);
            var placeLanes = V.Create(-1f);
            var places = V.FromInt32Bits(V.LaneBits);
            for (; i <= count - V.Count; i += V.Count)
            {
                var value = V.Load(x + i) * V.Create(sign);
                var better = V.LessThan(bestLanes, value);
                bestLanes = V.Select(better, value, bestLanes);
                placeLanes = V.Select(better, places, placeLanes);
                places += V.Create(V.Count);
            }

            var values = stackalloc float[16];
            var indices = stackalloc float[16];
            V.Store(bestLanes, values);
            V.Store(placeLanes, indices);
            for (var lane = 0; lane < V.Count; lane++)
            {
                if (indices[lane] < 0 || values[lane] < best || (values[lane] == best && place >= 0 && indices[lane] > place)) continue;
                best = values[lane];
                place = (long)indices[lane];
            }
        }

        for (; i < count; i++)
        {
            var value = x[i] * sign;
            if (!(value > best)) continue;
            best = value;
            place = i;
        }

        if (place >= 0) return place;

        // Nothing is above minus infinity: the first element that is not NaN, or the first of all.
        for (i = 0; i < count; i++)
        {
            if (!float.IsNaN(x[i])) return i;
        }

        return 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Columns<V>(float* x, int count, int inner, float sign, long* destination) where V : struct, IVector<V>
    {
        var indices = stackalloc float[16];
        for (nint i = 0; i < inner; i += V.Count)
        {
            var width = (int)nint.Min(V.Count, inner - i);
            var best = V.Create(float.NegativeInfinity);
            var place = V.Create(-1f);
            for (var n = 0; n < count; n++)
            {
                var source = x + ((nint)n * inner) + i;
                var value = PartialVector.Load<V>(source, width) * V.Create(sign);

                // The first element that is not NaN is taken even if it is minus infinity.
                var first = V.LessThan(place, V.Zero) & V.Equals(value, value);
                var better = V.LessThan(best, value) | first;
                best = V.Select(better, value, best);
                place = V.Select(better, V.Create(n), place);
            }

            V.Store(V.Max(place, V.Zero), indices);
            for (var lane = 0; lane < width; lane++) destination[i + lane] = (long)indices[lane];
        }
    }

    private readonly struct SlicesLoop(float* x, int outer, int count, int inner, float sign, long* destination) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            for (nint o = 0; o < outer; o++)
            {
                var slice = x + (o * count * inner);
                if (inner == 1) destination[o] = Row<V>(slice, count, sign);
                else Columns<V>(slice, count, inner, sign, destination + (o * inner));
            }
        }
    }
}
