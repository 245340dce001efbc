using OnnxFunctional.Operators;

namespace OnnxFunctional.Pruning;

/// <content>Channels through each operator. An operator without a rule and without a fact that describes it fences all its inputs.</content>
internal sealed partial class ChannelFlow
{
    /// <summary>The channels of a node's outputs; null if the operator has no rule, and its inputs were fenced.</summary>
    private int[]?[][]? Apply(Node node, int[]?[][] x, Host host)
    {
        Shape In(int i) => node.Inputs[i].Spec.Shape;
        var meets = $"{Name(node)} combines them with channels that stay";
        switch (node.Op)
        {
            case LayerNormalization { Axis: var axis }:
                foreach (var weight in x.AsSpan(1)) Fence(weight, meets);
                return [Across(node, x[0], [.. Enumerable.Range(0, In(0).Rank).Skip(ShapeRules.Axis(axis, In(0).Rank, node.Op.Name))])];
            case { IsElementwise: true } or ExpandLike:
                return [Broadcast(node, x, meets)];
            case Gemm:
                Join(x[0][1], x[1][0], meets);
                return [[x[0][0], Join(x[1][1], x[2][0], meets)]];
            case MatMul product:
                return [Product(product, x, meets)];
            case Conv conv:
                return [Convolved(conv.Window.Groups, node, x, meets)];
            case ConvTranspose:
                return [Channels(x[0], node, Biased(Spatial(x[1], 2, node), x, ^2, ^1, meets))];
            case Operators.BatchNormalization { Axis: var axis }:
                return [Normalized(x, axis, meets)];
            case BatchNormalizationTraining { Axis: var axis }:
                var y = Normalized(x, axis, meets);
                return [y, [y[ShapeRules.Axis(axis, y.Length, "BatchNormalization")]], [y[ShapeRules.Axis(axis, y.Length, "BatchNormalization")]]];
            case Reshape reshape when host is Host.Layer or Host.Operators || reshape.Target.All(size => size <= 0):
                return [Reshaped(node, x[0])];
            case Unsqueeze or Squeeze:
                return [Reshaped(node, x[0])];
            case Transpose transpose:
                return [[.. transpose.Permutation.Select(axis => x[0][axis])]];
            case Concat concat:
                return [Concatenated(node, x, ShapeRules.Axis(concat.Axis, In(0).Rank, concat.Name), meets)];
            case Split split when host is Host.Layer or Host.Operators:
                return Pieces(x[0], ShapeRules.Axis(split.Axis, In(0).Rank, split.Name), split.Sizes);
            case var op when x.Length == 1 && op.MixedAxes(In(0).Rank) is { } mixed:
                var along = Across(node, x[0], mixed);
                int[]?[] reduced = [.. along.Where((_, axis) => !mixed.Contains(axis))];
                return [.. node.Outputs.Select(output => output.Spec.Shape.Rank == along.Length ? along : reduced)];
            default:
                foreach (var axes in x) Fence(axes, $"{Name(node)} reads them");
                return null;
        }
    }

    /// <summary>The name of a node in messages: its layer if it has one.</summary>
    private static string Name(Node node) => node.Scope is { } scope ? $"'{scope.Path}' ({scope.Layer.ClassName})" : $"the operator {node.Op.Name}";

    /// <summary>The same channels, except along axes where elements are mixed, selected or added: these stay.</summary>
    private int[]?[] Across(Node node, int[]?[] x, ReadOnlySpan<int> axes)
    {
        var y = (int[]?[])x.Clone();
        foreach (var axis in axes)
        {
            Fence(x[axis], $"{Name(node)} computes across them");
            y[axis] = null;
        }

        return y;
    }

    private int[]?[] Broadcast(Node node, int[]?[][] x, string meets)
    {
        var result = node.Outputs[0].Spec.Shape;
        var y = new int[]?[result.Rank];
        for (var axis = 0; axis < y.Length; axis++)
        {
            var found = false;
            for (var i = 0; i < x.Length; i++)
            {
                var shape = node.Inputs[i].Spec.Shape;
                var own = axis - (result.Rank - shape.Rank);
                if (own < 0) continue;
                if (shape.Dims[own] == 1 && result.Dims[axis] != 1)
                {
                    Fence(x[i][own], $"{Name(node)} repeats them");
                    continue;
                }

                y[axis] = found ? Join(y[axis], x[i][own], meets) : x[i][own];
                found = true;
            }
        }

        return y;
    }

