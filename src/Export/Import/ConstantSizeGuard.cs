using System.Buffers.Binary;
using OnnxFunctional.Export.Proto;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Export.Import;

/// <summary>Operators whose output size is a constant of the file: a few bytes must not ask for more memory than the limit.</summary>
/// <remarks>Elements count as eight bytes, since the type is not known here. Sizes that come from the inputs of a run are left to ONNX Runtime.</remarks>
internal static class ConstantSizeGuard
{
    private const int ElementBytes = 8;
    private const int LongestShape = 64;

    /// <summary>The constants of a graph that may be sizes, by name.</summary>
    public static Dictionary<string, TensorProto> Constants(GraphProto graph)
    {
        var result = Constants(graph.Node);
        foreach (var tensor in graph.Initializer) result[tensor.Name] = tensor;
        return result;
    }

    /// <summary>The values of Constant nodes, by name.</summary>
    public static Dictionary<string, TensorProto> Constants(IEnumerable<NodeProto> nodes)
    {
        var result = new Dictionary<string, TensorProto>(StringComparer.Ordinal);
        foreach (var node in nodes)
        {
            if (node.OpType != "Constant" || node.Output.Count != 1) continue;
            foreach (var attribute in node.Attribute)
            {
                var value = attribute.Name switch
                {
                    "value" => attribute.T,
                    "value_ints" => new TensorProto { Dims = { attribute.Ints.Count }, DataType = (int)DataType.Int64, Int64Data = { attribute.Ints } },
                    "value_int" => new TensorProto { DataType = (int)DataType.Int64, Int64Data = { attribute.I } },
                    _ => null,
                };
                if (value is not null) result[node.Output[0]] = value;
            }
        }

        return result;
    }

    public static void Check(NodeProto node, Dictionary<string, TensorProto> constants, GuardContext context)
    {
        if (DomainGuard.Normalize(node.Domain).Length > 0) return;
        var sizes = node.OpType switch
        {
            "ConstantOfShape" => Integers(node, 0),
            "Expand" or "Tile" or "OneHot" or "Col2Im" => Integers(node, 1),
            "MaxUnpool" => Integers(node, 2),
            "Resize" => Integers(node, 3),
            "RandomNormal" or "RandomUniform" => [.. node.Attribute.Where(attribute => attribute.Name == "shape").SelectMany(attribute => attribute.Ints)],
            "Pad" => Padding(Integers(node, 1)),
            "Range" => Range(Integers(node, 0), Integers(node, 1), Integers(node, 2)),
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

        long[]? Integers(NodeProto owner, int input) =>
            owner.Input.Count > input && constants.TryGetValue(owner.Input[input], out var tensor) ? Values(tensor) : null;
    }

    public static void CheckBudget(Int128 elements, int elementBytes, string what, GuardContext context)
    {
        if (elements * elementBytes > context.Limits.MaxComputedBytes)
            throw context.RefuseBeyond(
                $"{what} asks for a tensor of more than {context.Limits.MaxComputedBytes} bytes",
                nameof(OnnxFileLimits.MaxComputedBytes));
    }

    // Each padded axis grows by at least begin + end.
    private static long[]? Padding(long[]? pads)
    {
        if (pads is null || pads.Length % 2 != 0) return null;
        var half = pads.Length / 2;
        var result = new long[half];
        for (var i = 0; i < half; i++) result[i] = (long)Int128.Clamp((Int128)pads[i] + pads[i + half], 1, long.MaxValue);
        return result;
    }

    private static long[]? Range(long[]? start, long[]? limit, long[]? delta) =>
        start is [var from] && limit is [var to] && delta is [var step] && step != 0
            ? [(long)Int128.Clamp(((Int128)to - from) / step, 0, long.MaxValue)]
            : null;

    // The integers of a small tensor; null for other types, tensors too long for a shape, and data in other files. The data counts, not the declared shape.
    private static long[]? Values(TensorProto tensor)
    {
        var type = (DataType)tensor.DataType;
        if (type is not (DataType.Int64 or DataType.Int32) || tensor.DataLocation == TensorProto.Types.DataLocation.External) return null;
        var raw = tensor.RawData.Span;
        var width = type == DataType.Int64 ? 8 : 4;
        var count = tensor.HasRawData ? raw.Length / width : type == DataType.Int64 ? tensor.Int64Data.Count : tensor.Int32Data.Count;
        if (count > LongestShape) return null;

        var result = new long[count];
        for (var i = 0; i < count; i++)
        {
            result[i] = (tensor.HasRawData, type) switch
            {
                (true, DataType.Int64) => BinaryPrimitives.ReadInt64LittleEndian(raw[(i * 8)..]),
                (true, _) => BinaryPrimitives.ReadInt32LittleEndian(raw[(i * 4)..]),
                (false, DataType.Int64) => tensor.Int64Data[i],
                _ => tensor.Int32Data[i],
            };
        }

        return result;
    }
}
