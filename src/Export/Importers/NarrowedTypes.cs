using OnnxFunctional.Export.Import;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Export.Importers;

/// <summary>Says that a file holds float16, bfloat16 or float64, because a model computes in float32.</summary>
internal static class NarrowedTypes
{
    /// <summary>Warns, once for a model, if the file has inputs, outputs or stored tensors of such types.</summary>
    public static void Warn(Model model, CheckedModel file)
    {
        var graph = file.Model.Graph;
        var types = graph.Input.Concat(graph.Output).Select(value => value.Type?.TensorType?.ElemType ?? 0)
            .Concat(graph.Initializer.Select(tensor => tensor.DataType))
            .Concat(graph.Node.Where(node => node.OpType == "Constant").SelectMany(node => node.Attribute).Select(attribute => attribute.T?.DataType ?? 0))
            .Where(type => (DataType)type is DataType.Float16 or DataType.Bfloat16 or DataType.Double)
            .GroupBy(type => type)
            .Select(same => $"{same.Count()} of {StoredTensors.NameOf(same.Key)}")
            .ToList();
        if (types.Count == 0) return;
        Warnings.Once(model, WarningKind.ReadAsFloat32, () =>
            $"{file.Source} has inputs, outputs or tensors of other types than float32 ({string.Join(", ", types)}). The model computes in float32, takes and "
            + "gives float32, and is written so.");
    }
}
