using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>The different elements of known tensors.</summary>
internal static class Sets
{
    /// <summary>The different elements, or slices along an axis: where each is first, which each one is, and how many there are.</summary>
    public static FileResult[] Unique(FileNode node)
    {
        var data = node.Known(0, "its input");
        var shape = data.Shape;
        if (node.IntOrNull("axis") is not { } given) (shape, given) = (Shape.Of((int)shape.ElementCount), 0);
        var axis = ShapeRules.Axis(given, shape.Rank, "Unique");
        var (size, count) = (shape.Dims[axis], shape.Dims[axis] == 0 ? 0 : (int)(shape.ElementCount / shape.Dims[axis]));
        var which = new long[node.Reserved([size], DType.Int64).ElementCount];
        IntList toFront = [axis, .. Enumerable.Range(0, shape.Rank).Where(i => i != axis)];
        var rows = Comparable(DataMoves.Transposed(DataMoves.Reshaped(data, shape), toFront), count);
        var found = new List<int>();
        var numbers = new Dictionary<double[], int>(new SameRow());
        var longs = data.Type == DType.Int64 ? DataMoves.Longs(data) : [];
        if (longs.Any(value => Math.Abs((double)value) > 1L << 53)) throw new ModelException("its input holds integers beyond 2^53; expected smaller ones.");
        for (var i = 0; i < size; i++)
        {
            if (!numbers.TryGetValue(rows[i], out var number))
            {
                numbers[rows[i]] = number = found.Count;
                found.Add(i);
            }

            which[i] = number;
        }

        int[] order = [.. Enumerable.Range(0, found.Count)];
        if (node.Flag("sorted", true)) order = [.. order.OrderBy(number => rows[found[number]], Comparer<double[]>.Create(Compare))];
        var places = new long[order.Length];
        for (var i = 0; i < order.Length; i++) places[order[i]] = i;
        long[] first = [.. order.Select(number => (long)found[number])];
        long[] inverse = [.. which.Select(number => places[number])];
        long[] counts = [.. order.Select(number => which.LongCount(own => own == number))];
        var all = Ops.Make(new Constant(DataMoves.Reshaped(data, shape)));
        return [Ops.Take(all, Vector(first), axis), Vector(first), Vector(inverse), Vector(counts)];
    }

    private static SymbolicTensor Vector(long[] values) => Ops.Constant([values.Length], values);

    private static double[][] Comparable(TensorData data, int count)
    {
        double[] values = data.Type == DType.Float32
            ? [.. DataMoves.Floats(data).Select(value => (double)value)]
            : [.. DataMoves.Longs(data).Select(value => (double)value)];
        return count == 0 ? [.. Enumerable.Range(0, data.Shape.Dims[0]).Select(_ => Array.Empty<double>())] : [.. values.Chunk(count)];
    }

    private static int Compare(double[]? left, double[]? right) => left.AsSpan().SequenceCompareTo(right);

    private sealed class SameRow : IEqualityComparer<double[]>
    {
        public bool Equals(double[]? x, double[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(double[] row) => row.Aggregate(17, HashCode.Combine);
    }
}
