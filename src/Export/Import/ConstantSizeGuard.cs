using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Import;

/// <summary>Operators whose output size is a constant of the file: a few bytes must not ask for more memory than the limit.</summary>
/// <remarks>Elements count as eight bytes, since the type is not known here. Sizes that come from the inputs of a run are left to ONNX Runtime.</remarks>
internal static class ConstantSizeGuard
{
    private const int ElementBytes = 8;

    // ONNX Runtime 1.31 computes transforms whose length is no power of two by longer ones of complex numbers: 4 million elements take it more than 8 seconds.
    private const int TransformCost = 16;

    public static void Check(NodeProto node, KnownConstants constants, GuardContext context)
    {
        if (DomainGuard.Normalize(node.Domain).Length > 0) return;
        var sizes = node.OpType switch
        {
            "ConstantOfShape" or "HannWindow" or "HammingWindow" or "BlackmanWindow" => constants.Integers(node, 0),
            "Expand" or "Tile" or "OneHot" or "Col2Im" or "CenterCropPad" or "AffineGrid" => constants.Integers(node, 1),
            "DFT" => constants.Integers(node, 1) is [var length] ? [length, TransformCost] : null,
            "MaxUnpool" => constants.Integers(node, 2),
            "MelWeightMatrix" => [.. constants.Integers(node, 0) ?? [], .. constants.Integers(node, 1) ?? []],
            "Resize" => constants.Integers(node, 3) ?? Scaled(constants.Floats(node, 2) ?? constants.Floats(node, 1)),
            "Upsample" => Scaled(constants.Floats(node, 1) ?? [.. Attribute("scales").SelectMany(scales => scales.Floats)]),
            "RandomNormal" or "RandomUniform" => [.. Attribute("shape").SelectMany(shape => shape.Ints)],
            "MaxRoiPool" => [.. Attribute("pooled_shape").SelectMany(shape => shape.Ints)],
            "RoiAlign" => [.. Attribute("output_height").Concat(Attribute("output_width")).Select(length => length.I)],
            "Multinomial" => [.. Attribute("sample_size").Select(length => length.I)],
            "TfIdfVectorizer" => [Attribute("ngram_indexes").SelectMany(indexes => indexes.Ints).DefaultIfEmpty().Max()],
            "Pad" => Padding(constants.Integers(node, 1) ?? [.. Attribute("pads").SelectMany(pads => pads.Ints)]),
            "Range" => Range(constants.Integers(node, 0), constants.Integers(node, 1), constants.Integers(node, 2)),
            _ => null,
        };
        if (sizes is null) return;

        Int128 product = 1;
        foreach (var size in sizes)
        {
            // Negative and zero sizes have their own meaning, or none; they allocate nothing.
            if (size <= 0) return;
            product *= size;
            CheckBudget(product, ElementBytes, GuardContext.Describe(node), context);
        }

        IEnumerable<AttributeProto> Attribute(string name) => node.Attribute.Where(attribute => attribute.Name == name);
    }

    public static void CheckBudget(Int128 elements, int elementBytes, string what, GuardContext context)
    {
        if (elements * elementBytes > context.Limits.MaxComputedBytes)
            throw context.RefuseBeyond(
                $"{what} asks for a tensor of more than {context.Limits.MaxComputedBytes} bytes",
                nameof(OnnxFileLimits.MaxComputedBytes));
    }

    // Each padded axis grows by at least begin + end.
    private static long[]? Padding(long[] pads)
    {
        if (pads.Length % 2 != 0) return null;
        var half = pads.Length / 2;
        var result = new long[half];
        for (var i = 0; i < half; i++) result[i] = (long)Int128.Clamp((Int128)pads[i] + pads[i + half], 1, long.MaxValue);
        return result;
    }

    // Each axis has at least one element; the conversion of numbers beyond long gives its ends.
    private static long[]? Scaled(double[]? scales) => scales is null ? null : Array.ConvertAll(scales, scale => (long)Math.Max(1, scale));

    private static long[]? Range(long[]? start, long[]? limit, long[]? delta) =>
        start is [var from] && limit is [var to] && delta is [var step] && step != 0
            ? [(long)Int128.Clamp(((Int128)to - from) / step, 0, long.MaxValue)]
            : null;
}
