using OnnxFunctional.Export.Proto;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Export.Targets;

/// <summary>What a target lacks to run a written file.</summary>
internal static class TargetCheck
{
    private const long MemoryOfWeb = 1L << 32;
    private const string Remedy = " Set ExportTarget.CpuFallback, or choose TargetProvider.Cpu.";

    /// <summary>What an operator set says against a target, and whether its version is known: a sentence each.</summary>
    public static IEnumerable<string> OfOptions(ExportTarget target, int opset)
    {
        if (RuntimeVersions.Opset(target.Version) is null)
            yield return $"the version {target.Version} of ONNX Runtime is not known; expected {RuntimeVersions.Known}.";
        else if (opset > target.Opset)
            yield return $"{target} runs operator set {target.Opset}, and ExportOptions.Opset is {opset}; leave Opset out, or name a newer version.";
    }

    /// <summary>What the target cannot run at all: a sentence each.</summary>
    public static IReadOnlyList<string> Lacks(ModelProto model, ExportTarget target)
    {
        var problems = new List<string>();
        if (target.Provider == TargetProvider.Web && Bytes(model) is var bytes and >= MemoryOfWeb)
            problems.Add($"the weights take {bytes:N0} bytes, and WebAssembly has {MemoryOfWeb:N0} bytes of memory; make the model smaller or quantize it.");
        if (!target.CpuFallback) problems.AddRange(OnCpu(model, target).Select(place => place + Remedy));
        return problems;
    }

    /// <summary>What runs on the processor beside the target's provider: a sentence each.</summary>
    public static IReadOnlyList<string> OnCpu(ModelProto model, ExportTarget target)
    {
        if (target.Provider is TargetProvider.Cpu or TargetProvider.Web) return [];
        var (types, name) = (new FileTypes(model.Graph), ExportTarget.NameOf(target.Provider));
        var places = new List<string>();
        if (target.Provider is TargetProvider.CoreML or TargetProvider.Nnapi)
        {
            foreach (var input in model.Graph.Input)
            {
                string[] open = [.. input.Type.TensorType.Shape.Dim.Where(dim => dim.DimValue == 0).Select(dim => $"'{dim.DimParam}'")];
                if (open.Length > 0) places.Add($"input '{input.Name}': {name} takes fixed sizes; give {string.Join(" and ", open)} in ExportOptions.Sizes.");
            }
        }

        foreach (var node in types.Nodes.Where(node => node.OpType != "Constant"))
            if (Reason(node, types, target.Provider) is { } reason) places.Add($"layer '{Layer(node)}': {node.OpType} {reason} in {name}.");
        return [.. places.Distinct()];
    }

    private static string? Reason(NodeProto node, FileTypes types, TargetProvider provider) =>
        node.Input.Concat(node.Output).Any(value => types.TypeOf(value) == DataType.String) ? "of text has no kernel" : provider switch
        {
            TargetProvider.Cuda => AcceleratorKernels.NotOfCuda(node, types),
            TargetProvider.DirectML => AcceleratorKernels.NotOfDirectML(node, types),
            TargetProvider.CoreML => MobileKernels.NotOfCoreML(node, types),
            TargetProvider.Nnapi => MobileKernels.NotOfNnapi(node, types),
            _ => null,
        };

    /// <summary>Nodes are named after the call of their layer and their operator.</summary>
    private static string Layer(NodeProto node) => node.Name.LastIndexOf('/') is var end and > 0 ? node.Name[..end] : node.Name;

    private static long Bytes(ModelProto model) => model.Graph.Initializer.Sum(tensor => (long)tensor.RawData.Length);
}
