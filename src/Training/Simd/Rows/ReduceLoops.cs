using System.Runtime.CompilerServices;
using static OnnxFunctional.Training.Simd.PartialVector;

namespace OnnxFunctional.Training.Simd;

/// <summary>The loops behind all reductions: of a run to one value, and of the rows of a matrix to one row.</summary>
/// <remarks>
/// The rounding error grows with the longest chain of additions. A run is halved down to 4096 elements, which are added in 64 lanes (with 512-bit vectors);
/// columns are added 64 rows at a time. The order depends on the lengths alone.
/// </remarks>
internal static unsafe class ReduceLoops
{
    private const int Block = 4096;
    private const int RowsPerBlock = 64;
    private const MethodImplOptions Optimized = MethodImplOptions.AggressiveOptimization;

    /// <summary>Reduces all elements to one.</summary>
    public static float Run<TOperator>(ReadOnlySpan<float> x) where TOperator : struct, IReduceOperator
    {
        var result = 0f;
        Rows<TOperator>(x, x.Length, new Span<float>(ref result));
        return result;
    }

    /// <summary>Reduces each row to one element.</summary>
    /// <param name="x">[rows, columns]</param>
    /// <param name="columns">The number of elements of a row.</param>
    /// <param name="destination">[rows]</param>
    public static void Rows<TOperator>(ReadOnlySpan<float> x, int columns, Span<float> destination) where TOperator : struct, IReduceOperator
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, columns * destination.Length);
        fixed (float* source = x, target = destination) VectorDispatch.Run(new RowsLoop<TOperator>(source, destination.Length, columns, target));
    }

    /// <summary>Reduces all rows to one: <c>destination[c] = combine over r of x[r, c]</c>.</summary>
    /// <param name="x">[rows, stride], of which the first columns are read; the last row may end after those.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="stride">The distance between two rows, in elements.</param>
    /// <param name="destination">[columns]</param>
    public static void Columns<TOperator>(ReadOnlySpan<float> x, int rows, int stride, Span<float> destination) where TOperator : struct, IReduceOperator
    {
        if (rows > 0) ArgumentOutOfRangeException.ThrowIfLessThan(x.Length, ((rows - 1) * (long)stride) + destination.Length);
        fixed (float* source = x, target = destination) VectorDispatch.Run(new ColumnsLoop<TOperator>(source, rows, stride, target, destination.Length));
    }

    /// <summary>See the span form.</summary>
    [MethodImpl(Optimized)]
    public static float Run<V, TOperator>(float* x, nint count)
        where V : struct, IVector<V>
        where TOperator : struct, IReduceOperator
    {
        if (count > Block)
        {
            // Splits at the largest power of two times the block, so that both halves stay aligned to blocks.
            var half = (nint)Block;
            while (half * 2 < count) half *= 2;
            return Scalar<TOperator>(Run<V, TOperator>(x, half), Run<V, TOperator>(x + half, count - half));
        }

        var a = V.Create(TOperator.Identity);
        var b = a;
        var c = a;
        var d = a;
        nint i = 0;
        for (; i <= count - (4 * V.Count); i += 4 * V.Count)
        {
            a = TOperator.Combine(a, TOperator.Map(V.Load(x + i)));
            b = TOperator.Combine(b, TOperator.Map(V.Load(x + i + V.Count)));
            c = TOperator.Combine(c, TOperator.Map(V.Load(x + i + (2 * V.Count))));
            d = TOperator.Combine(d, TOperator.Map(V.Load(x + i + (3 * V.Count))));
        }

        for (; i <= count - V.Count; i += V.Count) a = TOperator.Combine(a, TOperator.Map(V.Load(x + i)));
        if (i < count)
        {
            var rest = V.Select(FirstLanes<V>(count - i), TOperator.Map(V.Load(x + i, (int)(count - i))), V.Create(TOperator.Identity));
            b = TOperator.Combine(b, rest);
        }

        return TOperator.Lanes(TOperator.Combine(TOperator.Combine(a, b), TOperator.Combine(c, d)));
    }

    /// <summary>See the span form.</summary>
    [MethodImpl(Optimized)]
    public static void Columns<V, TOperator>(float* x, nint rows, nint stride, float* destination, nint columns)
        where V : struct, IVector<V>
        where TOperator : struct, IReduceOperator
    {
        for (nint i = 0; i < columns; i += V.Count) Store(V.Create(TOperator.Identity), destination + i, (int)nint.Min(V.Count, columns - i));
        for (nint block = 0; block < rows; block += RowsPerBlock)
        {
            var count = nint.Min(RowsPerBlock, rows - block);
            var source = x + (block * stride);
            nint i = 0;
            for (; i <= columns - (4 * V.Count); i += 4 * V.Count) FourVectors<V, TOperator>(source + i, count, stride, destination + i);
            for (; i < columns; i += V.Count) OneVector<V, TOperator>(source + i, count, stride, destination + i, (int)nint.Min(V.Count, columns - i));
        }
    }

    /// <summary>Combines two mapped values.</summary>
    public static float Scalar<TOperator>(float x, float y) where TOperator : struct, IReduceOperator
    {
        var result = TOperator.Combine(V128.Create(x), V128.Create(y));
        return V128.MaxLane(result);
    }

    [MethodImpl(Optimized)]
    private static void FourVectors<V, TOperator>(float* x, nint rows, nint stride, float* destination)
        where V : struct, IVector<V>
        where TOperator : struct, IReduceOperator
    {
        var a = V.Create(TOperator.Identity);
        var b = a;
        var c = a;
        var d = a;
        for (; rows > 0; rows--)
        {
            a = TOperator.Combine(a, TOperator.Map(V.Load(x)));
            b = TOperator.Combine(b, TOperator.Map(V.Load(x + V.Count)));
            c = TOperator.Combine(c, TOperator.Map(V.Load(x + (2 * V.Count))));
            d = TOperator.Combine(d, TOperator.Map(V.Load(x + (3 * V.Count))));
            x += stride;
        }

        V.Store(TOperator.Combine(V.Load(destination), a), destination);
        V.Store(TOperator.Combine(V.Load(destination + V.Count), b), destination + V.Count);
        V.Store(TOperator.Combine(V.Load(destination + (2 * V.Count)), c), destination + (2 * V.Count));
        V.Store(TOperator.Combine(V.Load(destination + (3 * V.Count)), d), destination + (3 * V.Count));
    }

    [MethodImpl(Optimized)]
    private static void OneVector<V, TOperator>(float* x, nint rows, nint stride, float* destination, int count)
        where V : struct, IVector<V>
        where TOperator : struct, IReduceOperator
    {
        var sum = V.Create(TOperator.Identity);
        for (; rows > 0; rows--, x += stride) sum = TOperator.Combine(sum, TOperator.Map(Load<V>(x, count)));
        Store(TOperator.Combine(Load<V>(destination, count), sum), destination, count);
    }

    private readonly struct RowsLoop<TOperator>(float* x, int rows, nint columns, float* destination) : IVectorLoop where TOperator : struct, IReduceOperator
    {
        public void Run<V>() where V : struct, IVector<V>
        {
            for (nint row = 0; row < rows; row++) destination[row] = ReduceLoops.Run<V, TOperator>(x + (row * columns), columns);
        }
    }

    private readonly struct ColumnsLoop<TOperator>(float* x, nint rows, nint stride, float* destination, nint columns) : IVectorLoop
        where TOperator : struct, IReduceOperator
    {
        public void Run<V>() where V : struct, IVector<V> => Columns<V, TOperator>(x, rows, stride, destination, columns);
    }
}
