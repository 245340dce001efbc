using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Pooling and its gradients.</summary>
internal static class Pools
{
    public static void Max(Emission emission, Node node, MaxPool op)
    {
        var x = node.Inputs[0];
        var (image, padding) = Windows.Padded(emission, x, Padding(emission, op, x), op.Pads, [.. op.Kernel], op.Strides, float.NegativeInfinity);
        emission.Result(node.Outputs[0], Layout.ChannelsFirst(x.Spec.Shape.Rank), "MaxPool", [image], [.. Window(op), padding]);
    }

    public static void Average(Emission emission, Node node, AveragePool op)
    {
        var (x, y) = (node.Inputs[0], node.Outputs[0]);
        var layout = Layout.ChannelsFirst(x.Spec.Shape.Rank);
        if (Padding(emission, op, x) is { } padding)
        {
            emission.Result(y, layout, "AveragePool", [emission.Read(x, layout)], [.. Window(op), padding]);
            return;
        }

        // Of zeros in place of what lies outside, and of ones, whose mean is the share of positions inside.
        var (image, attribute) = Windows.Padded(emission, x, null, op.Pads, [.. op.Kernel], op.Strides, 0);
        var means = emission.Add("AveragePool", layout.Stored(y.Spec), [image], [.. Window(op), attribute]);
        var spatial = Enumerable.Range(1, op.Kernel.Count).ToArray();
        var plane = Shape.Of([1, 1, .. spatial.Select(axis => x.Spec.Shape.Dims[axis])]);
        string[] sizes = [emission.Constant("one", 1, 1), DynamicShapes.Dims(emission, x, spatial)];
        var shape = emission.Add("Concat", new TensorSpec(Shape.Of(plane.Rank), DType.Int64), sizes, Attributes.Int("axis", 0));
        var ones = emission.Add("Expand", x.Spec with { Shape = plane }, [emission.Scalar("inside", 1f, x.Spec.Type), shape]);
        var inside = emission.Add("Pad", null, [ones, Windows.PadNumbers(emission, x, op.Pads, [.. op.Kernel], op.Strides)]);
        var shares = emission.Add("AveragePool", null, [inside], [.. Window(op), attribute]);
        emission.Result(y, layout, "Div", [means, shares]);
    }

    /// <summary>ONNX's MaxPool returns the position of each maximum in the whole tensor; the gradients are added there.</summary>
    public static void MaxGradient(Emission emission, Node node, MaxPoolGradient op)
    {
        var (x, dy) = (node.Inputs[0], node.Inputs[2]);
        if (Windows.Padding(op.Pads, x.Spec.Shape, [.. op.Kernel], op.Strides, dilated: false) is not { } padding)
        {
            emission.Refuse(
                node,
                $"the gradient of a pooling with padding 'same' and windows {op.Kernel} below their strides {op.Strides} over unknown sizes "
                + $"{x.Spec.Shape} has no form in ONNX; give the input a fixed size.");
            return;
        }

        var layout = Layout.ChannelsFirst(x.Spec.Shape.Rank);
        var stored = layout.Stored(dy.Spec.Shape);
        var image = emission.Read(x, layout);
        var (maximum, positions) = (emission.Graph.Reserve(emission.Prefix + "/maximum"), emission.Graph.Reserve(emission.Prefix + "/positions"));
        emission.Graph.Describe(maximum, new TensorSpec(stored, x.Spec.Type));
        emission.Graph.Describe(positions, new TensorSpec(stored, DType.Int64));
        emission.Node("MaxPool", [image], [maximum, positions], Attributes.Ints("kernel_shape", op.Kernel), Attributes.Ints("strides", op.Strides), padding);

        var line = Shape.Of(Shape.Unknown);
        var whole = emission.Constant("line", -1);
        var flatPositions = emission.Add("Reshape", new TensorSpec(line, DType.Int64), [positions, whole]);
        var flatGradient = emission.Add("Reshape", dy.Spec with { Shape = line }, [emission.Read(dy, layout), whole]);
        var shape = DynamicShapes.Of(emission, x, layout);
        var zeros = Zeros(emission, shape, layout.Stored(x.Spec));
        var flatZeros = emission.Add("Reshape", x.Spec with { Shape = line }, [zeros, whole]);
        var sums = emission.Add(
            "ScatterElements",
            x.Spec with { Shape = line },
            [flatZeros, flatPositions, flatGradient],
            Attributes.Int("axis", 0),
            Attributes.Text("reduction", "add"));
        emission.Result(node.Outputs[0], layout, "Reshape", [sums, shape]);
    }

