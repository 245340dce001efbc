namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Follows integers that a file computes from shapes, as numbers and symbols of sizes.</summary>
internal static class SizeRules
{
    private const int MostElements = 64;

    /// <summary>The elements of the first output, if it is a list of integers that follows from shapes; null otherwise.</summary>
    public static IReadOnlyList<Extent>? Of(FileNode node) => node.OpType switch
    {
        "Shape" => Shape(node),
        "Size" => [.. new[] { Dimensions(node).Aggregate(Extent.Of(1), (product, next) => product * next) }],
        "Identity" or "Unsqueeze" or "Squeeze" or "Reshape" => node.SizesOf(0),
        "Cast" when StoredTensors.TypeOf(node.Int("to", 0)) is { } type && type.IsInteger() => node.SizesOf(0),
        "Concat" => Concat(node),
        "Gather" when node.SizesOf(0) is { } from && node.SizesOf(1) is { } indices => Gather(from, indices),
        "Slice" => Slice(node),
        "Add" => Both(node, (a, b) => a + b),
        "Sub" => Both(node, (a, b) => a - b),
        "Mul" => Both(node, (a, b) => a * b),
        "Div" => Both(node, (a, b) => a / b),
        _ => null,
    };

    /// <summary>Known extents as the elements of a tensor that they belong to.</summary>
    public static TensorData Data(IReadOnlyList<Extent> extents, SymbolicTensor tensor)
    {
        var shape = tensor.Rank == 0 ? OnnxFunctional.Shape.Of() : OnnxFunctional.Shape.Of(extents.Count);
        return tensor.DType == DType.Int64
            ? TensorData.Of(shape, [.. extents.Select(extent => extent.Number!.Value)])
            : TensorData.Of(shape, [.. extents.Select(extent => checked((int)extent.Number!.Value))]);
    }

    private static IEnumerable<Extent> Dimensions(FileNode node) => node.ShapeOf(0).Symbols.ToArray().Select(Extent.OfDimension);

    private static Extent[] Shape(FileNode node)
    {
        Extent[] all = [.. Dimensions(node)];
        var (start, end) = Range(node, all.Length);
        return all[start..end];
    }

    /// <summary>The axes that a Shape node names.</summary>
    public static (int Start, int End) Range(FileNode node, int rank)
    {
        var start = Resolve(node.Int("start", 0));
        var end = Resolve(node.Int("end", rank));
        return (start, Math.Max(start, end));

        int Resolve(int position) => Math.Clamp(position < 0 ? position + rank : position, 0, rank);
    }

    private static Extent[]? Concat(FileNode node)
    {
        var result = new List<Extent>();
        for (var i = 0; i < node.InputCount; i++)
        {
            if (node.RankOf(i) != 1 || node.SizesOf(i) is not { } part) return null;
            result.AddRange(part);
        }

        return result.Count <= MostElements ? [.. result] : null;
    }

    private static Extent[]? Gather(IReadOnlyList<Extent> from, IReadOnlyList<Extent> indices)
    {
        var result = new Extent[indices.Count];
        for (var i = 0; i < result.Length; i++)
        {
            if (indices[i].Number is not { } index) return null;
            if (index < 0) index += from.Count;
            if (index < 0 || index >= from.Count) return null;
            result[i] = from[(int)index];
        }

        return result;
    }

    private static Extent[]? Slice(FileNode node)
    {
        if (node.RankOf(0) != 1 || node.SizesOf(0) is not { } from) return null;
        var bounds = Slices.Of(node);
        if (bounds is not { Axes: [0] }) return null;
        var slice = new Operators.Slice([0], [bounds.Starts[0]], [bounds.Ends[0]], [bounds.Steps[0]]);
        var (start, count) = slice.Range(0, from.Count);
        return [.. Enumerable.Range(0, count).Select(i => from[start + (i * bounds.Steps[0])])];
    }

    private static Extent[]? Both(FileNode node, Func<Extent, Extent, Extent> function)
    {
        if (!node.TypeOf(0).IsInteger() || node.SizesOf(0) is not { } left || node.SizesOf(1) is not { } right) return null;
        if (left.Count != right.Count && left.Count != 1 && right.Count != 1) return null;
        var count = left.Count == 0 || right.Count == 0 ? 0 : Math.Max(left.Count, right.Count);
        return [.. Enumerable.Range(0, count).Select(i => function(left[left.Count == 1 ? 0 : i], right[right.Count == 1 ? 0 : i]))];
    }
}
