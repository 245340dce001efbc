using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Convolutions, and their gradients in ONNX's operators.</summary>
internal static class Convolutions
{
    // A 3x3x3 kernel; each position takes at least two nodes.
    private const int MostProducts = 27;

    // The most elements per sample that the kernel's positions may read together.
    private const int MostGathered = 1 << 20;

    public static void Conv(Emission emission, Node node, Conv op)
    {
        var (x, kernel, window) = (node.Inputs[0], node.Inputs[1], op.Window);
        var dilated = window.Dilations.Any(dilation => dilation > 1);
        var extents = Windows.Extents(window, kernel.Spec.Shape);
        var attribute = Windows.Padding(window.Pads, x.Spec.Shape, extents, window.Strides, dilated);
        var (image, padding) = Windows.Padded(emission, x, attribute, window.Pads, extents, window.Strides, 0);
        var layout = Layout.ChannelsFirst(x.Spec.Shape.Rank);
        var inputs = new List<string> { image, emission.Read(kernel, Windows.Kernel(window.SpatialRank)) };
        if (node.Inputs.Count == 3) inputs.Add(emission.Read(node.Inputs[2]));
        emission.Result(
            node.Outputs[0],
            layout,
            "Conv",
            inputs,
            Attributes.Ints("kernel_shape", KernelShape(kernel)),
            Attributes.Ints("strides", window.Strides),
            Attributes.Ints("dilations", window.Dilations),
            padding,
            Attributes.Int("group", window.Groups));
    }

    /// <summary>What Keras crops from the full result is ONNX's padding; what it adds at the end, where no input reaches, is output_padding.</summary>
    public static void ConvTranspose(Emission emission, Node node, ConvTranspose op)
    {
        var (x, kernel, window) = (node.Inputs[0], node.Inputs[1], op.Window);
        var crops = Enumerable.Range(0, window.SpatialRank).Select(i => op.Crop(i, kernel.Spec.Shape.Dims[i])).ToArray();
        var layout = Layout.ChannelsFirst(x.Spec.Shape.Rank);
        var inputs = new List<string> { emission.Read(x, layout), emission.Read(kernel, Windows.Kernel(window.SpatialRank)) };
        if (node.Inputs.Count == 3) inputs.Add(emission.Read(node.Inputs[2]));
        int[] begin = [.. crops.Select(crop => crop.Begin)], end = [.. crops.Select(crop => Math.Max(crop.End, 0))];
        int[] added = [.. crops.Select(crop => Math.Max(-crop.End, 0))];
        if (emission.Target is not { CropsEvenly: true } || begin.SequenceEqual(end))
        {
            emission.Result(node.Outputs[0], layout, "ConvTranspose", inputs, TransposedAttributes(kernel, window, [.. begin, .. end], added));
            return;
        }

        // The whole result, cropped by a node of its own.
        var y = layout.Stored(node.Outputs[0].Spec);
        var whole = y.Shape;
        for (var i = 0; i < begin.Length; i++) whole = whole.With(i + 2, whole[i + 2] is { } size ? size + begin[i] + end[i] : Shape.Unknown);
        string[] cut =
        [
            emission.Add("ConvTranspose", y with { Shape = whole }, inputs, TransposedAttributes(kernel, window, new int[2 * begin.Length], added)),
            emission.Constant("starts", begin),
            emission.Constant("ends", end.Select(size => size == 0 ? int.MaxValue : -size)),
            emission.Constant("axes", Enumerable.Range(2, begin.Length)),
        ];
        emission.Result(node.Outputs[0], layout, "Slice", cut);
    }

    /// <summary>A transposed convolution of the output gradient; positions at the end that the strides skipped are its output_padding.</summary>
    public static void InputGradient(Emission emission, Node node, ConvInputGradient op)
    {
        var (dy, kernel, x, window) = (node.Inputs[0], node.Inputs[1], node.Outputs[0].Spec.Shape, op.Window);
        if (Leftover(window, kernel.Spec.Shape, x) is not { } rest)
        {
            emission.Refuse(
                node,
                $"the gradient of a convolution with strides {window.Strides} over an unknown length {x} has no form in ONNX; give the input a fixed size.");
            return;
        }

        string[] inputs = [emission.Read(dy, Layout.ChannelsFirst(x.Rank)), emission.Read(kernel, Windows.Kernel(window.SpatialRank))];
        var attributes = TransposedAttributes(kernel, window, [.. rest.Begin, .. rest.End], rest.Over);
        emission.Result(node.Outputs[0], Layout.ChannelsFirst(x.Rank), "ConvTranspose", inputs, attributes);
    }

