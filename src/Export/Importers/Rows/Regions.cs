using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Values of images between their positions: convolutions whose kernels are bent, and regions cut out and resized.</summary>
internal static class Regions
{
    private const int MostSamples = 64;

    public static FileResult[] DeformConv(FileNode node)
    {
        var (shape, kernel) = (node.ShapeOf(0), node.ShapeOf(1));
        var (groups, bends) = (node.Int("group", 1), node.Int("offset_group", 1));
        if (shape.Rank != 4 || kernel.Rank != 4 || !kernel.IsKnown || !shape.Slice(1, 3).IsKnown || groups < 1 || bends < 1 || shape.Dims[1] % bends != 0
            || shape.Dims[1] != kernel.Dims[1] * groups || kernel.Dims[0] % groups != 0)
        {
            throw new ModelException(
                $"it convolves {shape} with {kernel} in {groups} groups, bent in {bends}; expected images of known sizes and channels that fit.");
        }

        int[] size = [.. kernel.Dims[2..]], image = [.. shape.Dims[2..]];
        var window = Windows.Of(node, size, shape);
        var places = window.Positions(node, shape).Sizes;
        var (taps, own) = (size[0] * size[1], shape.Dims[1] / bends);
        if (node.RankOf(2) != 4 || node.ShapeOf(2).Slice(1, 3) != Shape.Of(bends * taps * 2, places[0], places[1]))
            throw new ModelException($"its offsets are {node.ShapeOf(2)}; expected (batch, {bends * taps * 2}, {places[0]}, {places[1]}).");
        var x = node.In(0, Layout.ChannelsFirst(4));
        var offsets = Ops.Reshape(node.In(2), 0, bends * taps, 2, places[0], places[1]);
        var mask = node.Has(4) ? node.In(4) : null;
        var parts = new SymbolicTensor[bends];
        for (var bend = 0; bend < bends; bend++)
        {
            var moved = Ops.Slice(offsets, 1, bend * taps, (bend + 1) * taps);
            var rows = Sampling.Linear(Parts.At(moved, 2, 0) + Start(0), image[0]);
            var columns = Sampling.Linear(Parts.At(moved, 2, 1) + Start(1), image[1]);
            parts[bend] = Sampling.Taken(Ops.Slice(x, 3, bend * own, (bend + 1) * own), [rows, columns]);
            if (mask is not null) parts[bend] *= Ops.ExpandDims(Ops.Slice(mask, 1, bend * taps, (bend + 1) * taps), -1);
        }

        // (batch, taps, rows, columns, channels), and a kernel of (taps, channels of a group, filters).
        var seen = Ops.Transpose(Ops.Concatenate(parts, 4), 0, 2, 3, 1, 4);
        var (inputs, filters) = (kernel.Dims[1], kernel.Dims[0] / groups);
        var weights = Ops.Reshape(node.Parameter(1, Layout.KernelOf(4)), taps * inputs, kernel.Dims[0]);
        var results = Enumerable.Range(0, groups).Select(group => Ops.MatMul(
            Ops.Reshape(Ops.Slice(seen, 4, group * inputs, (group + 1) * inputs), 0, places[0], places[1], taps * inputs),
            Ops.Slice(weights, 1, group * filters, (group + 1) * filters))).ToArray();
        var result = Ops.Concatenate(results, 3);
        return [new(node.Has(3) ? result + node.Parameter(3, Layout.Identity(1)) : result, Layout.ChannelsFirst(4))];

        // Where a tap lies without its offset, (taps, rows, columns).
        SymbolicTensor Start(int axis)
        {
            var values = new float[node.Reserved([taps, places[0], places[1]], DType.Float32).ElementCount];
            for (var i = 0; i < values.Length; i++)
            {
                var (tap, row, column) = (i / (places[0] * places[1]), i / places[1] % places[0], i % places[1]);
                var (inKernel, at) = axis == 0 ? (tap / size[1], row) : (tap % size[1], column);
                values[i] = (at * window.Strides[axis]) - window.Begin[axis] + (inKernel * window.Dilations[axis]);
            }

            return Ops.Constant([taps, places[0], places[1]], values);
        }
    }

    /// <summary>Means of samples in each cell of a region.</summary>
    public static FileResult[] RoiAlign(FileNode node)
    {
        var shape = node.ShapeOf(0);
        var (height, width, samples) = (node.Int("output_height", 1), node.Int("output_width", 1), node.Int("sampling_ratio", 0));
        if (node.Choice("mode", "avg", "max") == "max") throw new ModelException("its mode is max; expected avg.");
        if (samples is < 1 or > MostSamples)
            throw new ModelException($"its sampling_ratio is {samples}; expected 1 to {MostSamples}, as 0 takes more samples of larger regions.");
        if (shape.Rank != 4 || !shape.IsKnown || node.RankOf(1) != 2 || height < 1 || width < 1)
            throw new ModelException($"it cuts regions of {height} x {width} out of {shape}; expected images of known sizes and regions (regions, 4).");
        var isHalf = node.Version >= 16 && node.Choice("coordinate_transformation_mode", "half_pixel", "output_half_pixel") == "half_pixel";
        var edges = (node.In(1) * node.Float("spatial_scale", 1)) - (isHalf ? 0.5 : 0);
        var x = node.In(0, Layout.ChannelsFirst(4));
        var rows = Ops.Reshape(Along(1, height), 0, height * samples, 1);
        var columns = Ops.Reshape(Along(0, width), 0, 1, width * samples);
        var images = Ops.Reshape(Parts.Checked(node, node.In(2), shape.Dims[0]), -1, 1, 1) * (shape.Dims[2] * shape.Dims[3]);
        var taken = Sampling.Taken(x, [Inner(rows, shape.Dims[2]), Inner(columns, shape.Dims[3])], images);
        var cells = Ops.Mean(Ops.Reshape(taken, 0, height, samples, width, samples, shape.Dims[1]), [2, 4]);
        return [new(cells, Layout.ChannelsFirst(4))];

        SymbolicTensor Along(int axis, int cells)
        {
            var (start, end) = (Ops.Slice(edges, 1, axis, axis + 1), Ops.Slice(edges, 1, axis + 2, axis + 3));
            var length = isHalf ? end - start : Ops.Maximum(end - start, 1);
            node.Reserved([cells, samples], DType.Float32);
            var at = Enumerable.Range(0, cells * samples).Select(i => (float)((i + 0.5) / (cells * samples)));
            return start + (length * Ops.Constant([cells * samples], [.. at]));
        }

        // A sample up to one position outside takes the border, others nothing.
        static List<(SymbolicTensor Row, SymbolicTensor? Weight)> Inner(SymbolicTensor at, int size)
        {
            var counts = Ops.Cast(Ops.LogicalAnd(Ops.GreaterEqual(at, -1), Ops.LessEqual(at, size)), DType.Float32);
            var inside = Ops.Clip(at, 0, size - 1);
            var below = Ops.Floor(inside);
            var t = inside - below;
            return [(Ops.Cast(below, DType.Int64), (1 - t) * counts), (Ops.Cast(Ops.Minimum(below + 1, size - 1), DType.Int64), t * counts)];
        }
    }
}
