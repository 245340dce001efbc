using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Padding of sliding windows as ONNX attributes.</summary>
internal static class Windows
{
    /// <summary>The attribute for the padding, or null if it depends on unknown sizes and ONNX cannot express it.</summary>
    /// <remarks>Explicit numbers if possible: ONNX Runtime rejects SAME together with dilation.</remarks>
    public static AttributeProto? Padding(Pads pads, Shape input, IReadOnlyList<int> extents, IntList strides, bool dilated)
    {
        var (begin, end) = (new int[strides.Count], new int[strides.Count]);
        for (var i = 0; i < begin.Length; i++)
        {
            var size = input.Dims[i + 1];
            if (size == Shape.Unknown)
            {
                // With stride 1 the padding does not depend on the size.
                if (!pads.IsExplicit && pads.Mode == OnnxFunctional.Padding.Same && strides[i] != 1)
                    return dilated ? null : Attributes.Text("auto_pad", "SAME_UPPER");
                size = extents[i];
            }

            (begin[i], end[i]) = pads.Resolve(i, size, extents[i], strides[i]);
        }

        return Attributes.Ints("pads", [.. begin, .. end]);
    }

    /// <summary>The padding in numbers, or null if it depends on unknown sizes.</summary>
    public static (int[] Begin, int[] End)? Numbers(Pads pads, Shape input, IReadOnlyList<int> extents, IntList strides) =>
        Padding(pads, input, extents, strides, dilated: true) is { } attribute
            ? ([.. attribute.Ints.Take(strides.Count).Select(pad => (int)pad)], [.. attribute.Ints.Skip(strides.Count).Select(pad => (int)pad)])
            : null;

    public static int[] Extents(Window window, Shape kernel) => [.. Enumerable.Range(0, window.SpatialRank).Select(i => window.Extent(kernel.Dims[i], i))];

    /// <summary><c>(k..., in, out)</c> in the layout of ONNX's kernels: <c>(out, in, k...)</c>.</summary>
    public static Layout Kernel(int spatialRank) => new([spatialRank + 1, spatialRank, .. Enumerable.Range(0, spatialRank)]);
}
