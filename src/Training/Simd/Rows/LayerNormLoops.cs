using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Simd;

/// <summary>Normalization of rows: by mean and deviation (layer normalization) or by the root of the mean square alone (RMS normalization). Rows are independent.</summary>
/// <remarks>A row is read three times but comes from memory once; mean and variance are sums in a fixed order, the variance of what is left after the mean.</remarks>
internal static unsafe class LayerNormLoops
{
    private const MethodImplOptions Optimized = MethodImplOptions.AggressiveOptimization;

    /// <summary><c>y = (x - mean) * inverse * scale + bias</c> with <c>inverse = 1 / sqrt(mean((x - mean)^2) + epsilon)</c>.</summary>
    /// <param name="x">[rows, columns]</param>
    /// <param name="scale">[columns], or empty for 1.</param>
    /// <param name="bias">[columns], or empty for 0.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="y">[rows, columns]; may be x.</param>
    /// <param name="means">[rows]; or empty for RMS normalization, which takes the mean as 0.</param>
    /// <param name="inverses">[rows]</param>
    public static void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> scale, ReadOnlySpan<float> bias, float epsilon, Span<float> y, Span<float> means, Span<float> inverses)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, y.Length);
        if (inverses.Length == 0) return;
        var columns = x.Length / inverses.Length;
        CheckParameters(scale, columns);
        CheckParameters(bias, columns);
        fixed (float* source = x, scales = scale, biases = bias, target = y)
        {
            for (var row = 0; row < inverses.Length; row++)
            {
                var start = (nint)row * columns;
                var (mean, inverse) = Vector512.IsHardwareAccelerated ? Moments<V512>(source + start, columns, means.Length > 0, epsilon)
                    : Vector256.IsHardwareAccelerated ? Moments<V256>(source + start, columns, means.Length > 0, epsilon)
                    : Moments<V128>(source + start, columns, means.Length > 0, epsilon);
                if (means.Length > 0) means[row] = mean;
                inverses[row] = inverse;
                if (Vector512.IsHardwareAccelerated) Normalize<V512>(source + start, columns, mean, inverse, scales, biases, target + start);
                else if (Vector256.IsHardwareAccelerated) Normalize<V256>(source + start, columns, mean, inverse, scales, biases, target + start);
                else Normalize<V128>(source + start, columns, mean, inverse, scales, biases, target + start);
            }
        }
    }

    /// <summary><c>dx = inverse * (g - mean(g) - xhat * mean(g * xhat))</c> with <c>g = dy * scale</c>, <c>xhat = (x - mean) * inverse</c>; RMS normalization without mean(g).</summary>
    /// <param name="dy">[rows, columns]</param>
    /// <param name="x">[rows, columns]</param>
    /// <param name="scale">[columns], or empty for 1.</param>
    /// <param name="means">[rows] of the forward pass; or empty for RMS normalization.</param>
    /// <param name="inverses">[rows] of the forward pass.</param>
    /// <param name="dx">[rows, columns]; may be dy or x.</param>
    /// <param name="dscale">[columns], or empty: sum over these rows of dy * xhat, to be added to those of other parts.</param>
    /// <param name="dbias">[columns], or empty: sum over these rows of dy.</param>
    public static void Backward(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<float> scale, ReadOnlySpan<float> means, ReadOnlySpan<float> inverses,
        Span<float> dx, Span<float> dscale, Span<float> dbias)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(dy.Length, dx.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, dx.Length);
        dscale.Clear();
        dbias.Clear();
        if (inverses.Length == 0) return;
        var columns = x.Length / inverses.Length;
        CheckParameters(scale, columns);
        CheckParameters(dscale, columns);
        CheckParameters(dbias, columns);
        fixed (float* upstream = dy, source = x, scales = scale, target = dx, scaleSums = dscale, biasSums = dbias)
        {
            for (var row = 0; row < inverses.Length; row++)
            {
                var start = (nint)row * columns;
                var arguments = new BackwardRow
                {
                    Upstream = upstream + start,
                    Source = source + start,
                    Scale = scales,
                    Mean = means.Length > 0 ? means[row] : 0f,
                    Inverse = inverses[row],
                    IsCentred = means.Length > 0,
                    Target = target + start,
                    ScaleSums = scaleSums,
                    BiasSums = biasSums,
                    Columns = columns,
                };
                if (Vector512.IsHardwareAccelerated) Backward<V512>(arguments);
                else if (Vector256.IsHardwareAccelerated) Backward<V256>(arguments);
                else Backward<V128>(arguments);
            }
        }
    }

    [MethodImpl(Optimized)]
    private static (float Mean, float Inverse) Moments<V>(float* x, int columns, bool isCentred, float epsilon) where V : struct, IVector<V>
    {
        var mean = isCentred ? ReduceLoops.Run<V, SumReduce>(x, columns) / columns : 0f;
        var shift = V.Create(mean);
        var a = V.Zero;
        var b = V.Zero;
        var i = 0;
        for (; i <= columns - (2 * V.Count); i += 2 * V.Count)
        {
            var first = V.Load(x + i) - shift;
            var second = V.Load(x + i + V.Count) - shift;
            a = V.MultiplyAdd(first, first, a);
            b = V.MultiplyAdd(second, second, b);
        }

        for (; i < columns; i += V.Count)
        {
            var rest = Math.Min(V.Count, columns - i);
            var value = (rest == V.Count ? V.Load(x + i) : V.Load(x + i, rest)) - shift;
            value &= ReduceLoops.FirstLanes<V>(rest);
            a = V.MultiplyAdd(value, value, a);
        }

        return (mean, 1f / MathF.Sqrt((V.Sum(a + b) / columns) + epsilon));
    }

    [MethodImpl(Optimized)]
    private static void Normalize<V>(float* x, int columns, float mean, float inverse, float* scale, float* bias, float* y) where V : struct, IVector<V>
    {
        var shift = V.Create(mean);
        var factor = V.Create(inverse);
        for (var i = 0; i < columns; i += V.Count)
        {
            var rest = Math.Min(V.Count, columns - i);
            var value = (Load<V>(x + i, rest) - shift) * factor;
            if (scale != null) value *= Load<V>(scale + i, rest);
            if (bias != null) value += Load<V>(bias + i, rest);
            Store(value, y + i, rest);
        }
    }

    [MethodImpl(Optimized)]
    private static void Backward<V>(in BackwardRow o) where V : struct, IVector<V>
    {
        var shift = V.Create(o.Mean);
        var inverse = V.Create(o.Inverse);
        var sums = V.Zero;
        var products = V.Zero;
        for (var i = 0; i < o.Columns; i += V.Count)
        {
            // Lanes behind the end are loaded as zeros: their g is 0.
            var rest = Math.Min(V.Count, o.Columns - i);
            var g = Load<V>(o.Upstream + i, rest);
            if (o.Scale != null) g *= Load<V>(o.Scale + i, rest);
            sums += g;
            products = V.MultiplyAdd(g, (Load<V>(o.Source + i, rest) - shift) * inverse, products);
        }

        var meanG = V.Create(o.IsCentred ? V.Sum(sums) / o.Columns : 0f);
        var meanProduct = V.Create(V.Sum(products) / o.Columns);
        for (var i = 0; i < o.Columns; i += V.Count)
        {
            var rest = Math.Min(V.Count, o.Columns - i);
            var upstream = Load<V>(o.Upstream + i, rest);
            var normalized = (Load<V>(o.Source + i, rest) - shift) * inverse;
            if (o.ScaleSums != null) Store(V.MultiplyAdd(upstream, normalized, Load<V>(o.ScaleSums + i, rest)), o.ScaleSums + i, rest);
            if (o.BiasSums != null) Store(upstream + Load<V>(o.BiasSums + i, rest), o.BiasSums + i, rest);
            var g = o.Scale != null ? upstream * Load<V>(o.Scale + i, rest) : upstream;
            Store((g - meanG - (normalized * meanProduct)) * inverse, o.Target + i, rest);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Load<V>(float* source, int count) where V : struct, IVector<V> => count == V.Count ? V.Load(source) : V.Load(source, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<V>(V value, float* destination, int count) where V : struct, IVector<V>
    {
        if (count == V.Count) V.Store(value, destination);
        else V.Store(value, destination, count);
    }

    private static void CheckParameters(ReadOnlySpan<float> parameters, int columns)
    {
        if (parameters.Length > 0) ArgumentOutOfRangeException.ThrowIfNotEqual(parameters.Length, columns);
    }

    private struct BackwardRow
    {
        public float* Upstream;
        public float* Source;
        public float* Scale;
        public float* Target;
        public float* ScaleSums;
        public float* BiasSums;
        public float Mean;
        public float Inverse;
        public bool IsCentred;
        public int Columns;
    }
}
