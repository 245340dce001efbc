using OnnxFunctional.Export.Proto;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Export.Import;

/// <summary>A tensor holds exactly the elements that its shape declares, in exactly one place.</summary>
internal static class TensorGuard
{
    private const int StringBits = -1;

    public static void Check(TensorProto tensor, GuardContext context)
    {
        var name = "tensor " + GuardContext.Quote(tensor.Name);
        if (tensor.Segment is not null) throw context.Refuse($"{name} is cut into segments, which no reader supports", "Export the model again.");
        var bits = BitsOf(tensor.DataType) ?? throw context.Refuse($"{name} has the unknown element type {tensor.DataType}");
        var elements = ElementCount(tensor.Dims, name, context);

        if (tensor.DataLocation == TensorProto.Types.DataLocation.External)
        {
            if (bits == StringBits) throw context.Refuse($"{name} keeps strings in another file");
            if (DataFields(tensor) > 0) throw context.Refuse($"{name} holds data here and in another file");
            ExternalDataGuard.Check(tensor, name, Bytes(elements, bits), context);
            return;
        }

        if (tensor.ExternalData.Count > 0) throw context.Refuse($"{name} names another file without declaring its data as external");
        CheckData(tensor, name, elements, bits, context);
    }

    /// <summary>Non-zero values and their positions; the dense tensor they stand for counts against the limit.</summary>
    public static void Check(SparseTensorProto tensor, GuardContext context)
    {
        if (tensor.Values is null || tensor.Indices is null) throw context.Refuse("a sparse tensor lacks values or indices");
        Check(tensor.Values, context);
        Check(tensor.Indices, context);
        var name = "sparse tensor " + GuardContext.Quote(tensor.Values.Name);
        if (tensor.Values.Dims.Count != 1 || tensor.Indices.DataType != (int)DataType.Int64)
            throw context.Refuse($"{name} is not a list of values with int64 indices");

        var count = tensor.Values.Dims[0];
        var indices = tensor.Indices.Dims;
        var linear = indices.Count == 1 && indices[0] == count;
        var coordinates = indices.Count == 2 && indices[0] == count && indices[1] == tensor.Dims.Count;
        if (!linear && !coordinates) throw context.Refuse($"{name} has {count} values but another number of indices");

        var elements = ElementCount(tensor.Dims, name, context);
        if (count > elements) throw context.Refuse($"{name} has more values than elements");
        ConstantSizeGuard.CheckBudget(elements, Math.Max(BitsOf(tensor.Values.DataType) ?? 0, 8) / 8, name, context);
    }

    /// <summary>The product of the dimensions.</summary>
    public static Int128 ElementCount(IReadOnlyCollection<long> dimensions, string name, GuardContext context)
    {
        if (dimensions.Count > context.Limits.MaxRank)
            throw context.RefuseBeyond($"{name} has {dimensions.Count} dimensions, more than {context.Limits.MaxRank}", nameof(OnnxFileLimits.MaxRank));
        Int128 product = 1;
        var empty = false;
        foreach (var length in dimensions)
        {
            if (length < 0) throw context.Refuse($"{name} has the dimension {length}");
            if (context.IsForEngine && length > int.MaxValue)
                throw context.Refuse($"{name} has the dimension {length}, and the engine takes at most {int.MaxValue}");
            if (length == 0)
            {
                empty = true;
                continue;
            }

            product *= length;
            if (product > long.MaxValue) throw context.Refuse($"the dimensions of {name} multiply to more than 2^63");
        }

        return empty ? 0 : product;
    }

    /// <summary>Bits of an element, -1 for strings, null for a type that ONNX does not have.</summary>
    public static int? BitsOf(int dataType) => (DataType)dataType switch
    {
        DataType.String => StringBits,
        DataType.Bool or DataType.Int8 or DataType.Uint8 => 8,
        DataType.Float8E4M3Fn or DataType.Float8E4M3Fnuz or DataType.Float8E5M2 or DataType.Float8E5M2Fnuz or DataType.Float8E8M0 => 8,
        DataType.Int16 or DataType.Uint16 or DataType.Float16 or DataType.Bfloat16 => 16,
        DataType.Float or DataType.Int32 or DataType.Uint32 => 32,
        DataType.Double or DataType.Int64 or DataType.Uint64 or DataType.Complex64 => 64,
        DataType.Complex128 => 128,
        DataType.Int4 or DataType.Uint4 or DataType.Float4E2M1 => 4,
        DataType.Int2 or DataType.Uint2 => 2,
        _ => null,
    };

    /// <summary>The bytes of a tensor that passed the check.</summary>
    public static Int128 Bytes(TensorProto tensor) => Bytes(OnnxProto.Elements(tensor), BitsOf(tensor.DataType)!.Value);

    private static Int128 Bytes(Int128 elements, int bits) => ((elements * bits) + 7) / 8;

    private static int DataFields(TensorProto tensor) =>
        (tensor.HasRawData ? 1 : 0) + (tensor.FloatData.Count > 0 ? 1 : 0) + (tensor.Int32Data.Count > 0 ? 1 : 0) + (tensor.Int64Data.Count > 0 ? 1 : 0) +
        (tensor.StringData.Count > 0 ? 1 : 0) + (tensor.DoubleData.Count > 0 ? 1 : 0) + (tensor.Uint64Data.Count > 0 ? 1 : 0);

    private static void CheckData(TensorProto tensor, string name, Int128 elements, int bits, GuardContext context)
    {
        if (DataFields(tensor) > 1) throw context.Refuse($"{name} holds its data twice");
        if (tensor.HasRawData)
        {
            if (bits == StringBits) throw context.Refuse($"{name} holds strings as raw bytes");
            var expected = Bytes(elements, bits);
            if (tensor.RawData.Length != expected)
                throw context.Refuse(
                    $"{name} of shape [{string.Join(", ", tensor.Dims)}] needs {GuardContext.Number(expected)} bytes and holds {tensor.RawData.Length}");
            return;
        }

        var (found, needed) = TypedList(tensor, elements, bits);
        if (found != needed)
            throw context.Refuse(
                $"{name} of shape [{string.Join(", ", tensor.Dims)}] needs {GuardContext.Number(needed)} values of its type and holds {found}");
    }

    // The list for the type, and how many entries it needs: pairs for complex numbers, bytes for types smaller than a byte.
    private static (int Found, Int128 Needed) TypedList(TensorProto tensor, Int128 elements, int bits) => (DataType)tensor.DataType switch
    {
        DataType.Float => (tensor.FloatData.Count, elements),
        DataType.Complex64 => (tensor.FloatData.Count, 2 * elements),
        DataType.Double => (tensor.DoubleData.Count, elements),
        DataType.Complex128 => (tensor.DoubleData.Count, 2 * elements),
        DataType.Int64 => (tensor.Int64Data.Count, elements),
        DataType.Uint32 or DataType.Uint64 => (tensor.Uint64Data.Count, elements),
        DataType.String => (tensor.StringData.Count, elements),
        _ when bits < 8 => (tensor.Int32Data.Count, Bytes(elements, bits)),
        _ => (tensor.Int32Data.Count, elements),
    };
}
