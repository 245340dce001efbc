using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Tensors put into places of larger ones.</summary>
internal static class Places
{
    /// <summary>Blocks added to the image that they were cut from.</summary>
    public static FileResult[] Col2Im(FileNode node)
    {
        var (image, block, shape) = (node.Integers(1, "its image shape"), node.Integers(2, "its block shape"), node.ShapeOf(0));
        var rank = image.Length;
        var (dilations, strides) = (node.Ints("dilations") ?? [.. Enumerable.Repeat(1, rank)], node.Ints("strides") ?? [.. Enumerable.Repeat(1, rank)]);
        var pads = node.Ints("pads") ?? new int[2 * rank];
        if (rank == 0 || block.Length != rank || dilations.Length != rank || strides.Length != rank || pads.Length != 2 * rank
            || image.Concat(block).Concat(dilations).Concat(strides).Any(size => size < 1) || pads.Any(pad => pad < 0))
            throw new ModelException("its sizes, strides, dilations and pads do not describe blocks of an image; expected positive ones, one for each axis.");
        int[] counts = [.. Enumerable.Range(0, rank).Select(i =>
            ((image[i] + pads[i] + pads[rank + i] - (dilations[i] * (block[i] - 1)) - 1) / strides[i]) + 1)];
        var (elements, places) = (Shape.Of(block).ElementCount, Shape.Of(counts).ElementCount);
        if (shape.Rank != 3 || shape.Dims[1] < 1 || shape.Dims[1] % elements != 0 || shape.Dims[2] != places)
            throw new ModelException($"its input is {shape}; expected (batch, a multiple of {elements}, {places}).");

        // One more place takes what lies in the pads.
        var size = (int)node.Reserved(Shape.Of(image), DType.Int64).ElementCount;
        var channels = (int)(shape.Dims[1] / elements);
        var targets = new long[node.Reserved([.. block, .. counts], DType.Int64).ElementCount];
        for (var i = 0; i < targets.Length; i++)
        {
            var (inBlock, at, place, stride, isInside) = (i / places, i % places, 0L, 1L, true);
            for (var axis = rank - 1; axis >= 0; axis--)
            {
                var position = (at % counts[axis] * strides[axis]) - pads[axis] + (inBlock % block[axis] * dilations[axis]);
                isInside &= position >= 0 && position < image[axis];
                place += position * stride;
                (at, inBlock, stride) = (at / counts[axis], inBlock / block[axis], stride * image[axis]);
            }

            targets[i] = isInside ? place : size;
        }

        var rows = Ops.Reshape(node.In(0), 0, channels, -1);
        var wide = Ops.Tile(Ops.Slice(rows, 2, 0, 1), 1, 1, size + 1);
        var sums = Ops.Make(new GatherGradient(2), rows, Ops.Constant([targets.Length], targets), wide);
        return [Ops.Reshape(Ops.Slice(sums, 2, 0, size), [0, channels, .. image])];
    }

    /// <summary>Maxima put back where a MaxPool found them.</summary>
    public static FileResult[] MaxUnpool(FileNode node)
    {
        var (shape, kernel) = (node.ShapeOf(0), node.Ints("kernel_shape") ?? []);
        var rank = kernel.Length;
        var (strides, pads) = (node.Ints("strides") ?? [.. Enumerable.Repeat(1, rank)], node.Ints("pads") ?? new int[2 * rank]);
        if (!shape.IsKnown || shape.Rank != rank + 2 || node.ShapeOf(1) != shape || strides.Length != rank || pads.Length != 2 * rank || shape.Dims.Contains(0))
            throw new ModelException($"it puts {shape} to {node.ShapeOf(1)} with {rank} kernel sizes; expected known sizes, (batch, channels, positions...).");
        int[] pooled = [.. shape.Dims];
        for (var i = 0; i < rank; i++) pooled[i + 2] = ((shape.Dims[i + 2] - 1) * strides[i]) - pads[i] - pads[rank + i] + kernel[i];
        var size = pooled.Aggregate(1L, (product, next) => product * next);
        if (pooled.Any(dim => dim < 1) || size > int.MaxValue) throw new ModelException($"it makes [{string.Join(", ", pooled)}]; expected positive sizes.");
        var rows = Parts.Checked(node, Ops.Reshape(node.In(1), -1), (int)size);
        var zeros = Parts.Zeros(node, [(int)size, 1], node.TypeOf(0));
        var result = Ops.Reshape(Scatters.Replaced(node, zeros, rows, Ops.Reshape(node.In(0), -1, 1)), pooled);
        if (!node.Has(2)) return [result];
        var wanted = node.Integers(2, "its output shape");
        if (wanted.Length != pooled.Length || wanted.Zip(pooled).Any(pair => pair.First < pair.Second))
            throw new ModelException($"its output shape is [{string.Join(", ", wanted)}]; expected at least [{string.Join(", ", pooled)}].");
        return [Ops.Pad(result, new int[wanted.Length], [.. wanted.Zip(pooled, (to, from) => to - from)])];
    }

