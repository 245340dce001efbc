namespace OnnxFunctional.Pruning;

/// <content>Channels through a change of shape.</content>
internal sealed partial class ChannelFlow
{
    /// <summary>Splits both shapes into blocks of the same elements, (h, w, c) and (h w c), and carries the channels through each block.</summary>
    private int[]?[] Reshaped(Node node, int[]?[] x)
    {
        var (from, to) = (node.Inputs[0].Spec.Shape, node.Outputs[0].Spec.Shape);
        var y = new int[]?[to.Rank];
        var (fromEnd, toEnd) = (from.Rank, to.Rank);
        while (fromEnd > 0 && toEnd > 0 && from.Dims[fromEnd - 1] == to.Dims[toEnd - 1] && from.Dims[fromEnd - 1] != Shape.Unknown) y[--toEnd] = x[--fromEnd];

        // Unlabelled axes that are left, the batch and positions, need no rule.
        var (i, j) = (0, 0);
        while (x[i..fromEnd].Any(axis => axis is not null))
        {
            var (fromStart, toStart) = (i, j);
            var (read, written) = (1L, 1L);
            var known = true;
            do
            {
                var reads = i < fromEnd && (j >= toEnd || read <= written);
                if (!reads && j >= toEnd) break;
                var dim = reads ? from.Dims[i++] : to.Dims[j++];
                if (dim == Shape.Unknown && reads && i == fromStart + 1 && j == toStart && j < toEnd && to.Dims[j] == Shape.Unknown)
                {
                    j++;
                    break;
                }

                known &= dim != Shape.Unknown;
                if (reads) read *= dim;
                else written *= dim;
            }
            while (read != written || (i == fromStart) != (j == toStart && toStart < toEnd));

            if (known && read == written)
                Through(node, from.Dims[fromStart..i], x.AsSpan(fromStart, i - fromStart), to.Dims[toStart..j], y.AsSpan(toStart, j - toStart));
            else Fence([.. x.AsSpan(fromStart, fromEnd - fromStart)], Mixes(node));
            if (!known || read != written) break;
        }

        return y;
    }

    /// <summary>Carries the channels of one block: labels each element, then finds the one new axis that the labels depend on.</summary>
    private void Through(Node node, ReadOnlySpan<int> from, ReadOnlySpan<int[]?> x, ReadOnlySpan<int> to, Span<int[]?> y)
    {
        var labelled = -1;
        for (var axis = 0; axis < x.Length; axis++)
        {
            if (x[axis] is null) continue;
            if (labelled >= 0)
            {
                Fence([.. x], Mixes(node));
                return;
            }

            labelled = axis;
        }

        if (labelled < 0) return;
        var count = 1;
        foreach (var dim in from) count *= dim;
        var inner = 1;
        foreach (var dim in from[(labelled + 1)..]) inner *= dim;
        var elements = new int[count];
        for (var e = 0; e < count; e++) elements[e] = x[labelled]![e / inner % from[labelled]];

        var stride = 1;
        for (var axis = to.Length - 1; axis >= 0; stride *= to[axis--])
        {
            // An axis of size 1 holds channels only if there is no other.
            if (to[axis] == 1 && count > 1) continue;
            if (!DependOn(elements, stride, to[axis])) continue;
            y[axis] = new int[to[axis]];
            for (var c = 0; c < to[axis]; c++) y[axis]![c] = elements[c * stride];
            return;
        }

        Fence(elements, Mixes(node));
    }

    private bool DependOn(int[] elements, int stride, int size)
    {
        for (var e = 0; e < elements.Length; e++)
        {
            if (Classes.Find(elements[e]) != Classes.Find(elements[e / stride % size * stride])) return false;
        }

        return true;
    }

    private static string Mixes(Node node) => $"{Name(node)} reshapes them so that they mix with positions or groups";
}
