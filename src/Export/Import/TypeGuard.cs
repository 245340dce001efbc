using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Import;

/// <summary>Declared types: known element types, no negative dimensions, a bounded rank.</summary>
internal static class TypeGuard
{
    public static void Check(ValueInfoProto info, GuardContext context)
    {
        // The depth of nested types is bounded by that of messages.
        for (var type = info.Type; type is not null; type = Inner(type))
        {
            if (type.TensorType is { } tensor) Check(info.Name, tensor.ElemType, tensor.Shape, context);
            if (type.SparseTensorType is { } sparse) Check(info.Name, sparse.ElemType, sparse.Shape, context);
        }
    }

    /// <summary>The same for a value that a run computes: ONNX Runtime 1.31 takes memory for its declared shape before it knows the real one.</summary>
    public static void CheckComputed(ValueInfoProto info, GuardContext context)
    {
        Check(info, context);
        if (info.Type?.TensorType is not { Shape: { } shape } tensor) return;
        Int128 elements = 1;
        foreach (var dimension in shape.Dim)
        {
            // A dimension that is open or zero allocates nothing by itself.
            elements *= Math.Max(1, dimension.DimValue);
            ConstantSizeGuard.CheckBudget(elements, Math.Max(8, TensorGuard.BitsOf(tensor.ElemType) ?? 8) / 8, GuardContext.Quote(info.Name), context);
        }
    }

    private static TypeProto? Inner(TypeProto type) => type.ValueCase switch
    {
        TypeProto.ValueOneofCase.SequenceType => type.SequenceType.ElemType,
        TypeProto.ValueOneofCase.OptionalType => type.OptionalType.ElemType,
        TypeProto.ValueOneofCase.MapType => type.MapType.ValueType,
        _ => null,
    };

    private static void Check(string name, int elementType, TensorShapeProto? shape, GuardContext context)
    {
        // 0 means that the file leaves the type unknown.
        if (elementType != 0 && TensorGuard.BitsOf(elementType) is null)
            throw context.Refuse($"{GuardContext.Quote(name)} has the unknown element type {elementType}");
        if (shape is null) return;
        if (shape.Dim.Count > context.Limits.MaxRank)
            throw context.RefuseBeyond(
                $"{GuardContext.Quote(name)} has {shape.Dim.Count} dimensions, more than {context.Limits.MaxRank}",
                nameof(OnnxFileLimits.MaxRank));
        foreach (var dimension in shape.Dim)
        {
            if (dimension.DimValue < 0) throw context.Refuse($"{GuardContext.Quote(name)} has the dimension {dimension.DimValue}");
        }
    }
}
