using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>Compares blocks of three axes, in every layout and element size, with plain loops; gathers and adds rows by index.</summary>
[TestClass]
[TestCategory("Kernels")]
public class StridedMovesTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(4)]
    [DataRow(8)]
    public void Every_arrangement_matches_a_loop(int size)
    {
        int[] counts = [0, 1, 2, 3, 7, 8, 9, 16, 17, 33, 70];
        foreach (var rows in counts)
        {
            foreach (var columns in counts)
            {
                // Adjacent, transposed, repeated, strided, reversed.
                Check(size, Block(1, 0, 0, rows, columns, columns + 3, 1, columns, 1));
                Check(size, Block(3, (columns + 3) * (rows + 1), columns * rows, rows, columns, columns + 3, 1, columns, 1));
                Check(size, Block(2, (rows + 5) * columns, 1 + ((columns + 2) * rows), rows, columns, 1, rows + 5, columns + 2, 1));
                Check(size, Block(1, 0, 0, rows, columns, 1, rows + 5, columns + 2, 1));
                Check(size, Block(1, 0, 0, rows, columns, 2, 0, columns, 1));
                Check(size, Block(1, 0, 0, rows, columns, 3 * columns, 2, 1, rows + 1));
                Check(size, Block(1, 0, 0, rows, columns, -(columns + 1), -1, columns, 1));
                Check(size, Block(1, 0, 0, rows, columns, 1, -rows, columns, 1));
            }
        }
    }

    [TestMethod]
    public void A_move_beyond_the_memory_is_refused()
    {
        var memory = new byte[40];
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => StridedMoves.Move(memory, 0, memory, 0, 4, Block(1, 0, 0, 2, 6, 6, 1, 6, 1)));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => StridedMoves.Move(memory, 0, memory, 0, 4, Block(1, 0, 0, 2, 2, -1, 1, 2, 1)));
    }

    [TestMethod]
    public void Gathered_and_scattered_rows_match_loops()
    {
        foreach (var columns in new[] { 1, 3, 16, 33 })
        {
            const int rows = 11;
            var table = SimdTesting.Random(rows * columns);
            long[] indices = [3, 10, 3, -1, 0, 3, -11, 5];
            var chosen = new float[indices.Length * columns];
            Assert.AreEqual(-1, IndexLoops.GatherRows<long>(Bytes(table), columns * 4, indices, strict: false, Bytes(chosen)));
            var sums = new float[rows * columns];
            for (var i = 0; i < indices.Length; i++)
            {
                var row = (int)(indices[i] < 0 ? indices[i] + rows : indices[i]);
                for (var c = 0; c < columns; c++)
                {
                    Assert.AreEqual(table[(row * columns) + c], chosen[(i * columns) + c]);
                    sums[(row * columns) + c] += chosen[(i * columns) + c];
                }
            }

            // The table in two ranges.
            var result = new float[rows * columns];
            Array.Fill(result, float.NaN);
            Assert.AreEqual(-1, IndexLoops.ScatterAddRows<long>(chosen, indices, rows, 0, result.AsSpan(0, 4 * columns), columns));
            Assert.AreEqual(-1, IndexLoops.ScatterAddRows<int>(chosen, Array.ConvertAll(indices, i => (int)i), rows, 4, result.AsSpan(4 * columns), columns));
            CollectionAssert.AreEqual(sums, result);
            Assert.AreEqual(2, IndexLoops.GatherRows<int>(Bytes(table), columns * 4, [1, 2, 11], strict: false, Bytes(chosen)));
            Assert.AreEqual(1, IndexLoops.GatherRows<long>(Bytes(table), columns * 4, [1, -2, 0], strict: true, Bytes(chosen)));
            Assert.AreEqual(1, IndexLoops.ScatterAddRows<int>(chosen, [1, -12, 3], rows, 0, result, columns));
        }
    }

    private static Span<byte> Bytes(float[] array) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(array.AsSpan());

    private static StridedMoves.Block Block(
        int planes, int sourcePlane, int targetPlane, int rows, int columns, int sourceRow, int sourceColumn, int targetRow, int targetColumn) =>
        new(new(planes, sourcePlane, targetPlane), new(rows, sourceRow, targetRow), new(columns, sourceColumn, targetColumn));

    private static void Check(int size, StridedMoves.Block block)
    {
        StridedMoves.Axis[] axes = [block.Planes, block.Rows, block.Columns];
        var (sourceFirst, sourceLength) = Reach(axes, axis => axis.Source);
        var (targetFirst, targetLength) = Reach(axes, axis => axis.Target);
        var source = new byte[sourceLength * size];
        new Random(5).NextBytes(source);
        var expected = new byte[(targetLength + 2) * size];
        Array.Fill(expected, (byte)0xAB);
        var actual = (byte[])expected.Clone();
        for (var p = 0; p < block.Planes.Count; p++)
        {
            for (var r = 0; r < block.Rows.Count; r++)
            {
                for (var c = 0; c < block.Columns.Count; c++)
                {
                    var from = (sourceFirst + (p * block.Planes.Source) + (r * block.Rows.Source) + (c * block.Columns.Source)) * size;
                    var to = (1 + targetFirst + (p * block.Planes.Target) + (r * block.Rows.Target) + (c * block.Columns.Target)) * size;
                    source.AsSpan(from, size).CopyTo(expected.AsSpan(to));
                }
            }
        }

        StridedMoves.Move(source, sourceFirst, actual, 1 + targetFirst, size, block);
        CollectionAssert.AreEqual(expected, actual, block.ToString());
    }

    private static (int First, int Length) Reach(StridedMoves.Axis[] axes, Func<StridedMoves.Axis, int> stride)
    {
        if (axes.Any(axis => axis.Count == 0)) return (0, 0);
        var low = axes.Sum(axis => Math.Min((axis.Count - 1) * stride(axis), 0));
        var high = axes.Sum(axis => Math.Max((axis.Count - 1) * stride(axis), 0));
        return (-low, high - low + 1);
    }
}