    private int[]?[] Product(MatMul product, int[]?[][] x, string meets)
    {
        var (left, right) = (x[0], x[1]);
        var (m, k) = product.TransposeLeft ? (left[^1], left[^2]) : (left[^2], left[^1]);
        var (l, n) = product.TransposeRight ? (right[^1], right[^2]) : (right[^2], right[^1]);
        Join(k, l, meets);
        if (right.Length == 2) return [.. left[..^2], m, n];
        if (left.Length == 2) return [.. right[..^2], m, n];
        foreach (var axis in (int[]?[])[.. left[..^2], .. right[..^2]]) Fence(axis, meets);
        return [.. new int[]?[Math.Max(left.Length, right.Length) - 2], m, n];
    }

    private int[]?[] Convolved(int groups, Node node, int[]?[][] x, string meets)
    {
        Spatial(x[1], 2, node);
        if (groups == 1) return Channels(x[0], node, Biased(x[1], x, ^1, ^2, meets));

        // With one input channel per group, it is tied to the outputs made of it. Wider groups stay whole.
        var (input, made) = (x[0][^1], x[1][^1]);
        if (node.Inputs[1].Spec.Shape.Dim(-2) == 1 && input is not null && made is not null)
        {
            for (var i = 0; i < made.Length; i++) Classes.Tie(made[i], input[i / (made.Length / groups)]);
        }
        else
        {
            Fence(input, meets);
            Fence(x[1], "the convolution has groups");
            made = null;
        }

        return Channels(x[0], node, x.Length > 2 ? Join(made, x[2][0], meets) : made);
    }

    /// <summary>The output channels of a kernel, after tying its input channels to those of x and its bias to its output channels.</summary>
    private int[]? Biased(int[]?[] kernel, int[]?[][] x, Index made, Index read, string meets)
    {
        Join(x[0][^1], kernel[read], meets);
        return x.Length > 2 ? Join(kernel[made], x[2][0], meets) : kernel[made];
    }

    /// <summary>Fences all axes but the last few.</summary>
    private int[]?[] Spatial(int[]?[] axes, int last, Node node)
    {
        foreach (var axis in axes.AsSpan(..^last)) Fence(axis, $"{Name(node)} slides over them");
        return axes;
    }

    /// <summary>An image with those channels; a window slides over the other axes, which stay.</summary>
    private int[]?[] Channels(int[]?[] image, Node node, int[]? channels)
    {
        Spatial(image, 1, node);
        return [.. new int[]?[image.Length - 1], channels];
    }

    private int[]?[] Normalized(int[]?[][] x, int axis, string meets)
    {
        var y = (int[]?[])x[0].Clone();
        ref var channels = ref y[ShapeRules.Axis(axis, y.Length, "BatchNormalization")];
        foreach (var statistics in x.AsSpan(1)) channels = Join(channels, statistics[0], meets);
        return y;
    }

    private int[]?[] Concatenated(Node node, int[]?[][] x, int axis, string meets)
    {
        var y = x[0];
        foreach (var next in x.AsSpan(1))
        {
            var joined = new int[]?[y.Length];
            for (var other = 0; other < y.Length; other++)
            {
                if (other != axis) joined[other] = Join(y[other], next[other], meets);
            }

            y = joined;
        }

        if (y.Length > 0 && x.Any(part => part[axis] is not null))
        {
            // A part that stays gets channels of its own, which stay too.
            y = (int[]?[])y.Clone();
            y[axis] = [.. x.SelectMany((part, i) => part[axis] ?? Staying(node.Inputs[i].Spec.Shape.Dims[axis], meets))];
        }

        return y;
    }

    private int[] Staying(int count, string reason)
    {
        var channels = Classes.Make(count);
        Fence(channels, reason);
        return channels;
    }

    private static int[]?[][] Pieces(int[]?[] x, int axis, IntList sizes)
    {
        var pieces = new int[]?[sizes.Count][];
        for (var (i, start) = (0, 0); i < pieces.Length; start += sizes[i++])
        {
            pieces[i] = (int[]?[])x.Clone();
            pieces[i][axis] = x[axis]?[start..(start + sizes[i])];
        }

        return pieces;
    }
}