    /// <summary>Each gradient is divided by the number of positions in its window, then spread by a depthwise transposed convolution of ones.</summary>
    public static void AverageGradient(Emission emission, Node node, AveragePoolGradient op)
    {
        var (dy, x) = (node.Inputs[0], node.Outputs[0].Spec.Shape);
        var channels = x.Dims[^1];
        if (channels == Shape.Unknown || Enumerable.Range(1, x.Rank - 2).Any(axis => x.Dims[axis] == Shape.Unknown))
        {
            emission.Refuse(node, $"the gradient of an average pooling over unknown sizes {x} has no form in ONNX; give the input a fixed size.");
            return;
        }

        Definitions.Write(emission, node, inputs =>
        {
            // Spreading is the adjoint of a depthwise convolution with ones.
            var counts = Ops.Constant(Counts(op, x, out var data), data);
            var length = op.Kernel.Aggregate(channels, (product, size) => product * size);
            var ones = Ops.Constant(Shape.Of([.. op.Kernel, 1, channels]), Enumerable.Repeat(1f, length).ToArray());
            var window = new Window(op.Strides, IntList.Repeat(1, op.Strides.Count), op.Pads, channels);
            return Ops.Make(new ConvInputGradient(window), inputs[0] / counts, ones, inputs[1]);
        });
    }

    public static string Zeros(Emission emission, string shape, TensorSpec spec) => emission.Add("ConstantOfShape", spec, [shape]);

    /// <summary>The attribute for the padding of a pool; null if the image must be padded beforehand.</summary>
    /// <remarks>
    /// ONNX Runtime adds a Pad in front to padding in numbers (pad_fusion.cc). Its zeros then are not counted as values, and a sum that is as large as the
    /// window is refused. It leaves windows with <c>auto_pad</c> alone, so that is written where it says the same, and behind a Pad nothing else.
    /// </remarks>
    private static AttributeProto? Padding(Emission emission, PoolOp op, Value x)
    {
        var padding = Windows.Padding(op.Pads, x.Spec.Shape, [.. op.Kernel], op.Strides, dilated: false);
        if (padding is not { Name: "pads" }) return padding;
        if (padding.Ints.All(pad => pad == 0)) return Attributes.Text("auto_pad", "VALID");
        var isSame = !op.Pads.IsExplicit && op.Pads.Mode == OnnxFunctional.Padding.Same && op.Kernel.Zip(op.Strides).All(axis => axis.First >= axis.Second);
        if (isSame) return Attributes.Text("auto_pad", "SAME_UPPER");

        // A window must reach into the image.
        var rank = op.Kernel.Count;
        var isInside = padding.Ints.Select((pad, i) => pad < op.Kernel[i % rank]).All(inside => inside);
        return isInside && !IsPadded(emission, emission.Read(x, Layout.ChannelsFirst(x.Spec.Shape.Rank))) ? padding : null;
    }

    /// <summary>Whether ONNX Runtime may come to see a Pad right before a window that reads the value: what lies between moves to other places.</summary>
    private static bool IsPadded(Emission emission, string value)
    {
        var node = emission.Graph.NodeOf(value);
        while (node?.OpType is "Transpose" or "Reshape" or "Squeeze" or "Unsqueeze" or "Identity" or "Cast" or "QuantizeLinear" or "DequantizeLinear")
            node = emission.Graph.NodeOf(node.Input[0]);
        return node?.OpType == "Pad";
    }

    private static AttributeProto[] Window(PoolOp op) => [Attributes.Ints("kernel_shape", op.Kernel), Attributes.Ints("strides", op.Strides)];

    /// <summary>How many positions of the image each window covers, without padding.</summary>
    private static Shape Counts(AveragePoolGradient op, Shape x, out float[] counts)
    {
        var sizes = Enumerable.Range(0, op.Kernel.Count).Select(i => op.Pads.OutputSize(i, x.Dims[i + 1], op.Kernel[i], op.Strides[i])).ToArray();
        var shape = Shape.Of([1, .. sizes, 1]);
        counts = new float[shape.ElementCount];
        for (var n = 0; n < counts.Length; n++)
        {
            var (rest, count) = (n, 1);
            for (var i = sizes.Length - 1; i >= 0; i--)
            {
                var begin = ((rest % sizes[i]) * op.Strides[i]) - op.Pads.Resolve(i, x.Dims[i + 1], op.Kernel[i], op.Strides[i]).Begin;
                count *= Math.Min(begin + op.Kernel[i], x.Dims[i + 1]) - Math.Max(begin, 0);
                rest /= sizes[i];
            }

            counts[n] = count;
        }

        return shape;
    }
}