    /// <summary>The middle of each axis, or the tensor in the middle of zeros.</summary>
    public static FileResult[] CenterCropPad(FileNode node)
    {
        var (wanted, x) = (node.Integers(1, "its shape"), node.In(0));
        var axes = node.Ints("axes") ?? [.. Enumerable.Range(0, x.Rank)];
        if (axes.Length != wanted.Length) throw new ModelException($"it gives {wanted.Length} sizes for {axes.Length} axes; expected one for each.");
        for (var i = 0; i < axes.Length; i++)
        {
            var axis = ShapeRules.Axis(axes[i], x.Rank, "CenterCropPad");
            var (own, size) = (x.Shape.Dims[axis], wanted[i]);
            if (own < 0 || size < 0) throw new ModelException($"it makes axis {axis} of {x.Shape} {size} long; expected known sizes.");
            if (size < own) x = Ops.Slice(x, axis, (own - size) / 2, ((own - size) / 2) + size);
            else if (size > own) x = Widened(axis, (size - own) / 2, size - own - ((size - own) / 2));
        }

        return [Ops.Make(new Identity(), x)];

        SymbolicTensor Widened(int axis, int before, int after)
        {
            if (x.DType == DType.Float32)
            {
                int[] begin = new int[x.Rank], end = new int[x.Rank];
                (begin[axis], end[axis]) = (before, after);
                return Ops.Pad(x, begin, end);
            }

            if (!x.Shape.IsKnown) throw new ModelException($"it pads {x.DType.KerasName()} of shape {x.Shape}; expected known sizes.");
            var (front, back) = (Parts.Zeros(node, x.Shape.With(axis, before), x.DType), Parts.Zeros(node, x.Shape.With(axis, after), x.DType));
            return Ops.Concatenate(new[] { front, x, back }, axis);
        }
    }

    /// <summary>New steps written into a cache, each sample at its own place.</summary>
    public static FileResult[] TensorScatter(FileNode node)
    {
        var (cache, update, rank) = (node.In(0), node.In(1), node.RankOf(0));
        var axis = ShapeRules.Axis(node.Int("axis", -2), rank, "TensorScatter");
        var (size, steps, mode) = (cache.Shape.Dims[axis], update.Rank == rank ? update.Shape.Dims[axis] : 0, node.Choice("mode", "linear", "circular"));
        if (axis == 0 || size < 1 || steps < 1 || steps > size || !update.Shape.With(axis, size).IsCompatibleWith(cache.Shape))
            throw new ModelException($"it writes {update.Shape} into {cache.Shape} along axis {axis}; expected known sizes, the steps within the cache.");
        int[] alongBatch = [-1, .. Enumerable.Repeat(1, rank - 1)];
        int[] alongAxis = [.. Enumerable.Range(0, rank).Select(i => i == axis ? size : 1)];
        var first = node.Has(2)
            ? Ops.Reshape(Ops.Cast(node.In(2), DType.Int64), alongBatch)
            : Ops.Reshape(Parts.Number(0, DType.Int64), [.. Enumerable.Repeat(1, rank)]);

        // Steps that would end behind the cache stop the run.
        first = mode == "circular" ? Ops.Mod(first, size) : Parts.Checked(node, first, size - steps + 1);
        var step = Ops.Reshape(Parts.Count(node, size), alongAxis) - first;
        if (mode == "circular") step = Ops.Mod(step, size);
        var isWritten = Ops.LogicalAnd(Ops.GreaterEqual(step, 0), Ops.Less(step, steps));
        var source = Ops.Make(new ExpandLike(), Ops.Where(isWritten, step, Parts.Number(0, DType.Int64)), cache);
        return [Ops.Where(isWritten, Ops.Make(new GatherElements(axis), update, source), cache)];
    }
}
