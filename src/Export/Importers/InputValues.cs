using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Importers;

/// <summary>Types of a file's inputs, and values that are fixed for them.</summary>
internal static class InputValues
{
    /// <summary>The type in which the graph holds an input.</summary>
    /// <exception cref="ModelException">It holds none of that type.</exception>
    public static DType TypeOf(ValueInfoProto input)
    {
        if (input.Type?.TensorType is not { } tensor)
            throw new ModelException($"input {GuardContext.Quote(input.Name)} is no tensor; sequences, maps and optional values are not computed.");
        return StoredTensors.TypeOf(tensor.ElemType) ?? throw new ModelException(
            $"input {GuardContext.Quote(input.Name)} is of {StoredTensors.NameOf(tensor.ElemType)}; "
            + $"expected {StoredTensors.Taken}.");
    }

    /// <summary>The value that takes the place of an input, converted to its type.</summary>
    /// <exception cref="ModelException">Its shape is not one that the input takes, or its type does not hold the numbers.</exception>
    public static TensorData Of(NDArray value, ValueInfoProto input)
    {
        value = value.To(TypeOf(input), $"ImportOptions.Bind(\"{input.Name}\")");
        var data = TensorData.Create(value.Shape, value.DType, value.Bytes);
        if (input.Type.TensorType.Shape is { } declared)
        {
            var fits = declared.Dim.Count == data.Shape.Rank
                && declared.Dim.Select((dim, i) => !dim.HasDimValue || dim.DimValue == data.Shape.Dims[i]).All(same => same);
            if (!fits)
            {
                var taken = string.Join(", ", declared.Dim.Select(dim => dim.HasDimValue ? $"{dim.DimValue}" : "any"));
                throw new ModelException($"ImportOptions.Bind(\"{input.Name}\"): the input takes shape [{taken}], but got {data.Shape}.");
            }
        }

        return data;
    }
}
