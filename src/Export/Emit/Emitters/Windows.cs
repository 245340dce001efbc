using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Padding of sliding windows as ONNX attributes.</summary>
internal static class Windows
{
    /// <summary>The attribute for the padding, or null if it depends on unknown sizes and ONNX cannot express it.</summary>
    /// <remarks>
    /// Explicit numbers if possible: ONNX Runtime rejects SAME together with dilation, and moves windows that are smaller than their stride.
    /// </remarks>
    public static AttributeProto? Padding(Pads pads, Shape input, IReadOnlyList<int> extents, IntList strides, bool dilated)
    {
        var axes = Enumerable.Range(0, strides.Count);
        if (axes.Any(axis => DependsOnSize(pads, input, strides, axis)))
        {
            if (!dilated && axes.All(axis => extents[axis] >= strides[axis])) return Attributes.Text("auto_pad", "SAME_UPPER");

            // Of one or two positions, the second alone can lie outside: padded always, it is read only when it is needed.
            if (axes.Any(axis => DependsOnSize(pads, input, strides, axis) && extents[axis] > 2)) return null;
        }

        var (begin, end) = (new int[strides.Count], new int[strides.Count]);
        foreach (var axis in axes)
        {
            var size = input.Dims[axis + 1] is var known && known != Shape.Unknown ? known : strides[axis] == 1 ? extents[axis] : 1;
            (begin[axis], end[axis]) = pads.Resolve(axis, size, extents[axis], strides[axis]);
        }

        return Attributes.Ints("pads", [.. begin, .. end]);
    }

    /// <summary>An image in ONNX's order and the attribute for its padding; where no attribute expresses the padding, the image is padded beforehand.</summary>
    /// <param name="emission">The file.</param>
    /// <param name="x">The image.</param>
    /// <param name="padding">The attribute, null if there is none.</param>
    /// <param name="pads">The padding.</param>
    /// <param name="extents">The windows' sizes with dilation.</param>
    /// <param name="strides">The steps between windows.</param>
    /// <param name="outside">The value of what is padded.</param>
    public static (string Image, AttributeProto Padding) Padded(
        Emission emission, Value x, AttributeProto? padding, Pads pads, IReadOnlyList<int> extents, IntList strides, float outside)
    {
        var layout = Layout.ChannelsFirst(x.Spec.Shape.Rank);
        var image = emission.Read(x, layout);
        if (padding is not null) return (image, padding);
        var spec = layout.Stored(x.Spec with { Shape = PaddedShape(pads, x.Spec.Shape, extents, strides) });
        string[] inputs = [image, PadNumbers(emission, x, pads, extents, strides), emission.Constant("outside", Scalar(x.Spec.Type, outside))];
        return (emission.Add("Pad", spec, inputs), Attributes.Text("auto_pad", "VALID"));
    }

    /// <summary>The numbers of a Pad in ONNX's order, at run time where they depend on unknown sizes.</summary>
    public static string PadNumbers(Emission emission, Value x, Pads pads, IReadOnlyList<int> extents, IntList strides) =>
        Numbers(pads, x.Spec.Shape, extents, strides) is var (begin, end)
            ? emission.Constant("pads", [0, 0, .. begin, 0, 0, .. end])
            : SamePads(emission, x, extents, strides);

    /// <summary>
    /// The numbers of a Pad in ONNX's order, computed from the image's sizes: <c>max(k - 1 - (size - 1) mod stride, 0)</c> positions, half of them in front.
    /// </summary>
    public static string SamePads(Emission emission, Value x, IReadOnlyList<int> extents, IntList strides)
    {
        var line = new TensorSpec(Shape.Of(strides.Count), DType.Int64);
        var one = emission.Constant("one", 1);
        var sizes = DynamicShapes.Dims(emission, x, Enumerable.Range(1, strides.Count));
        var over = emission.Add("Mod", line, [emission.Add("Sub", line, [sizes, one]), emission.Constant("strides", strides)]);
        var lacking = emission.Add("Sub", line, [emission.Constant("reach", extents.Select(extent => extent - 1)), over]);
        var total = emission.Add("Max", line, [lacking, emission.Constant("none", 0)]);
        var begin = emission.Add("Div", line, [total, emission.Constant("two", 2)]);
        var end = emission.Add("Sub", line, [total, begin]);
        var outer = emission.Constant("outer", 0, 0);
        var spec = new TensorSpec(Shape.Of(2 * (strides.Count + 2)), DType.Int64);
        return emission.Add("Concat", spec, [outer, begin, outer, end], Attributes.Int("axis", 0));
    }

    /// <summary>The padding in numbers, or null if it depends on unknown sizes.</summary>
    public static (int[] Begin, int[] End)? Numbers(Pads pads, Shape input, IReadOnlyList<int> extents, IntList strides)
    {
        if (Enumerable.Range(0, strides.Count).Any(axis => DependsOnSize(pads, input, strides, axis))) return null;
        var numbers = Padding(pads, input, extents, strides, dilated: true)!.Ints;
        return ([.. numbers.Take(strides.Count).Select(pad => (int)pad)], [.. numbers.Skip(strides.Count).Select(pad => (int)pad)]);
    }

    public static int[] Extents(Window window, Shape kernel) => [.. Enumerable.Range(0, window.SpatialRank).Select(i => window.Extent(kernel.Dims[i], i))];

    /// <summary><c>(k..., in, out)</c> in the layout of ONNX's kernels: <c>(out, in, k...)</c>.</summary>
    public static Layout Kernel(int spatialRank) => new([spatialRank + 1, spatialRank, .. Enumerable.Range(0, spatialRank)]);

    /// <summary>With stride 1 the padding does not depend on the size.</summary>
    private static bool DependsOnSize(Pads pads, Shape input, IntList strides, int axis) =>
        input.Dims[axis + 1] == Shape.Unknown && !pads.IsExplicit && pads.Mode == OnnxFunctional.Padding.Same && strides[axis] != 1;

    private static Shape PaddedShape(Pads pads, Shape x, IReadOnlyList<int> extents, IntList strides)
    {
        for (var axis = 0; axis < strides.Count; axis++)
        {
            if (x.Dims[axis + 1] is var size && size == Shape.Unknown) continue;
            var (begin, end) = pads.Resolve(axis, size, extents[axis], strides[axis]);
            x = x.With(axis + 1, size + begin + end);
        }

        return x;
    }

    private static TensorData Scalar(DType type, float value) => Casts.TryConvert(TensorData.Of(Shape.Of(), [value]), type)!;
}
