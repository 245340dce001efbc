using Microsoft.ML.OnnxRuntime;

namespace OnnxFunctional.Export.Runtime;

/// <summary>Conversions between <see cref="OnnxValue"/> and ONNX Runtime's OrtValue.</summary>
internal static class OrtConversion
{
    /// <summary>An OrtValue for a run; it shares the elements of the value if possible.</summary>
    public static OrtValue ToOrt(OnnxValue value, string input) =>
        OnnxElementType.Find(value.ElementType)?.ToOrt(value, input) ?? throw new ArgumentException(
            $"Input '{input}' holds {value.ElementType.Name}, which ONNX Runtime does not take.");

    /// <summary>A copy of what ONNX Runtime computed, in memory of our own.</summary>
    public static OnnxValue FromOrt(OrtValue value, string output)
    {
        if (!value.IsTensor)
            throw new ExportException($"Output '{output}' is not a tensor ({value.OnnxType}). Request only outputs that are tensors.");

        var info = value.GetTensorTypeAndShape();
        var type = OnnxElementType.Find(info.ElementDataType)
            ?? throw new ExportException($"Output '{output}' is of type {info.ElementDataType}, which .NET has no type for. Add a Cast to float in the graph.");
        return type.FromOrt(value, Array.ConvertAll(info.Shape, length => checked((nint)length)));
    }
}
