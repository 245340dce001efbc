using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Convolutions, channels-last in the graph.</summary>
internal static class Convolutions
{
    public static FileResult[] Conv(FileNode node)
    {
        var rank = node.RankOf(0);
        var window = WindowOf(node, 1);
        var (x, kernel) = (node.In(0, Layout.ChannelsFirst(rank)), node.In(1, Layout.KernelOf(rank)));
        var result = node.Has(2)
            ? Ops.Make(new Conv(window), x, kernel, node.In(2))
            : Ops.Make(new Conv(window), x, kernel);
        return [new(result, Layout.ChannelsFirst(rank))];
    }

    /// <summary>The window of a convolution whose kernel is an input: (out, in / groups, positions...).</summary>
    public static Window WindowOf(FileNode node, int kernel)
    {
        var windows = Windows.Of(node, node.ShapeOf(kernel).Dims[2..].ToArray(), node.ShapeOf(0));
        return new Window([.. windows.Strides], [.. windows.Dilations], windows.Pads, node.Int("group", 1));
    }

    public static FileResult[] ConvTranspose(FileNode node)
    {
        var (input, kernel) = (node.ShapeOf(0), node.ShapeOf(1));
        var (rank, groups) = (input.Rank, node.Int("group", 1));
        if (groups < 1 || kernel.Rank != rank || kernel.Dims[0] % groups != 0)
        {
            throw new ModelException(
                $"it convolves {input} with {kernel} in {groups} groups; expected a number of groups that divides {kernel.Dims[0]} channels.");
        }

        var spatial = rank - 2;
        var strides = node.Ints("strides") ?? [.. Enumerable.Repeat(1, spatial)];
        var dilations = node.Ints("dilations") ?? [.. Enumerable.Repeat(1, spatial)];
        var added = node.Ints("output_padding") ?? new int[spatial];
        var pads = node.Ints("pads") ?? new int[2 * spatial];
        int[] begin = pads[..spatial], end = pads[spatial..];
        var (asked, auto) = (node.Ints("output_shape"), Windows.AutoPad(node));
        if (auto == "VALID") (begin, end) = (new int[spatial], new int[spatial]);
        for (var i = 0; i < spatial; i++)
        {
            if (asked is null && auto is not ("SAME_UPPER" or "SAME_LOWER")) break;
            var size = input.Dims[i + 2];
            if (size == Shape.Unknown && asked is not null) throw new ModelException($"it gives output_shape, but its input is {input}; expected known sizes.");

            // What the full result has more than was asked for is cut off, the odd position at the end, or at the start in SAME_LOWER and with
            // output_shape; what it lacks is added at the end.
            var extent = ((kernel.Dims[i + 2] - 1) * dilations[i]) + 1;
            var total = asked is null
                ? extent + added[i] - strides[i]
                : (strides[i] * (size - 1)) + added[i] + extent - asked[asked.Length - spatial + i];
            begin[i] = total < 0 ? 0 : auto == "SAME_UPPER" ? total / 2 : total - (total / 2);
            end[i] = total - begin[i];
        }

        for (var i = 0; i < spatial; i++) end[i] -= added[i];
        var window = new Window([.. strides], [.. dilations], Pads.Explicit([.. begin], [.. end]));
        var order = Layout.ChannelsFirst(rank);

        // A file's kernel is (in, out / groups, positions...), the graph's (positions..., out, in).
        var (x, weights) = (node.In(0, order), node.In(1, Layout.KernelOf(rank)));
        if (groups == 1)
        {
            SymbolicTensor[] operands = node.Has(2) ? [x, weights, node.In(2)] : [x, weights];
            return [new(Ops.Make(new ConvTranspose(window, []), operands), order)];
        }

        int[] parts = [.. Enumerable.Repeat(kernel.Dims[0] / groups, groups)];
        var (inputs, kernels) = (Ops.Split(x, parts, rank - 1), Ops.Split(weights, parts, rank - 1));
        var result = Ops.Concatenate(inputs.Zip(kernels).Select(pair => Ops.Make(new ConvTranspose(window, []), pair.First, pair.Second)).ToArray(), rank - 1);
        return [new(node.Has(2) ? result + node.In(2) : result, order)];
    }
}
