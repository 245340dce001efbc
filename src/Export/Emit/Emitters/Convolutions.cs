using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Convolutions, and what their gradients are in ONNX's operators.</summary>
internal static class Convolutions
{
    // A 3x3x3 kernel; each position is at least two nodes.
    private const int MostProducts = 27;

    // Numbers that the kernel's positions together may take of a sample.
    private const int MostGathered = 1 << 20;

    public static void Conv(Emission emission, Node node, Conv op)
    {
        var (x, kernel, window) = (node.Inputs[0], node.Inputs[1], op.Window);
        if (Windows.Padding(window.Pads, x.Spec.Shape, Windows.Extents(window, kernel.Spec.Shape), window.Strides, window.Dilations.Any(dilation => dilation > 1)) is not { } padding)
        {
            emission.Refuse(node, $"a convolution with padding 'same', strides {window.Strides} and dilation {window.Dilations} over an unknown length {x.Spec.Shape} has no form in ONNX; give the input a fixed size.");
            return;
        }

        var layout = Layout.ChannelsFirst(x.Spec.Shape.Rank);
        var inputs = new List<string> { emission.Read(x, layout), emission.Read(kernel, Windows.Kernel(window.SpatialRank)) };
        if (node.Inputs.Count == 3) inputs.Add(emission.Read(node.Inputs[2]));
        emission.Result(node.Outputs[0], layout, "Conv", inputs, Attributes.Ints("kernel_shape", KernelShape(kernel)), Attributes.Ints("strides", window.Strides), Attributes.Ints("dilations", window.Dilations), padding, Attributes.Int("group", window.Groups));
    }

    /// <summary>What Keras cuts from the full result is ONNX's padding; what it adds at the end, where no input reaches, is output_padding.</summary>
    public static void ConvTranspose(Emission emission, Node node, ConvTranspose op)
    {
        var (x, kernel, window) = (node.Inputs[0], node.Inputs[1], op.Window);
        var crops = Enumerable.Range(0, window.SpatialRank).Select(i => op.Crop(i, kernel.Spec.Shape.Dims[i])).ToArray();
        var layout = Layout.ChannelsFirst(x.Spec.Shape.Rank);
        var inputs = new List<string> { emission.Read(x, layout), emission.Read(kernel, Windows.Kernel(window.SpatialRank)) };
        if (node.Inputs.Count == 3) inputs.Add(emission.Read(node.Inputs[2]));
        emission.Result(
            node.Outputs[0],
            layout,
            "ConvTranspose",
            inputs,
            Attributes.Ints("kernel_shape", KernelShape(kernel)),
            Attributes.Ints("strides", window.Strides),
            Attributes.Ints("dilations", window.Dilations),
            Attributes.Ints("pads", [.. crops.Select(crop => crop.Begin), .. crops.Select(crop => Math.Max(crop.End, 0))]),
            Attributes.Ints("output_padding", crops.Select(crop => Math.Max(-crop.End, 0))),
            Attributes.Int("group", window.Groups));
    }

    /// <summary>A transposed convolution of the output gradient; positions the strides left over at the end are its output_padding.</summary>
    public static void InputGradient(Emission emission, Node node, ConvInputGradient op)
    {
        var (dy, kernel, x, window) = (node.Inputs[0], node.Inputs[1], node.Outputs[0].Spec.Shape, op.Window);
        if (Leftover(window, kernel.Spec.Shape, x) is not { } rest)
        {
            emission.Refuse(node, $"the gradient of a convolution with strides {window.Strides} over an unknown length {x} has no form in ONNX; give the input a fixed size.");
            return;
        }

        var layout = Layout.ChannelsFirst(x.Rank);
        emission.Result(
            node.Outputs[0],
            layout,
            "ConvTranspose",
            [emission.Read(dy, layout), emission.Read(kernel, Windows.Kernel(window.SpatialRank))],
            Attributes.Ints("kernel_shape", KernelShape(kernel)),
            Attributes.Ints("strides", window.Strides),
            Attributes.Ints("dilations", window.Dilations),
            Attributes.Ints("pads", [.. rest.Begin, .. rest.End]),
            Attributes.Ints("output_padding", rest.Over),
            Attributes.Int("group", window.Groups));
    }

