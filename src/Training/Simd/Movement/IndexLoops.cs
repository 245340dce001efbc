using System.Numerics;

namespace OnnxFunctional.Training.Simd;

/// <summary>Gathers rows by index, and adds rows back to where they were gathered from. Negative indices count from the end, unless they are refused.</summary>
internal static class IndexLoops
{
    /// <summary><c>destination[i] = table[indices[i]]</c></summary>
    /// <param name="table">[rows, bytes of a row]</param>
    /// <param name="rowBytes">Bytes in a row.</param>
    /// <param name="indices">[count]</param>
    /// <param name="strict">Whether negative indices are out of range.</param>
    /// <param name="destination">[count, bytes of a row]</param>
    /// <returns>The position of the first index that is out of range, where the copy stops; or -1.</returns>
    public static int GatherRows<TIndex>(ReadOnlySpan<byte> table, int rowBytes, ReadOnlySpan<TIndex> indices, bool strict, Span<byte> destination)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        var rows = rowBytes == 0 ? 0 : table.Length / rowBytes;
        for (var i = 0; i < indices.Length; i++)
        {
            var row = strict && TIndex.IsNegative(indices[i]) ? -1 : Row(indices[i], rows);
            if (row < 0) return i;
            table.Slice(row * rowBytes, rowBytes).CopyTo(destination[(i * rowBytes)..]);
        }

        return -1;
    }

    /// <summary>
    /// Clears a range of rows of a table, then adds to each row the source rows whose index selects it, in order: <c>table[indices[i]] += source[i]</c>.
    /// </summary>
    /// <param name="source">[count, columns]</param>
    /// <param name="indices">[count]; indices of rows outside the range are ignored.</param>
    /// <param name="rows">The number of rows of the whole table.</param>
    /// <param name="firstRow">The first row of the range.</param>
    /// <param name="range">[rows of the range, columns]</param>
    /// <param name="columns">The number of elements of a row.</param>
    /// <returns>The position of the first index that is out of range, which is skipped; or -1.</returns>
    public static int ScatterAddRows<TIndex>(ReadOnlySpan<float> source, ReadOnlySpan<TIndex> indices, int rows, int firstRow, Span<float> range, int columns)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        range.Clear();
        var count = columns == 0 ? 0 : range.Length / columns;
        var wrong = -1;
        for (var i = 0; i < indices.Length; i++)
        {
            var row = Row(indices[i], rows);
            if (row < 0)
            {
                if (wrong < 0) wrong = i;
                continue;
            }

            if (row < firstRow || row >= firstRow + count) continue;
            var target = range.Slice((row - firstRow) * columns, columns);
            ElementwiseLoops.Apply(default(AddOperator), target, source.Slice(i * columns, columns), target);
        }

        return wrong;
    }

    /// <summary>The row counted from the start, or -1.</summary>
    private static int Row<TIndex>(TIndex index, int rows) where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        var row = long.CreateSaturating(index);
        if (row < 0) row += rows;
        return (ulong)row < (ulong)rows ? (int)row : -1;
    }
}
