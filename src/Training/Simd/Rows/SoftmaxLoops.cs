using System.Runtime.CompilerServices;
using static OnnxFunctional.Training.Simd.PartialVector;

namespace OnnxFunctional.Training.Simd;

/// <summary>Softmax and its logarithm along the middle one of three axes, forward and backward; along rows if the last axis is 1.</summary>
/// <remarks>
/// The largest element is subtracted first, so nothing overflows. A row of minus infinities gives NaN, as in ONNX Runtime. Slices along the outer axis are
/// independent.
/// </remarks>
internal static unsafe class SoftmaxLoops
{
    private const MethodImplOptions Optimized = MethodImplOptions.AggressiveOptimization;

    /// <summary><c>y = exp(x) / sum(exp(x))</c>, or <c>y = x - log(sum(exp(x)))</c>.</summary>
    /// <param name="x">[outer, count, inner]</param>
    /// <param name="count">The length of the axis.</param>
    /// <param name="inner">The number of elements after it; 1 for rows.</param>
    /// <param name="logarithm">Whether to compute the logarithm.</param>
    /// <param name="y">[outer, count, inner]; may be x.</param>
    public static void Forward(ReadOnlySpan<float> x, int count, int inner, bool logarithm, Span<float> y)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, y.Length);
        fixed (float* source = x, target = y) VectorDispatch.Run(new ForwardLoop(source, x.Length, count, inner, logarithm, target));
    }

    /// <summary><c>dx = y * (dy - sum(dy * y))</c>, or for the logarithm <c>dx = dy - exp(y) * sum(dy)</c>.</summary>
    /// <param name="dy">[outer, count, inner]: the gradient of the output.</param>
    /// <param name="y">[outer, count, inner]: the output.</param>
    /// <param name="count">The length of the axis.</param>
    /// <param name="inner">The number of elements after it; 1 for rows.</param>
    /// <param name="logarithm">Whether y is the logarithm.</param>
    /// <param name="dx">[outer, count, inner]; may be dy or y.</param>
    public static void Backward(ReadOnlySpan<float> dy, ReadOnlySpan<float> y, int count, int inner, bool logarithm, Span<float> dx)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(dy.Length, dx.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(y.Length, dx.Length);
        fixed (float* upstream = dy, output = y, target = dx)
        {
            VectorDispatch.Run(new BackwardLoop(upstream, output, dx.Length, count, inner, logarithm, target));
        }
    }

    // Up to four vectors stay in registers from load to store: rows of 64, as in attention, take 29 ns instead of 36 through memory. Lanes beyond the end hold
    // minus infinity, whose exponential is 0. The largest element may miss a NaN; the sum does not.
    [MethodImpl(Optimized)]
    private static void ForwardShortRow<V>(float* x, int count, float* y) where V : struct, IVector<V>
    {
        var a = LoadShort<V>(x, count);
        var b = LoadShort<V>(x + V.Count, count - V.Count);
        var c = LoadShort<V>(x + (2 * V.Count), count - (2 * V.Count));
        var d = LoadShort<V>(x + (3 * V.Count), count - (3 * V.Count));
        var largest = V.Create(V.MaxLane(V.MaxNative(V.MaxNative(a, b), V.MaxNative(c, d))));
        a = VectorMath.Exp(a - largest);
        b = count > V.Count ? VectorMath.Exp(b - largest) : V.Zero;
        c = count > 2 * V.Count ? VectorMath.Exp(c - largest) : V.Zero;
        d = count > 3 * V.Count ? VectorMath.Exp(d - largest) : V.Zero;
        var factor = V.Create(1f / V.Sum(a + b + (c + d)));
        StoreShort(a * factor, y, count);
        StoreShort(b * factor, y + V.Count, count - V.Count);
        StoreShort(c * factor, y + (2 * V.Count), count - (2 * V.Count));
        StoreShort(d * factor, y + (3 * V.Count), count - (3 * V.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V LoadShort<V>(float* source, int count) where V : struct, IVector<V>
    {
        if (count >= V.Count) return V.Load(source);
        var nothing = V.Create(float.NegativeInfinity);
        return count <= 0 ? nothing : V.Select(FirstLanes<V>(count), V.Load(source, count), nothing);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreShort<V>(V value, float* destination, int count) where V : struct, IVector<V>
    {
        if (count >= V.Count) V.Store(value, destination);
        else if (count > 0) V.Store(value, destination, count);
    }

    [MethodImpl(Optimized)]
    private static void ForwardRow<V>(float* x, int count, bool logarithm, float* y) where V : struct, IVector<V>
    {
        var largest = V.Create(ReduceLoops.Run<V, MaxReduce>(x, count));
        var i = 0;
        if (logarithm)
        {
            // In this order: the logarithm is lost in a sum with a large element.
            var shift = V.Create(MathF.Log(LogSumExpLoops.SumOfExponentials<V>(x, count, V.MaxLane(largest))));
            for (; i <= count - V.Count; i += V.Count) V.Store(V.Load(x + i) - largest - shift, y + i);
            if (i < count) V.Store(V.Load(x + i, count - i) - largest - shift, y + i, count - i);
            return;
        }

        var sum = V.Zero;
        for (; i <= count - V.Count; i += V.Count)
        {
            var e = VectorMath.Exp(V.Load(x + i) - largest);
            V.Store(e, y + i);
            sum += e;
        }

        if (i < count)
        {
            var e = VectorMath.Exp(V.Load(x + i, count - i) - largest);
            V.Store(e, y + i, count - i);
            sum += e & FirstLanes<V>(count - i);
        }

        var factor = V.Create(1f / V.Sum(sum));
        for (i = 0; i <= count - V.Count; i += V.Count) V.Store(V.Load(y + i) * factor, y + i);
        if (i < count) V.Store(V.Load(y + i, count - i) * factor, y + i, count - i);
    }

    [MethodImpl(Optimized)]
    private static void BackwardRow<V>(float* dy, float* y, int count, bool logarithm, float* dx) where V : struct, IVector<V>
    {
        // Lanes beyond the end are loaded as zeros and add nothing.
        var sums = V.Zero;
        var i = 0;
        for (; i <= count - V.Count; i += V.Count) sums = logarithm ? sums + V.Load(dy + i) : V.MultiplyAdd(V.Load(dy + i), V.Load(y + i), sums);
        if (i < count)
        {
            var rest = V.Load(dy + i, count - i);
            sums = logarithm ? sums + rest : V.MultiplyAdd(rest, V.Load(y + i, count - i), sums);
        }

        var sum = V.Create(V.Sum(sums));
        for (i = 0; i <= count - V.Count; i += V.Count) V.Store(Derivative(V.Load(dy + i), V.Load(y + i), sum, logarithm), dx + i);
        if (i < count) V.Store(Derivative(V.Load(dy + i, count - i), V.Load(y + i, count - i), sum, logarithm), dx + i, count - i);
    }

    [MethodImpl(Optimized)]
    private static void ForwardColumns<V>(float* x, int count, int inner, bool logarithm, float* y) where V : struct, IVector<V>
    {
        for (var i = 0; i < inner; i += V.Count)
        {
            var width = Math.Min(V.Count, inner - i);
            var largest = V.Create(float.NegativeInfinity);
            for (nint n = 0; n < count; n++) largest = V.Max(largest, Load<V>(x + (n * inner) + i, width));
            var sum = V.Zero;
            for (nint n = 0; n < count; n++)
            {
                var e = VectorMath.Exp(Load<V>(x + (n * inner) + i, width) - largest);
                sum += e;
                if (!logarithm) Store(e, y + (n * inner) + i, width);
            }

            if (logarithm)
            {
                var shift = VectorMath.Log(sum);
                for (nint n = 0; n < count; n++) Store(Load<V>(x + (n * inner) + i, width) - largest - shift, y + (n * inner) + i, width);
            }
            else
            {
                var factor = V.Create(1f) / sum;
                for (nint n = 0; n < count; n++) Store(Load<V>(y + (n * inner) + i, width) * factor, y + (n * inner) + i, width);
            }
        }
    }

    [MethodImpl(Optimized)]
    private static void BackwardColumns<V>(float* dy, float* y, int count, int inner, bool logarithm, float* dx) where V : struct, IVector<V>
    {
        for (var i = 0; i < inner; i += V.Count)
        {
            var width = Math.Min(V.Count, inner - i);
            var sum = V.Zero;
            for (nint n = 0; n < count; n++)
            {
                var upstream = Load<V>(dy + (n * inner) + i, width);
                sum = logarithm ? sum + upstream : V.MultiplyAdd(upstream, Load<V>(y + (n * inner) + i, width), sum);
            }

            for (nint n = 0; n < count; n++)
            {
                var at = (n * inner) + i;
                Store(Derivative(Load<V>(dy + at, width), Load<V>(y + at, width), sum, logarithm), dx + at, width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Derivative<V>(V dy, V y, V sum, bool logarithm) where V : struct, IVector<V> =>
        logarithm ? dy - (VectorMath.Exp(y) * sum) : y * (dy - sum);

    private readonly struct ForwardLoop(float* x, nint length, int count, int inner, bool logarithm, float* y) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            for (nint start = 0; start < length; start += (nint)count * inner)
            {
                if (inner == 1 && count <= 4 * V.Count && !logarithm) ForwardShortRow<V>(x + start, count, y + start);
                else if (inner == 1) ForwardRow<V>(x + start, count, logarithm, y + start);
                else ForwardColumns<V>(x + start, count, inner, logarithm, y + start);
            }
        }
    }

    private readonly struct BackwardLoop(float* dy, float* y, nint length, int count, int inner, bool logarithm, float* dx) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            for (nint start = 0; start < length; start += (nint)count * inner)
            {
                if (inner == 1) BackwardRow<V>(dy + start, y + start, count, logarithm, dx + start);
                else BackwardColumns<V>(dy + start, y + start, count, inner, logarithm, dx + start);
            }
        }
    }
}
