using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Import;

/// <summary>Convolutions and pools: their lists agree in length, and padding alone does not ask for more memory than the limit.</summary>
/// <remarks>ONNX Runtime 1.31 computes for minutes, and takes gigabytes, on a convolution of three elements with padding of 1e8.</remarks>
internal static class WindowGuard
{
    private const int ElementBytes = 8;

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

        // Channels of the output, where the weights are known.
        var isTransposed = node.OpType == "ConvTranspose";
        Int128 elements = dims is { Count: > 1 } ? Int128.Max(1, dims[isTransposed ? 1 : 0]) : 1;
        for (var axis = 0; axis < axes; axis++)
        {
            Int128 reach = ((At(kernel, axis, 1) - 1) * At(dilations, axis, 1)) + 1;
            var padding = At(pads, axis, 0) + At(pads, axis + axes, 0);
            var length = isTransposed ? reach + At(extra, axis, 0) - padding : ((1 + padding - reach) / At(strides, axis, 1)) + 1;
            elements = Grow(elements, length);
        }

        // The shape of a transposed convolution's result may be given instead, with or without batch and channels.
        Int128 given = 1;
        foreach (var length in whole) given = Grow(given, length);

        Int128 Grow(Int128 sum, Int128 length)
        {
            sum *= Int128.Max(1, length);
            ConstantSizeGuard.CheckBudget(sum, ElementBytes, GuardContext.Describe(node), context);
            return sum;
        }
    }

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
