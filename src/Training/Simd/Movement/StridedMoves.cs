using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OnnxFunctional.Training.Simd;

/// <summary>Copies a block of three axes between two memory layouts. Strides and counts are in elements.</summary>
internal static unsafe class StridedMoves
{
    // Columns of a transposed strip: 64 cache lines of the target stay in L1 while the rows of the source pass.
    private const int Strip = 64;

    /// <summary>An axis of a block: its length, and its strides in source and target. A source stride of 0 repeats an element.</summary>
    public readonly record struct Axis(int Count, int Source, int Target);

    /// <summary>A block: planes of rows of columns.</summary>
    public readonly record struct Block(Axis Planes, Axis Rows, Axis Columns);

    /// <summary>Copies one block. With negative strides it extends to both sides of its first element.</summary>
    /// <param name="source">The whole source.</param>
    /// <param name="sourceFirst">The index of the block's first element in the source.</param>
    /// <param name="target">The whole target.</param>
    /// <param name="targetFirst">The index of the block's first element in the target.</param>
    /// <param name="size">Bytes per element: 1, 2, 4 or 8.</param>
    /// <param name="block">The block.</param>
    public static void Move(ReadOnlySpan<byte> source, int sourceFirst, Span<byte> target, int targetFirst, int size, in Block block)
    {
        if (block.Planes.Count == 0 || block.Rows.Count == 0 || block.Columns.Count == 0) return;
        CheckReach(
            source.Length / size, sourceFirst, block.Planes.Source * (block.Planes.Count - 1L), block.Rows.Source * (block.Rows.Count - 1L),
            block.Columns.Source * (block.Columns.Count - 1L));
        CheckReach(
            target.Length / size, targetFirst, block.Planes.Target * (block.Planes.Count - 1L), block.Rows.Target * (block.Rows.Count - 1L),
            block.Columns.Target * (block.Columns.Count - 1L));
        fixed (byte* first = source, firstTarget = target)
        {
            var from = first + ((nint)sourceFirst * size);
            var to = firstTarget + ((nint)targetFirst * size);
            for (var plane = 0; plane < block.Planes.Count; plane++)
            {
                Move(from, to, size, block.Rows, block.Columns);
                from += (nint)block.Planes.Source * size;
                to += (nint)block.Planes.Target * size;
            }
        }
    }

    private static void Move(byte* from, byte* to, int size, in Axis rows, in Axis columns)
    {
        if (columns.Source == 1 && columns.Target == 1)
        {
            Runs(from, to, (nint)columns.Count * size, rows.Count, (nint)rows.Source * size, (nint)rows.Target * size);
            return;
        }

        switch (size)
        {
            case 1: Elements(from, to, rows, columns); break;
            case 2: Elements((short*)from, (short*)to, rows, columns); break;
            case 4 when rows.Source == 1 && columns.Target == 1 && Avx.IsSupported: Transpose((float*)from, (float*)to, rows, columns); break;
            case 4: Elements((int*)from, (int*)to, rows, columns); break;
            default: Elements((long*)from, (long*)to, rows, columns); break;
        }
    }

    // Short runs, such as a head of attention, are copied inline rather than by a call each.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Runs(byte* from, byte* to, nint bytes, int rows, nint fromStep, nint toStep)
    {
        if (bytes is >= 16 and <= 256 && Vector128.IsHardwareAccelerated)
        {
            for (var row = 0; row < rows; row++)
            {
                for (nint i = 0; i <= bytes - 16; i += 16) Vector128.Load(from + i).Store(to + i);

                // The last 16 bytes, which may overlap the previous 16.
                Vector128.Load(from + bytes - 16).Store(to + bytes - 16);
                from += fromStep;
                to += toStep;
            }

            return;
        }

        for (var row = 0; row < rows; row++)
        {
            Buffer.MemoryCopy(from, to, bytes, bytes);
            from += fromStep;
            to += toStep;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Elements<T>(T* from, T* to, in Axis rows, in Axis columns) where T : unmanaged
    {
        nint fromRow = rows.Source, fromColumn = columns.Source, toRow = rows.Target, toColumn = columns.Target;
        if (fromColumn == 0 && toColumn == 1)
        {
            for (var row = 0; row < rows.Count; row++) new Span<T>(to + (row * toRow), columns.Count).Fill(from[row * fromRow]);
            return;
        }

        for (var first = 0; first < columns.Count; first += Strip)
        {
            var end = Math.Min(first + Strip, columns.Count);
            for (var row = 0; row < rows.Count; row++)
            {
                var source = from + (row * fromRow);
                var target = to + (row * toRow);
                for (nint column = first; column < end; column++) target[column * toColumn] = source[column * fromColumn];
            }
        }
    }

    // The source is contiguous along rows, the target along columns: 8x8 squares are transposed in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(float* from, float* to, in Axis rows, in Axis columns)
    {
        var (wholeRows, wholeColumns) = (rows.Count & ~7, columns.Count & ~7);
        nint fromColumn = columns.Source, toRow = rows.Target;
        for (var first = 0; first < wholeColumns; first += Strip)
        {
            var end = Math.Min(first + Strip, wholeColumns);
            for (var row = 0; row < wholeRows; row += 8)
            {
                for (var column = first; column < end; column += 8)
                {
                    Square(from + row + (column * fromColumn), fromColumn, to + (row * toRow) + column, toRow);
                }
            }
        }

        Elements(from + (wholeColumns * fromColumn), to + wholeColumns, rows, columns with { Count = columns.Count - wholeColumns });
        Elements(from + wholeRows, to + (wholeRows * toRow), rows with { Count = rows.Count - wholeRows }, columns with { Count = wholeColumns });
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

        // Interleaves pairs, then quads within the halves, then exchanges the halves.
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

    private static void CheckReach(int length, int first, long planes, long rows, long columns)
    {
        var low = first + Math.Min(planes, 0) + Math.Min(rows, 0) + Math.Min(columns, 0);
        var high = first + Math.Max(planes, 0) + Math.Max(rows, 0) + Math.Max(columns, 0);
        if (low < 0 || high >= length) throw new ArgumentOutOfRangeException(nameof(length), length, $"The block extends from {low} to {high}.");
    }
}
