using System.Runtime.CompilerServices;
using static OnnxFunctional.Training.Simd.PartialVector;

namespace OnnxFunctional.Training.Simd;

/// <summary>
/// Normalization of rows: by mean and deviation (layer normalization) or by the root mean square alone (RMS normalization). Rows are independent.
/// </summary>
/// <remarks>A row is read three times, but only once from memory. Mean and variance are sums in a fixed order, the variance around the mean.</remarks>
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
    public static void Forward(
        ReadOnlySpan<float> x, ReadOnlySpan<float> scale, ReadOnlySpan<float> bias, float epsilon, Span<float> y, Span<float> means, Span<float> inverses)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, y.Length);
        if (inverses.Length == 0) return;
        var columns = x.Length / inverses.Length;
        CheckParameters(scale, columns);
        CheckParameters(bias, columns);
        fixed (float* source = x, scales = scale, biases = bias, target = y, mean = means, inverse = inverses)
        {
            VectorDispatch.Run(new ForwardLoop(source, inverses.Length, columns, scales, biases, epsilon, target, mean, inverse));
        }
    }

    /// <summary>
    /// <c>dx = inverse * (g - mean(g) - xhat * mean(g * xhat))</c> with <c>g = dy * scale</c>, <c>xhat = (x - mean) * inverse</c>; without mean(g) for RMS
    /// normalization.
    /// </summary>
    /// <param name="dy">[rows, columns]</param>
    /// <param name="x">[rows, columns]</param>
    /// <param name="scale">[columns], or empty for 1.</param>
    /// <param name="means">[rows] of the forward pass; or empty for RMS normalization.</param>
    /// <param name="inverses">[rows] of the forward pass.</param>
    /// <param name="dx">[rows, columns]; may be dy or x.</param>
    /// <param name="dscale">[columns], or empty: the sum of dy * xhat over these rows, to be added to the sums of other parts.</param>
    /// <param name="dbias">[columns], or empty: the sum of dy over these rows.</param>
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
        fixed (float* upstream = dy, source = x, scales = scale, target = dx, scaleSums = dscale, biasSums = dbias, mean = means, inverse = inverses)
        {
            var row = new BackwardRow
            {
                Upstream = upstream,
                Source = source,
                Scale = scales,
                IsCentred = means.Length > 0,
                Target = target,
                ScaleSums = scaleSums,
                BiasSums = biasSums,
                Columns = columns,
            };
            VectorDispatch.Run(new BackwardLoop(row, inverses.Length, mean, inverse));
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
            var value = Load<V>(x + i, rest) - shift;
            value &= FirstLanes<V>(rest);
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
            // Lanes beyond the end are loaded as zeros, so their g is 0.
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

    private readonly struct ForwardLoop(
        float* x, int rows, int columns, float* scale, float* bias, float epsilon, float* y, float* means, float* inverses) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            for (nint row = 0; row < rows; row++)
            {
                var source = x + (row * columns);
                var (mean, inverse) = Moments<V>(source, columns, means != null, epsilon);
                if (means != null) means[row] = mean;
                inverses[row] = inverse;
                Normalize<V>(source, columns, mean, inverse, scale, bias, y + (row * columns));
            }
        }
    }

    private readonly struct BackwardLoop(BackwardRow first, int rows, float* means, float* inverses) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            var arguments = first;
            for (nint row = 0; row < rows; row++)
            {
                arguments.Mean = means != null ? means[row] : 0f;
                arguments.Inverse = inverses[row];
                Backward<V>(arguments);
                arguments.Upstream += arguments.Columns;
                arguments.Source += arguments.Columns;
                arguments.Target += arguments.Columns;
            }
        }
    }
}
