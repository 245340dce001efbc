using System.Collections.Frozen;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Importers;

/// <summary>Which tensors of a graph are parameters: those that an operator reads to learn from, and not as numbers of a formula.</summary>
internal static class Parameters
{
    private static readonly FrozenDictionary<string, int[]> s_inputs = new Dictionary<string, int[]>
    {
        ["BatchNormalization"] = [1, 2, 3, 4],
        ["CausalConvWithState"] = [1, 2],
        ["Conv"] = [1, 2],
        ["ConvTranspose"] = [1, 2],
        ["DeformConv"] = [1, 3],
        ["GRU"] = [1, 2, 3],
        ["Gather"] = [0],
        ["Gemm"] = [0, 1, 2],
        ["GroupNormalization"] = [1, 2],
        ["InstanceNormalization"] = [1, 2],
        ["LSTM"] = [1, 2, 3],
        ["LayerNormalization"] = [1, 2],
        ["MatMul"] = [0, 1],
        ["PRelu"] = [1],
        ["RMSNormalization"] = [1],
        ["RNN"] = [1, 2, 3],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // Kernels, beside which an adapter may be trained.
    private static readonly FrozenDictionary<string, int[]> s_kernels = new Dictionary<string, int[]>
    {
        ["Conv"] = [1],
        ["Gather"] = [0],
        ["Gemm"] = [0, 1],
        ["MatMul"] = [0, 1],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // A tensor added to the result of these is their bias; one that multiplies a quotient is the scale of a normalization written out.
    private static readonly FrozenSet<string> s_biased = FrozenSet.Create(StringComparer.Ordinal, "MatMul", "Gemm", "Conv", "ConvTranspose", "Mul");

    /// <summary>Whether an input of an operator is a kernel, beside which an adapter may be trained.</summary>
    public static bool IsKernel(string operation, int input) => s_kernels.GetValueOrDefault(operation)?.Contains(input) == true;

    /// <summary>The names of the parameters.</summary>
    /// <param name="nodes">The nodes of a graph.</param>
    /// <param name="outer">The names in the graph around it.</param>
    public static HashSet<string> Of(IEnumerable<NodeProto> nodes, IEnumerable<string>? outer)
    {
        var names = new HashSet<string>(outer ?? [], StringComparer.Ordinal);
        var producers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var node in nodes)
        {
            foreach (var input in s_inputs.GetValueOrDefault(node.OpType) ?? [])
            {
                if (input < node.Input.Count) names.Add(node.Input[input]);
            }

            if (node.OpType is "Add" or "Mul" && node.Input.Count == 2)
            {
                for (var side = 0; side < 2; side++)
                {
                    var other = producers.GetValueOrDefault(node.Input[1 - side], "");
                    if (node.OpType == "Add" ? s_biased.Contains(other) : other == "Div") names.Add(node.Input[side]);
                }
            }

            foreach (var output in node.Output) producers[output] = node.OpType;
            foreach (var graph in node.Attribute.SelectMany(Import.GraphGuard.Subgraphs)) names.UnionWith(Of(graph.Node, null));
        }

        names.Remove("");
        return names;
    }
}
