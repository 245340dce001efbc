using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;

namespace OnnxFunctional.Training.Simd;

/// <summary>The strides of a product, in floats.</summary>
internal struct RecurrentStrides
{
    /// <summary>Between the rows of the left operand, between two steps of the sum, between two of its segments.</summary>
    public nint LeftRow, LeftStep, LeftSegment;

    /// <summary>Between two steps of the sum in the right operand, between two of its segments.</summary>
    public nint RightStep, RightSegment;

    /// <summary>Between the rows of what the sum starts from (0: the same for all), between the rows of the result.</summary>
    public nint StartRow, ResultRow;

    public nint Steps, Segments;
}

/// <summary>The matrix product of all recurrent computations: a left operand of any strides times packed rows of one to four vectors.</summary>
/// <remarks>
/// 4 rows by 4 vectors: 16 accumulators, and 8 loads for 16 multiply-adds, so arithmetic is the limit if the right operand is in L1 or streams from L2. Taller
/// tiles would gain nothing and waste more on blocks of 8 rows. Machines with 16 vector registers use 2 rows.
/// </remarks>
internal static unsafe class RecurrentTile
{
    /// <summary><c>result[i] = start[i] + sum over segments, steps of left[i, step] * right[step]</c></summary>
    /// <param name="left">[rows] by <c>LeftRow</c>, [steps] by <c>LeftStep</c>, [segments] by <c>LeftSegment</c></param>
    /// <param name="right">[segments][steps][vectors * lanes] by <c>RightSegment</c> and <c>RightStep</c></param>
    /// <param name="start">[rows][vectors * lanes] by <c>StartRow</c></param>
    /// <param name="strides">The strides of all operands.</param>
    /// <param name="rows">The number of rows of the result.</param>
    /// <param name="vectors">The number of vectors per row, 1 to 4.</param>
    /// <param name="result">[rows][vectors * lanes] by <c>ResultRow</c></param>
    public static void Multiply<V>(float* left, float* right, float* start, RecurrentStrides* strides, int rows, int vectors, float* result)
        where V : struct, IVector<V>
    {
        var row = 0;
        if (V.Count == 16 || AdvSimd.IsSupported)
        {
            for (; row + 4 <= rows; row += 4)
            {
                Rows<V, Rows4>(
                    left + (row * strides->LeftRow), right, start + (row * strides->StartRow), strides, vectors, result + (row * strides->ResultRow));
            }
        }

        for (; row + 2 <= rows; row += 2)
        {
            Rows<V, Rows2>(left + (row * strides->LeftRow), right, start + (row * strides->StartRow), strides, vectors, result + (row * strides->ResultRow));
        }

        if (row < rows)
        {
            Rows<V, Rows1>(left + (row * strides->LeftRow), right, start + (row * strides->StartRow), strides, vectors, result + (row * strides->ResultRow));
        }
    }

    /// <summary>The same for a result whose rows have only <paramref name="columns"/> floats.</summary>
    public static void MultiplyRagged<V>(float* left, float* right, float* start, RecurrentStrides* strides, int rows, int vectors, int columns, float* result)
        where V : struct, IVector<V>
    {
        if (columns == vectors * V.Count)
        {
            Multiply<V>(left, right, start, strides, rows, vectors, result);
            return;
        }

        var padded = stackalloc float[4 * 4 * V.Count];
        var inner = *strides;
        inner.ResultRow = vectors * V.Count;
        for (var row = 0; row < rows; row += 4)
        {
            var count = Math.Min(4, rows - row);
            Multiply<V>(left + (row * strides->LeftRow), right, start + (row * strides->StartRow), &inner, count, vectors, padded);
            for (var i = 0; i < count; i++)
            {
                new ReadOnlySpan<float>(padded + (i * inner.ResultRow), columns).CopyTo(new Span<float>(result + ((row + i) * strides->ResultRow), columns));
            }
        }
    }

    private static void Rows<V, TRows>(float* left, float* right, float* start, RecurrentStrides* strides, int vectors, float* result)
        where V : struct, IVector<V>
        where TRows : struct, ITileRows
    {
        switch (vectors)
        {
            case 1:
                Tile<V, TRows, One>(left, right, start, strides, result);
                break;
            case 2:
                Tile<V, TRows, Two>(left, right, start, strides, result);
                break;
            case 3:
                Tile<V, TRows, Three>(left, right, start, strides, result);
                break;
            default:
                Tile<V, TRows, Four>(left, right, start, strides, result);
                break;
        }
    }