    /// <summary>A product for each position of the kernel where sizes are known; otherwise a convolution of the input with the output gradient, batch and channels changing places, strides and dilations too.</summary>
    /// <remarks>Measured in ONNX Runtime on 64 to 64 channels of 32x32: 3.0 forward passes as a convolution, whose kernel is as large as the image; 1.6 as products.</remarks>
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
            emission.Refuse(node, $"the weight gradient of a convolution with strides {window.Strides} over an unknown length {x.Spec.Shape} has no form in ONNX; give the input a fixed size.");
            return;
        }

        var rank = window.SpatialRank;
        var channelsAsBatch = new Layout([rank + 1, 0, .. Enumerable.Range(1, rank)]);
        var image = window.Groups == 1 ? emission.Read(x, channelsAsBatch) : Grouped(emission, x, window.Groups);

        // Positions at the end that no window reached are taken away first: a negative padding would say it too, but not every host reads one.
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

    private static IEnumerable<int> KernelShape(Value kernel)
    {
        var shape = kernel.Spec.Shape;
        return Enumerable.Range(0, shape.Rank - 2).Select(i => shape.Dims[i]);
    }

    /// <summary>Padding that windows reach, and positions at the end of each axis that none does.</summary>
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

            // The padding is what lies at the very end.
            var unused = Math.Min(over[i], pads.End[i]);
            end[i] -= unused;
            over[i] -= unused;
        }

        return (pads.Begin, end, over);
    }

    /// <summary>
    /// <c>dW[k] = sum over samples of X[k] dY</c>, where X[k] (channels, positions) is what the kernel's position k sees and dY is (positions, filters). Nothing where sizes are unknown, for groups, and for kernels so large that a convolution is the shorter graph.
    /// </summary>
    private static Func<SymbolicTensors, SymbolicTensor>? Products(Shape x, Shape dy, Shape kernel, Window window)
    {
        var rank = window.SpatialRank;
        var taps = kernel.Slice(0, rank).ElementCount;
        var (channels, filters, seen) = (kernel.Dims[rank], kernel.Dims[rank + 1], dy.Slice(1, rank));
        if (window.Groups > 1 || taps > MostProducts || !x.Slice(1, rank).IsKnown || !seen.IsKnown || Windows.Numbers(window.Pads, x, Windows.Extents(window, kernel), window.Strides) is not { } pads) return null;
        return inputs =>
        {
            // Channels first, as the forward convolution left it.
            var image = Ops.Transpose(inputs[0], [0, rank + 1, .. Enumerable.Range(1, rank)]);
            if (pads.Begin.Concat(pads.End).Any(pad => pad > 0)) image = Ops.Pad(image, [0, 0, .. pads.Begin], [0, 0, .. pads.End]);
            var positions = checked((int)seen.ElementCount);
            var gradient = Ops.Reshape(inputs[1], -1, positions, filters);
            SymbolicTensor[] parts = [.. Enumerable.Range(0, (int)taps).Select(tap => Ops.Reshape(Seen(image, tap), -1, channels, positions))];

            // One product of all positions: a third of the time of one for each, but all are in memory at once.
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

            return taps == 1 && window.Strides.All(stride => stride == 1) ? image : Ops.Make(new Slice([.. Enumerable.Range(2, rank)], [.. starts], [.. ends], window.Strides), image);
        }
    }

    /// <summary>(batch, positions..., channels) as (channels / groups, groups * batch, positions...), so that a grouped convolution sees each group's batch as its channels.</summary>
    private static string Grouped(Emission emission, Value x, int groups)
    {
        var shape = x.Spec.Shape;
        var rank = shape.Rank;
        var spatial = shape.Slice(1, rank - 2).Dims.ToArray();
        var inner = shape.Dims[rank - 1] / groups;
        var split = emission.Add("Reshape", x.Spec with { Shape = Shape.Of([shape.Dims[0], .. spatial, groups, inner]) }, [emission.Read(x), emission.Constant("shape", [.. Enumerable.Repeat(0L, rank - 1), groups, inner])]);
        var turned = emission.Add("Transpose", x.Spec with { Shape = Shape.Of([inner, groups, shape.Dims[0], .. spatial]) }, [split], Attributes.Ints("perm", [rank, rank - 1, 0, .. Enumerable.Range(1, rank - 2)]));
        if (spatial.Contains(Shape.Unknown))
        {
            // Two unknown sizes in one Reshape: the batch joins the groups by its number, the positions keep theirs.
            var tail = DynamicShapes.Dims(emission, x, Enumerable.Range(1, rank - 2));
            var target = emission.Add("Concat", new TensorSpec(Shape.Of(rank), DType.Int64), [emission.Constant("channels", inner, -1), tail], Attributes.Int("axis", 0));
            return emission.Add("Reshape", x.Spec with { Shape = Shape.Of([inner, Shape.Unknown, .. spatial]) }, [turned, target]);
        }

        return emission.Add("Reshape", x.Spec with { Shape = Shape.Of([inner, ShapeRules.Multiply(groups, shape.Dims[0]), .. spatial]) }, [turned, emission.Constant("shape", [inner, -1, .. spatial.Select(dim => (long)dim)])]);
    }

    private static string Cropped(Emission emission, string image, TensorSpec spec, int[] over)
    {
        var axes = Enumerable.Range(0, over.Length).Where(i => over[i] > 0).ToArray();
        var shape = spec.Shape;
        foreach (var axis in axes) shape = shape.With(axis + 2, ShapeRules.Add(shape.Dims[axis + 2], -over[axis]));
        return emission.Add("Slice", spec with { Shape = shape }, [image, emission.Constant("starts", axes.Select(_ => 0L)), emission.Constant("ends", axes.Select(axis => (long)-over[axis])), emission.Constant("axes", axes.Select(axis => axis + 2L))]);
    }
}
