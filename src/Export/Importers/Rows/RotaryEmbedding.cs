namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Pairs of features turned by angles that grow with the position.</summary>
internal static class RotaryEmbedding
{
    public static FileResult[] Import(FileNode node)
    {
        var shape = node.ShapeOf(0);
        if (shape.Rank is not (3 or 4) || shape.Dims[^1] < 0)
            throw new ModelException($"its input is {shape}; expected (batch, heads, steps, size) or (batch, steps, heads * size), the last size known.");
        var isFlat = shape.Rank == 3;
        var heads = node.Int("num_heads", 0);
        if (isFlat && (heads <= 0 || shape.Dims[2] % heads != 0))
            throw new ModelException($"its input is {shape} with num_heads {heads}; expected a number that divides the last size.");
        var x = isFlat ? Ops.Reshape(node.In(0), 0, 0, heads, shape.Dims[2] / heads) : node.In(0);
        var size = x.Shape.Dims[3];
        var turned = node.Int("rotary_embedding_dim", 0) is not 0 and var given ? given : size;
        if (turned < 0 || turned > size || turned % 2 != 0) throw new ModelException($"it turns {turned} of {size} features; expected an even number of them.");
        var (cos, sin) = (Angles(node, 1, turned / 2, isFlat), Angles(node, 2, turned / 2, isFlat));
        var rotated = Ops.Slice(x, 3, 0, turned);
        var isInterleaved = node.Flag("interleaved");
        var (a, b) = isInterleaved
            ? (Ops.Slice(rotated, 3, 0, step: 2), Ops.Slice(rotated, 3, 1, step: 2))
            : (Ops.Slice(rotated, 3, 0, turned / 2), Ops.Slice(rotated, 3, turned / 2));
        var (real, imaginary) = ((cos * a) - (sin * b), (sin * a) + (cos * b));
        var result = isInterleaved
            ? Ops.Reshape(Ops.Stack(new[] { real, imaginary }, 4), 0, 0, 0, turned)
            : Ops.Concatenate(new[] { real, imaginary }, 3);
        if (turned < size) result = Ops.Concatenate(new[] { result, Ops.Slice(x, 3, turned) }, 3);
        return [isFlat ? Ops.Reshape(result, 0, 0, shape.Dims[2]) : result];
    }

    /// <summary>Cosines or sines of each step: (batch, 1, steps, size), or (batch, steps, 1, size) for a flat input.</summary>
    private static SymbolicTensor Angles(FileNode node, int input, int size, bool isFlat)
    {
        var table = node.In(input);
        if (table.Rank != (node.Has(3) ? 2 : 3) || (table.Shape.Dims[^1] >= 0 && table.Shape.Dims[^1] != size))
            throw new ModelException($"its table of angles is {table.Shape}; expected {(node.Has(3) ? "(positions" : "(batch, steps")}, {size}).");
        return Ops.ExpandDims(node.Has(3) ? Ops.Take(table, node.In(3), 0) : table, isFlat ? 2 : 1);
    }
}