    // Rows and vectors are constants to the JIT, which drops the code beyond them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<V, TRows, TVectors>(float* left, float* right, float* start, RecurrentStrides* strides, float* result)
        where V : struct, IVector<V>
        where TRows : struct, ITileRows
        where TVectors : struct, ITileVectors
    {
        var row1 = strides->LeftRow;
        var row2 = row1 * 2;
        var row3 = row1 * 3;
        var leftStep = strides->LeftStep;
        var rightStep = strides->RightStep;

        V s00 = V.Zero, s01 = V.Zero, s02 = V.Zero, s03 = V.Zero;
        V s10 = V.Zero, s11 = V.Zero, s12 = V.Zero, s13 = V.Zero;
        V s20 = V.Zero, s21 = V.Zero, s22 = V.Zero, s23 = V.Zero;
        V s30 = V.Zero, s31 = V.Zero, s32 = V.Zero, s33 = V.Zero;
        Load<V, TVectors>(start, ref s00, ref s01, ref s02, ref s03);
        if (TRows.Count > 1) Load<V, TVectors>(start + strides->StartRow, ref s10, ref s11, ref s12, ref s13);
        if (TRows.Count > 2) Load<V, TVectors>(start + (2 * strides->StartRow), ref s20, ref s21, ref s22, ref s23);
        if (TRows.Count > 3) Load<V, TVectors>(start + (3 * strides->StartRow), ref s30, ref s31, ref s32, ref s33);

        for (var segment = strides->Segments; segment > 0; segment--)
        {
            var a = left;
            var b = right;
            for (var step = strides->Steps; step > 0; step--)
            {
                var b0 = V.Load(b);
                var b1 = TVectors.Count > 1 ? V.Load(b + V.Count) : V.Zero;
                var b2 = TVectors.Count > 2 ? V.Load(b + (2 * V.Count)) : V.Zero;
                var b3 = TVectors.Count > 3 ? V.Load(b + (3 * V.Count)) : V.Zero;
                MultiplyAdd<V, TVectors>(*a, b0, b1, b2, b3, ref s00, ref s01, ref s02, ref s03);
                if (TRows.Count > 1) MultiplyAdd<V, TVectors>(a[row1], b0, b1, b2, b3, ref s10, ref s11, ref s12, ref s13);
                if (TRows.Count > 2) MultiplyAdd<V, TVectors>(a[row2], b0, b1, b2, b3, ref s20, ref s21, ref s22, ref s23);
                if (TRows.Count > 3) MultiplyAdd<V, TVectors>(a[row3], b0, b1, b2, b3, ref s30, ref s31, ref s32, ref s33);
                a += leftStep;
                b += rightStep;
            }

            left += strides->LeftSegment;
            right += strides->RightSegment;
        }

        Store<V, TVectors>(s00, s01, s02, s03, result);
        if (TRows.Count > 1) Store<V, TVectors>(s10, s11, s12, s13, result + strides->ResultRow);
        if (TRows.Count > 2) Store<V, TVectors>(s20, s21, s22, s23, result + (2 * strides->ResultRow));
        if (TRows.Count > 3) Store<V, TVectors>(s30, s31, s32, s33, result + (3 * strides->ResultRow));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyAdd<V, TVectors>(float left, V b0, V b1, V b2, V b3, ref V s0, ref V s1, ref V s2, ref V s3)
        where V : struct, IVector<V>
        where TVectors : struct, ITileVectors
    {
        var factor = V.Create(left);
        s0 = V.MultiplyAdd(factor, b0, s0);
        if (TVectors.Count > 1) s1 = V.MultiplyAdd(factor, b1, s1);
        if (TVectors.Count > 2) s2 = V.MultiplyAdd(factor, b2, s2);
        if (TVectors.Count > 3) s3 = V.MultiplyAdd(factor, b3, s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load<V, TVectors>(float* source, ref V s0, ref V s1, ref V s2, ref V s3)
        where V : struct, IVector<V>
        where TVectors : struct, ITileVectors
    {
        s0 = V.Load(source);
        if (TVectors.Count > 1) s1 = V.Load(source + V.Count);
        if (TVectors.Count > 2) s2 = V.Load(source + (2 * V.Count));
        if (TVectors.Count > 3) s3 = V.Load(source + (3 * V.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<V, TVectors>(V s0, V s1, V s2, V s3, float* destination)
        where V : struct, IVector<V>
        where TVectors : struct, ITileVectors
    {
        V.Store(s0, destination);
        if (TVectors.Count > 1) V.Store(s1, destination + V.Count);
        if (TVectors.Count > 2) V.Store(s2, destination + (2 * V.Count));
        if (TVectors.Count > 3) V.Store(s3, destination + (3 * V.Count));
    }

    private interface ITileVectors
    {
        static abstract int Count { get; }
    }

    private readonly struct One : ITileVectors
    {
        public static int Count => 1;
    }

    private readonly struct Two : ITileVectors
    {
        public static int Count => 2;
    }

    private readonly struct Three : ITileVectors
    {
        public static int Count => 3;
    }

    private readonly struct Four : ITileVectors
    {
        public static int Count => 4;
    }
}