    /// <summary>
    /// A product for each position of the kernel if sizes are known; otherwise a convolution of the input
    /// with the output gradient, in which batch and channels, and strides and dilations, are exchanged.
    /// </summary>
    /// <remarks>
    /// Measured in ONNX Runtime on 64 to 64 channels of 32x32: 3.0 forward passes as a convolution, whose kernel is as large as the image; 1.6 as products.
    /// </remarks>
    public static void WeightGradient(Emission emission, Node node, ConvWeightGradient op)
    {
        var (x, dy, kernel, window) = (node.Inputs[0], node.Inputs[1], node.Outputs[0].Spec.Shape, op.Window);
        if (Products(x.Spec.Shape, dy.Spec.Shape, kernel, window) is { } products)
        {
            Definitions.Write(emission, node, products);
            return;
        }

        if (Leftover(window, kernel, x.Spec.Shape) is not { } rest)
        {
            emission.Refuse(
                node,
                $"the weight gradient of a convolution with strides {window.Strides} over an unknown length {x.Spec.Shape} has no form in ONNX; "
                + "give the input a fixed size.");
            return;
        }

        var rank = window.SpatialRank;
        var channelsAsBatch = new Layout([rank + 1, 0, .. Enumerable.Range(1, rank)]);
        var image = window.Groups == 1 ? emission.Read(x, channelsAsBatch) : Grouped(emission, x, window.Groups);

        // Positions at the end that no window reached are cropped first: negative padding would do it too, but not every host supports it.
        if (rest.Over.Any(over => over > 0)) image = Cropped(emission, image, channelsAsBatch.Stored(x.Spec), rest.Over);
        emission.Result(
            node.Outputs[0],
            new Layout([rank, rank + 1, .. Enumerable.Range(0, rank)]),
            "Conv",
            [image, emission.Read(dy, channelsAsBatch)],
            Attributes.Ints("strides", window.Dilations),
            Attributes.Ints("dilations", window.Strides),
            Attributes.Ints("pads", [.. rest.Begin, .. rest.End]),
            Attributes.Int("group", window.Groups));
    }

    private static AttributeProto[] TransposedAttributes(Value kernel, Window window, IEnumerable<int> pads, IEnumerable<int> outputPadding) =>
    [
        Attributes.Ints("kernel_shape", KernelShape(kernel)),
        Attributes.Ints("strides", window.Strides),
        Attributes.Ints("dilations", window.Dilations),
        Attributes.Ints("pads", pads),
        Attributes.Ints("output_padding", outputPadding),
        Attributes.Int("group", window.Groups),
    ];

    private static IEnumerable<int> KernelShape(Value kernel)
    {
        var shape = kernel.Spec.Shape;
        return Enumerable.Range(0, shape.Rank - 2).Select(i => shape.Dims[i]);
    }

    /// <summary>Padding that windows reach, and positions at the end of each axis that no window reaches.</summary>
    private static (int[] Begin, int[] End, int[] Over)? Leftover(Window window, Shape kernel, Shape x)
    {
        var extents = Windows.Extents(window, kernel);
        if (Windows.Numbers(window.Pads, x, extents, window.Strides) is not { } pads) return null;
        var (end, over) = (pads.End.ToArray(), new int[extents.Length]);
        for (var i = 0; i < over.Length; i++)
        {
            var size = x.Dims[i + 1];
            if (size == Shape.Unknown && window.Strides[i] != 1) return null;
            if (size == Shape.Unknown) continue;
            over[i] = (size + pads.Begin[i] + pads.End[i] - extents[i]) % window.Strides[i];

            // The padding lies at the very end.
            var unused = Math.Min(over[i], pads.End[i]);
            end[i] -= unused;
            over[i] -= unused;
        }

        return (pads.Begin, end, over);
    }

