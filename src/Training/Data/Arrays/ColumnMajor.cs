using System.Numerics;

namespace OnnxFunctional.Training.Data;

/// <summary>Arrays whose first index varies fastest (Fortran's order) are read in blocks, and each block is written where its rows need it.</summary>
internal static class ColumnMajor
{
    // A block has so many slabs, if that is no quarter of the file; its elements are moved in tiles that the first-level cache holds.
    private const int Slabs = 64;
    private const int Line = 16;
    private const int Rows = 32;
    private const int BlockElements = 1 << 19;

    /// <summary>Reads an array into row-major order.</summary>
    /// <param name="reader">Reads its numbers.</param>
    /// <param name="stream">The file, at the first of them.</param>
    /// <param name="target">The result.</param>
    /// <param name="lengths">The dimensions.</param>
    public static void Read<T>(NumberReader<T> reader, Stream stream, T[] target, ReadOnlySpan<nint> lengths)
        where T : struct, INumberBase<T>
    {
        // Dimensions of 1 change no order, and one dimension has only one.
        nint[] dims = [.. lengths.ToArray().Where(length => length != 1)];
        if (dims.Length < 2 || target.Length == 0)
        {
            reader.Read(stream, target);
            return;
        }

        // The file holds one slab after the other; in the result, the slabs' elements of one place lie side by side.
        var slabs = (int)dims[^1];
        var slab = target.Length / slabs;
        var width = Math.Min(Math.Max(Slabs, BlockElements / slab), Math.Max(1, slabs / 4));
        var block = GC.AllocateUninitializedArray<T>(width * slab);
        for (var first = 0; first < slabs; first += width)
        {
            width = Math.Min(width, slabs - first);
            reader.Read(stream, block.AsSpan(0, width * slab));
            Spread(block, width, dims.AsSpan(0, dims.Length - 1), slab, target, first, slabs);
        }
    }

    /// <summary>Writes the elements of some slabs to their places.</summary>
    private static void Spread<T>(T[] block, int width, ReadOnlySpan<nint> dims, int slab, T[] target, int first, int slabs)
    {
        // Along the last of the slab's dimensions, places in the result follow each other.
        var inner = (int)dims[^1];
        var stride = slab / inner;
        Span<int> index = stackalloc int[dims.Length];
        index.Clear();
        var from = 0;
        for (var row = 0; row < slab; row += inner)
        {
            for (var start = 0; start < inner; start += Rows)
            {
                var rows = Math.Min(Rows, inner - start);
                for (var line = 0; line < width; line += Line)
                {
                    Move(
                        block.AsSpan((line * slab) + from + (start * stride)),
                        stride,
                        slab,
                        target.AsSpan(((row + start) * slabs) + first + line),
                        slabs,
                        rows,
                        Math.Min(Line, width - line));
                }
            }

            from = Next(index, dims, from);
        }
    }

    private static void Move<T>(ReadOnlySpan<T> block, int rowStride, int columnStride, Span<T> target, int targetStride, int rows, int columns)
    {
        for (var row = 0; row < rows; row++)
        {
            var from = row * rowStride;
            var to = target.Slice(row * targetStride, columns);
            for (var column = 0; column < to.Length; column++) to[column] = block[from + (column * columnStride)];
        }
    }

    /// <summary>The place in the slab of the next index, of which the last counted dimension varies fastest.</summary>
    private static int Next(Span<int> index, ReadOnlySpan<nint> dims, int place)
    {
        for (var axis = dims.Length - 2; axis >= 0; axis--)
        {
            var stride = 1;
            for (var before = 0; before < axis; before++) stride *= (int)dims[before];
            place += stride;
            if (++index[axis] < dims[axis]) break;
            place -= (int)dims[axis] * stride;
            index[axis] = 0;
        }

        return place;
    }
}
