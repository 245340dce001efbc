using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Import;

/// <summary>A fusion of ONNX Runtime that ends the process: of a MatMul with a Transpose that a Cast follows.</summary>
/// <remarks>
/// ONNX Runtime 1.24 to 1.31 exchanges Cast and Transpose in order to fuse Transpose and MatMul. Where that then cannot be, as for a batch that is turned, the
/// new nodes stay unresolved, and the next optimizer reads address 0 (github.com/microsoft/onnxruntime, issue 28392).
/// </remarks>
internal static class FragileFusion
{
    /// <summary>The optimizer's name in a session's configuration.</summary>
    public const string Name = "MatmulTransposeFusion";

    /// <summary>Whether a model has such nodes.</summary>
    public static bool IsIn(ModelProto model) => IsIn(model.Graph.Node) || model.Functions.Any(function => IsIn(function.Node));

    private static bool IsIn(IReadOnlyList<NodeProto> nodes)
    {
        var producers = new Dictionary<string, NodeProto>(StringComparer.Ordinal);
        foreach (var node in nodes)
        {
            foreach (var output in node.Output) producers[output] = node;
        }

        return nodes.Any(node => (node.OpType.EndsWith("MatMul", StringComparison.Ordinal) && node.Input.Any(IsTurned))
            || node.Attribute.SelectMany(GraphGuard.Subgraphs).Any(graph => IsIn(graph.Node)));

        bool IsTurned(string name) => Of(name, "Cast") is { } cast && cast.Input.Any(input => Of(input, "Transpose") is not null);

        NodeProto? Of(string name, string type) => producers.TryGetValue(name, out var node) && node.OpType == type ? node : null;
    }
}
