using System.Runtime.CompilerServices;
using static OnnxFunctional.Training.Simd.PartialVector;

namespace OnnxFunctional.Training.Simd;

/// <summary><c>log(sum(exp(x)))</c> without overflow: the largest element is factored out of the sum.</summary>
internal static unsafe class LogSumExpLoops
{
    /// <summary>Computes it over each row; a row of minus infinities gives minus infinity.</summary>
    /// <param name="x">[rows, columns]</param>
    /// <param name="columns">The number of elements of a row.</param>
    /// <param name="destination">[rows]</param>
    public static void Rows(ReadOnlySpan<float> x, int columns, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, columns * destination.Length);
        fixed (float* source = x, target = destination) VectorDispatch.Run(new RowsLoop(source, destination.Length, columns, target));
    }

    /// <summary>Computes its two parts over each row: the largest element m, and <c>log(sum(exp(x - m)))</c>.</summary>
    /// <param name="x">[rows, columns]</param>
    /// <param name="columns">The number of elements of a row.</param>
    /// <param name="largest">[rows]</param>
    /// <param name="logSums">[rows]; NaN where the largest element is infinite.</param>
    public static void Parts(ReadOnlySpan<float> x, int columns, Span<float> largest, Span<float> logSums)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, columns * logSums.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(largest.Length, logSums.Length);
        fixed (float* source = x, first = largest, second = logSums) VectorDispatch.Run(new PartsLoop(source, logSums.Length, columns, first, second));
    }

    /// <summary>Computes it over all rows: <c>destination[c] = log(sum over r of exp(x[r, c]))</c>.</summary>
    /// <param name="x">[rows, stride], of which the first columns are read.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="stride">The distance between two rows, in elements.</param>
    /// <param name="destination">[columns]</param>
    public static void Columns(ReadOnlySpan<float> x, int rows, int stride, Span<float> destination)
    {
        if (rows > 0) ArgumentOutOfRangeException.ThrowIfLessThan(x.Length, ((rows - 1) * (long)stride) + destination.Length);
        fixed (float* source = x, target = destination) VectorDispatch.Run(new ColumnsLoop(source, rows, stride, target, destination.Length));
    }

    /// <summary>Computes it over one run.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Row<V>(float* x, nint count) where V : struct, IVector<V>
    {
        var largest = ReduceLoops.Run<V, MaxReduce>(x, count);
        if (float.IsInfinity(largest)) return largest;
        return MathF.Log(SumOfExponentials<V>(x, count, largest)) + largest;
    }

    /// <summary><c>sum(exp(x - shift))</c> over one run.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float SumOfExponentials<V>(float* x, nint count, float shift) where V : struct, IVector<V>
    {
        var minus = V.Create(shift);
        var a = V.Zero;
        var b = V.Zero;
        nint i = 0;
        for (; i <= count - (2 * V.Count); i += 2 * V.Count)
        {
            a += VectorMath.Exp(V.Load(x + i) - minus);
            b += VectorMath.Exp(V.Load(x + i + V.Count) - minus);
        }

        for (; i <= count - V.Count; i += V.Count) a += VectorMath.Exp(V.Load(x + i) - minus);
        if (i < count) b += VectorMath.Exp(V.Load(x + i, (int)(count - i)) - minus) & FirstLanes<V>(count - i);
        return V.Sum(a + b);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Columns<V>(float* x, nint rows, nint stride, float* destination, nint columns) where V : struct, IVector<V>
    {
        for (nint i = 0; i < columns; i += V.Count)
        {
            var count = (int)nint.Min(V.Count, columns - i);
            var largest = V.Create(float.NegativeInfinity);
            for (nint row = 0; row < rows; row++) largest = V.Max(largest, Load<V>(x + (row * stride) + i, count));
            var finite = V.LessThan(V.Abs(largest), V.Create(float.PositiveInfinity));
            var shift = V.Select(finite, largest, V.Zero);
            var sum = V.Zero;
            for (nint row = 0; row < rows; row++) sum += VectorMath.Exp(Load<V>(x + (row * stride) + i, count) - shift);
            var result = V.Select(finite, VectorMath.Log(sum) + shift, largest);
            Store(result, destination + i, count);
        }
    }

    private readonly struct RowsLoop(float* x, int rows, nint columns, float* destination) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            for (nint row = 0; row < rows; row++) destination[row] = Row<V>(x + (row * columns), columns);
        }
    }

    private readonly struct PartsLoop(float* x, int rows, nint columns, float* largest, float* logSums) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            for (nint row = 0; row < rows; row++)
            {
                var source = x + (row * columns);
                largest[row] = ReduceLoops.Run<V, MaxReduce>(source, columns);
                logSums[row] = MathF.Log(SumOfExponentials<V>(source, columns, largest[row]));
            }
        }
    }

    private readonly struct ColumnsLoop(float* x, nint rows, nint stride, float* destination, nint columns) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V> => Columns<V>(x, rows, stride, destination, columns);
    }
}
