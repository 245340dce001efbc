using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OnnxFunctional.Training.Simd;

/// <summary>Moves a block of two axes between two arrangements; strides and counts are in elements.</summary>
internal static unsafe class StridedMoves
{
    // Columns of a transposed block: 64 lines of the target stay in the first-level cache while rows of the source pass by.
    private const int Block = 64;

    /// <summary>A block of two axes: <c>target[r * TargetRow + c * TargetColumn] = source[r * SourceRow + c * SourceColumn]</c>.</summary>
    /// <param name="Rows">Elements along the outer axis.</param>
    /// <param name="Columns">Elements along the inner axis.</param>
    /// <param name="SourceRow">Stride of the source along the outer axis.</param>
    /// <param name="SourceColumn">Stride of the source along the inner axis; 0 repeats.</param>
    /// <param name="TargetRow">Stride of the target along the outer axis.</param>
    /// <param name="TargetColumn">Stride of the target along the inner axis.</param>
    public readonly record struct Plane(int Rows, int Columns, int SourceRow, int SourceColumn, int TargetRow, int TargetColumn);

    /// <summary>Moves one block; with negative strides it reaches to both sides of its first element.</summary>
    /// <param name="source">The whole source.</param>
    /// <param name="sourceFirst">The element of the source the block begins with.</param>
    /// <param name="target">The whole target.</param>
    /// <param name="targetFirst">The element of the target the block begins with.</param>
    /// <param name="size">Bytes of an element: 1, 2, 4 or 8.</param>
    /// <param name="plane">The block.</param>
    public static void Move(ReadOnlySpan<byte> source, int sourceFirst, Span<byte> target, int targetFirst, int size, in Plane plane)
    {
        if (plane.Rows == 0 || plane.Columns == 0) return;
        CheckReach(source.Length / size, plane, plane.SourceRow, plane.SourceColumn, sourceFirst);
        CheckReach(target.Length / size, plane, plane.TargetRow, plane.TargetColumn, targetFirst);
        fixed (byte* from = source, to = target)
        {
            Move(from + ((nint)sourceFirst * size), to + ((nint)targetFirst * size), size, plane);
        }
    }

    private static void Move(byte* from, byte* to, int size, in Plane plane)
    {
        if (plane.SourceColumn == 1 && plane.TargetColumn == 1)
        {
            Runs(from, to, size, plane);
            return;
        }

        switch (size)
        {
            case 1: Elements((byte*)from, (byte*)to, plane); break;
            case 2: Elements((short*)from, (short*)to, plane); break;
            case 4 when plane.SourceRow == 1 && plane.TargetColumn == 1 && Avx.IsSupported: Transpose((float*)from, (float*)to, plane); break;
            case 4: Elements((int*)from, (int*)to, plane); break;
            default: Elements((long*)from, (long*)to, plane); break;
        }
    }

