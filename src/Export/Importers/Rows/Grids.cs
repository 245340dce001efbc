using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Images sampled at computed places, and places that an affine map gives.</summary>
internal static class Grids
{
    public static FileResult[] Sample(FileNode node)
    {
        var order = Layout.ChannelsFirst(node.RankOf(0));
        var mode = node.Choice("mode", "linear", "bilinear", "nearest", "cubic", "bicubic") switch
        {
            "nearest" => ResizeMode.Nearest,
            "linear" or "bilinear" => ResizeMode.Linear,
            _ => ResizeMode.Cubic,
        };
        var padding = node.Choice("padding_mode", "zeros", "border", "reflection") switch
        {
            "zeros" => SamplePadding.Zeros,
            "border" => SamplePadding.Border,
            _ => SamplePadding.Reflection,
        };
        return [new(Ops.Make(new GridSample(mode, padding, node.Flag("align_corners")), node.In(0, order), node.In(1)), order)];
    }

    public static FileResult[] Affine(FileNode node)
    {
        var sizes = node.Integers(1, "its size");
        var (rank, shape) = (sizes.Length - 2, node.ShapeOf(0));
        if (rank is not (2 or 3) || shape.Rank != 3 || shape.Dims[1] != rank || shape.Dims[2] != rank + 1 || sizes.Any(size => size < 1))
            throw new ModelException($"it maps [{string.Join(", ", sizes)}] by {shape}; expected (batch, 2, 3) or (batch, 3, 4) and sizes from 1 on.");
        if (shape.Dims[0] >= 0 && shape.Dims[0] != sizes[0]) throw new ModelException($"it makes {sizes[0]} grids by {shape}; expected one map for each.");
        var (positions, isAligned) = (sizes[2..], node.Flag("align_corners"));
        if (isAligned && positions.Contains(1)) throw new ModelException("it aligns the corners of an axis of one position; expected at least two.");
        var count = (int)(node.Reserved([rank + 1, .. positions], DType.Float32).ElementCount / (rank + 1));
        var values = new float[(rank + 1) * count];
        for (var i = 0; i < count; i++)
        {
            // The innermost axis is the first coordinate; the last row of ones adds the offset.
            var rest = i;
            for (var axis = rank - 1; axis >= 0; axis--)
            {
                var (at, size) = (rest % positions[axis], positions[axis]);
                values[((rank - 1 - axis) * count) + i] = (float)(isAligned ? -1 + (2.0 * at / (size - 1)) : -1 + (((2.0 * at) + 1) / size));
                rest /= size;
            }

            values[(rank * count) + i] = 1;
        }

        var grid = Ops.MatMul(node.In(0), Ops.Constant([rank + 1, count], values));
        return [Ops.Reshape(Ops.Transpose(grid, 0, 2, 1), [0, .. positions, rank])];
    }
}
