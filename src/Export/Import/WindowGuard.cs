using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Import;

/// <summary>Convolutions and pools: their lists agree in length, and padding alone does not ask for more memory than the limit.</summary>
/// <remarks>
/// ONNX Runtime 1.31 computes for minutes, and takes gigabytes, on a convolution of three elements with padding of 1e8. Open dimensions count as 1.
/// </remarks>
internal static class WindowGuard
{
    private const int ElementBytes = 8;

    // More than any limit, and few enough bits for products of two.
    private const long Beyond = 1L << 60;

    public static void Check(NodeProto node, KnownConstants constants, GuardContext context)
    {
        if (DomainGuard.Normalize(node.Domain).Length > 0) return;
        var weights = node.OpType switch
        {
            "Conv" or "ConvInteger" or "ConvTranspose" or "DeformConv" => 1,
            "QLinearConv" => 3,
            "MaxPool" or "AveragePool" or "LpPool" or "MaxUnpool" => -1,
            _ => -2,
        };
        if (weights == -2) return;

        var dims = weights >= 0 ? constants.DimsOf(node, weights) : null;
        var (strides, dilations, pads) = (List(node, "strides"), List(node, "dilations"), List(node, "pads"));
        var kernel = List(node, "kernel_shape");
        if (kernel.Length == 0 && dims is { Count: > 2 }) kernel = [.. dims.Skip(2)];
        var (extra, whole) = (List(node, "output_padding"), List(node, "output_shape"));
        var axes = new[] { kernel.Length, strides.Length, dilations.Length, pads.Length / 2, extra.Length }.Max();
        foreach (var (name, count) in new[] { ("kernel_shape", kernel.Length), ("strides", strides.Length), ("dilations", dilations.Length),
            ("pads", pads.Length), ("output_padding", extra.Length) })
        {
            if (count != 0 && count != (name == "pads" ? 2 * axes : axes))
                throw context.Refuse($"the attribute '{name}' of {GuardContext.Describe(node)} has {count} numbers for a window of {axes} axes");
        }

        CheckSize(node, constants, kernel, axes, isTransposed: node.OpType == "ConvTranspose", dims, context);

        // The shape of a transposed convolution's result may be given instead, with or without batch and channels.
        Int128 given = 1;
        foreach (var length in whole) given = Grow(given, length, node, context);
    }

    // A result that is larger than its input and its weights together explain: a file can ask for it in a few bytes.
    private static void CheckSize(
        NodeProto node, KnownConstants constants, long[] kernel, int axes, bool isTransposed, IReadOnlyList<long>? weights, GuardContext context)
    {
        var (strides, dilations, pads, extra) = (List(node, "strides"), List(node, "dilations"), List(node, "pads"), List(node, "output_padding"));
        var shape = constants.ShapeOf(node, 0) is { } known && known.Count == axes + 2 ? known : [.. Enumerable.Repeat(1L, axes + 2)];
        var isLarger = false;
        Int128 places = 1, window = 1;
        for (var axis = 0; axis < axes; axis++)
        {
            Int128 input = Math.Max(1, shape[axis + 2]);
            var size = At(kernel, axis, 1);
            var (reach, padding) = (((size - 1) * At(dilations, axis, 1)) + 1, At(pads, axis, 0) + At(pads, axis + axes, 0));
            var stride = At(strides, axis, 1);
            var length = isTransposed ? ((input - 1) * stride) + reach + At(extra, axis, 0) - padding : ((input + padding - reach) / stride) + 1;

            // The windows of pools cost nothing in a file.
            isLarger |= length > (input + 1) * (weights is null ? 1 : size);
            places = Product(places, length);
            window = Product(window, size);
        }

        if (!isLarger) return;
        var (outputs, inputs) = weights is { Count: > 1 } ? (weights[isTransposed ? 1 : 0], weights[isTransposed ? 0 : 1]) : (1, 1);
        Grow(places, Product(shape[0], outputs), node, context);

        // ONNX Runtime 1.31 copies the window of every place.
        if (weights is not null && !isTransposed) Grow(places, Product(window, inputs), node, context);
    }

    private static Int128 Grow(Int128 sum, Int128 length, NodeProto node, GuardContext context)
    {
        sum = Product(sum, length);
        ConstantSizeGuard.CheckBudget(sum, ElementBytes, GuardContext.Describe(node), context);
        return sum;
    }

    private static Int128 Product(Int128 left, Int128 right) => Int128.Clamp(left, 1, Beyond) * Int128.Clamp(right, 1, Beyond);

    private static Int128 At(long[] list, int index, long otherwise) => index < list.Length ? list[index] : otherwise;

    private static long[] List(NodeProto node, string name)
    {
        foreach (var attribute in node.Attribute)
        {
            if (attribute.Name == name) return [.. attribute.Ints];
        }

        return [];
    }
}