    // Short runs, a head of attention for one, are copied in place of a call for each: 64 bytes took 5 ns by the call, 2 so.
    private static void Runs(byte* from, byte* to, int size, in Plane plane)
    {
        var bytes = (nint)plane.Columns * size;
        var (fromStep, toStep) = ((nint)plane.SourceRow * size, (nint)plane.TargetRow * size);
        if (bytes is >= 16 and <= 256 && Vector128.IsHardwareAccelerated)
        {
            for (var row = 0; row < plane.Rows; row++)
            {
                for (nint i = 0; i <= bytes - 16; i += 16) Vector128.Load(from + i).Store(to + i);

                // The last sixteen bytes, some of them for the second time.
                Vector128.Load(from + bytes - 16).Store(to + bytes - 16);
                from += fromStep;
                to += toStep;
            }

            return;
        }

        for (var row = 0; row < plane.Rows; row++)
        {
            Buffer.MemoryCopy(from, to, bytes, bytes);
            from += fromStep;
            to += toStep;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Elements<T>(T* from, T* to, in Plane plane) where T : unmanaged
    {
        var (rows, columns) = (plane.Rows, plane.Columns);
        nint fromRow = plane.SourceRow, fromColumn = plane.SourceColumn, toRow = plane.TargetRow, toColumn = plane.TargetColumn;
        if (fromColumn == 0 && toColumn == 1)
        {
            for (var row = 0; row < rows; row++) new Span<T>(to + (row * toRow), columns).Fill(from[row * fromRow]);
            return;
        }

        for (var first = 0; first < columns; first += Block)
        {
            var end = Math.Min(first + Block, columns);
            for (var row = 0; row < rows; row++)
            {
                var source = from + (row * fromRow);
                var target = to + (row * toRow);
                for (nint column = first; column < end; column++) target[column * toColumn] = source[column * fromColumn];
            }
        }
    }

    // The source lies along rows, the target along columns: squares of 8 are turned in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(float* from, float* to, in Plane plane)
    {
        var (rows, columns) = (plane.Rows & ~7, plane.Columns & ~7);
        nint fromColumn = plane.SourceColumn, toRow = plane.TargetRow;
        for (var first = 0; first < columns; first += Block)
        {
            var end = Math.Min(first + Block, columns);
            for (var row = 0; row < rows; row += 8)
            {
                for (var column = first; column < end; column += 8)
                {
                    Square(from + row + (column * fromColumn), fromColumn, to + (row * toRow) + column, toRow);
                }
            }
        }

        if (columns < plane.Columns)
        {
            Elements(from + (columns * fromColumn), to + columns, plane with { Columns = plane.Columns - columns });
        }

        if (rows < plane.Rows) Elements(from + rows, to + (rows * toRow), plane with { Rows = plane.Rows - rows, Columns = columns });
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Square(float* from, nint fromStep, float* to, nint toStep)
    {
        var a = Vector256.Load(from);
        var b = Vector256.Load(from + fromStep);
        var c = Vector256.Load(from + (2 * fromStep));
        var d = Vector256.Load(from + (3 * fromStep));
        var e = Vector256.Load(from + (4 * fromStep));
        var f = Vector256.Load(from + (5 * fromStep));
        var g = Vector256.Load(from + (6 * fromStep));
        var h = Vector256.Load(from + (7 * fromStep));

        // Pairs, then quads within the halves, then the halves exchanged.
        var ab0 = Avx.UnpackLow(a, b);
        var ab1 = Avx.UnpackHigh(a, b);
        var cd0 = Avx.UnpackLow(c, d);
        var cd1 = Avx.UnpackHigh(c, d);
        var ef0 = Avx.UnpackLow(e, f);
        var ef1 = Avx.UnpackHigh(e, f);
        var gh0 = Avx.UnpackLow(g, h);
        var gh1 = Avx.UnpackHigh(g, h);
        var left0 = Avx.Shuffle(ab0, cd0, 0x44);
        var left1 = Avx.Shuffle(ab0, cd0, 0xEE);
        var left2 = Avx.Shuffle(ab1, cd1, 0x44);
        var left3 = Avx.Shuffle(ab1, cd1, 0xEE);
        var right0 = Avx.Shuffle(ef0, gh0, 0x44);
        var right1 = Avx.Shuffle(ef0, gh0, 0xEE);
        var right2 = Avx.Shuffle(ef1, gh1, 0x44);
        var right3 = Avx.Shuffle(ef1, gh1, 0xEE);
        Avx.Permute2x128(left0, right0, 0x20).Store(to);
        Avx.Permute2x128(left1, right1, 0x20).Store(to + toStep);
        Avx.Permute2x128(left2, right2, 0x20).Store(to + (2 * toStep));
        Avx.Permute2x128(left3, right3, 0x20).Store(to + (3 * toStep));
        Avx.Permute2x128(left0, right0, 0x31).Store(to + (4 * toStep));
        Avx.Permute2x128(left1, right1, 0x31).Store(to + (5 * toStep));
        Avx.Permute2x128(left2, right2, 0x31).Store(to + (6 * toStep));
        Avx.Permute2x128(left3, right3, 0x31).Store(to + (7 * toStep));
    }

    private static void CheckReach(int length, in Plane plane, int row, int column, int first)
    {
        var (rows, columns) = ((long)(plane.Rows - 1) * row, (long)(plane.Columns - 1) * column);
        var low = first + Math.Min(rows, 0) + Math.Min(columns, 0);
        var high = first + Math.Max(rows, 0) + Math.Max(columns, 0);
        ArgumentOutOfRangeException.ThrowIfNegative(low, nameof(plane));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(high, length, nameof(plane));
    }
}