    /// <summary>
    /// <c>dW[k] = sum over samples of X[k] dY</c>, where X[k] (channels, positions) is the part of the input under the kernel's position k, and dY is
    /// (positions, filters). Null if sizes are unknown, for groups, and for kernels so large that a convolution is the smaller graph.
    /// </summary>
    private static Func<SymbolicTensors, SymbolicTensor>? Products(Shape x, Shape dy, Shape kernel, Window window)
    {
        var rank = window.SpatialRank;
        var taps = kernel.Slice(0, rank).ElementCount;
        var (channels, filters, seen) = (kernel.Dims[rank], kernel.Dims[rank + 1], dy.Slice(1, rank));
        if (window.Groups > 1 || taps > MostProducts || !x.Slice(1, rank).IsKnown || !seen.IsKnown) return null;
        if (Windows.Numbers(window.Pads, x, Windows.Extents(window, kernel), window.Strides) is not { } pads) return null;
        return inputs =>
        {
            // Channels first, as the forward convolution left it.
            var image = Ops.Transpose(inputs[0], [0, rank + 1, .. Enumerable.Range(1, rank)]);
            if (pads.Begin.Concat(pads.End).Any(pad => pad > 0)) image = Ops.Pad(image, [0, 0, .. pads.Begin], [0, 0, .. pads.End]);
            var positions = checked((int)seen.ElementCount);
            var gradient = Ops.Reshape(inputs[1], -1, positions, filters);
            SymbolicTensor[] parts = [.. Enumerable.Range(0, (int)taps).Select(tap => Ops.Reshape(Seen(image, tap), -1, channels, positions))];

            // One product of all positions takes a third of the time of one product each, but all are in memory at once.
            if (taps * channels * positions <= MostGathered) return Ops.Reshape(Summed(Ops.Concatenate(parts, 1)), kernel.Dims);
            return Ops.Reshape(Ops.Concatenate(parts.Select(Summed).ToArray(), 0), kernel.Dims);

            SymbolicTensor Summed(SymbolicTensor part) => Ops.Sum(Ops.MatMul(part, gradient), 0);
        };

        SymbolicTensor Seen(SymbolicTensor image, int tap)
        {
            var (starts, ends) = (new int[rank], new int[rank]);
            for (var i = rank - 1; i >= 0; i--)
            {
                starts[i] = tap % kernel.Dims[i] * window.Dilations[i];
                ends[i] = starts[i] + ((seen.Dims[i] - 1) * window.Strides[i]) + 1;
                tap /= kernel.Dims[i];
            }

            return taps == 1 && window.Strides.All(stride => stride == 1)
                ? image
                : Ops.Make(new Slice([.. Enumerable.Range(2, rank)], [.. starts], [.. ends], window.Strides), image);
        }
    }

    /// <summary>
    /// (batch, positions..., channels) as (channels / groups, groups * batch, positions...),
    /// so that a grouped convolution sees each group's batch as its channels.
    /// </summary>
    private static string Grouped(Emission emission, Value x, int groups)
    {
        var shape = x.Spec.Shape;
        var rank = shape.Rank;
        var spatial = shape.Slice(1, rank - 2).Dims.ToArray();
        var inner = shape.Dims[rank - 1] / groups;
        string[] ungrouped = [emission.Read(x), emission.Constant("shape", [.. new int[rank - 1], groups, inner])];
        var split = emission.Add("Reshape", x.Spec with { Shape = Shape.Of([shape.Dims[0], .. spatial, groups, inner]) }, ungrouped);
        var order = Attributes.Ints("perm", [rank, rank - 1, 0, .. Enumerable.Range(1, rank - 2)]);
        var turned = emission.Add("Transpose", x.Spec with { Shape = Shape.Of([inner, groups, shape.Dims[0], .. spatial]) }, [split], order);
        if (spatial.Contains(Shape.Unknown))
        {
            // A Reshape infers one unknown size only: here that of groups * batch; the positions are read from the input.
            var tail = DynamicShapes.Dims(emission, x, Enumerable.Range(1, rank - 2));
            var head = emission.Constant("channels", inner, -1);
            var target = emission.Add("Concat", new TensorSpec(Shape.Of(rank), DType.Int64), [head, tail], Attributes.Int("axis", 0));
            return emission.Add("Reshape", x.Spec with { Shape = Shape.Of([inner, Shape.Unknown, .. spatial]) }, [turned, target]);
        }

        var joined = x.Spec with { Shape = Shape.Of([inner, ShapeRules.Multiply(groups, shape.Dims[0]), .. spatial]) };
        return emission.Add("Reshape", joined, [turned, emission.Constant("shape", [inner, -1, .. spatial])]);
    }

    private static string Cropped(Emission emission, string image, TensorSpec spec, int[] over)
    {
        var axes = Enumerable.Range(0, over.Length).Where(i => over[i] > 0).ToArray();
        var shape = spec.Shape;
        foreach (var axis in axes) shape = shape.With(axis + 2, shape[axis + 2] is { } size ? size - over[axis] : Shape.Unknown);
        return emission.Add(
            "Slice",
            spec with { Shape = shape },
            [
                image,
                emission.Constant("starts", new int[axes.Length]),
                emission.Constant("ends", axes.Select(axis => -over[axis])),
                emission.Constant("axes", axes.Select(axis => axis + 2)),
            ]);
    }
}
