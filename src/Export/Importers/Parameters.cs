using System.Collections.Frozen;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Importers;

/// <summary>Which tensors of a graph are parameters: those that an operator reads to learn from, and not as numbers of a formula.</summary>
internal sealed class Parameters
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

    // A tensor added to the result of these is their bias, and one they are subtracted from.
    private static readonly FrozenSet<string> s_biased = FrozenSet.Create(StringComparer.Ordinal, "MatMul", "Gemm", "Conv", "ConvTranspose", "Mul");

    private readonly HashSet<string> _ofOperators;
    private readonly HashSet<string> _ofFormulas;

    /// <summary>Finds the parameters of a graph.</summary>
    /// <param name="nodes">The nodes of the graph.</param>
    /// <param name="outer">The parameters of the graph around it.</param>
    public Parameters(IEnumerable<NodeProto> nodes, Parameters? outer)
    {
        (_ofOperators, _ofFormulas) = (new(outer?._ofOperators ?? [], StringComparer.Ordinal), new(outer?._ofFormulas ?? [], StringComparer.Ordinal));
        Add(nodes);
    }

    /// <summary>Whether an input of an operator is a kernel, beside which an adapter may be trained.</summary>
    public static bool IsKernel(string operation, int input) => s_kernels.GetValueOrDefault(operation)?.Contains(input) == true;

    /// <summary>Whether an input of an operator is a kernel by which it multiplies, and not a table of rows.</summary>
    public static bool IsFactor(string operation, int input) => operation switch
    {
        "GRU" or "LSTM" or "RNN" => input is 1 or 2,
        "ConvTranspose" => input == 1,
        "Gather" => false,
        _ => IsKernel(operation, input),
    };

    /// <summary>Whether a tensor is a parameter. A number that only arithmetic reads is none: it is the 1 or the 0.5 of a formula.</summary>
    public bool Contains(string name, int rank) => _ofOperators.Contains(name) || (rank > 0 && _ofFormulas.Contains(name));

    private void Add(IEnumerable<NodeProto> nodes)
    {
        var producers = new Dictionary<string, string>(StringComparer.Ordinal);
        var quotients = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in nodes)
        {
            foreach (var input in s_inputs.GetValueOrDefault(node.OpType) ?? [])
            {
                if (input < node.Input.Count && node.Input[input].Length > 0) _ofOperators.Add(node.Input[input]);
            }

            for (var side = 0; side < 2 && node.Input.Count == 2; side++)
            {
                var other = node.Input[1 - side];
                var isBias = (node.OpType == "Add" || (node.OpType == "Sub" && side == 0)) && s_biased.Contains(producers.GetValueOrDefault(other, ""));

                // What multiplies a quotient is the scale of a normalization written out.
                if (isBias || (node.OpType == "Mul" && quotients.Contains(other))) _ofFormulas.Add(node.Input[side]);
            }

            foreach (var output in node.Output)
            {
                producers[output] = node.OpType;
                if (IsQuotient(node)) quotients.Add(output);
            }

            foreach (var graph in node.Attribute.SelectMany(Import.GraphGuard.Subgraphs)) Add(graph.Node);
        }

        // A quotient times another computed tensor is one too.
        bool IsQuotient(NodeProto node) =>
            node.OpType is "Div" or "Reciprocal"
            || (node is { OpType: "Mul", Input.Count: 2 } && node.Input.Any(quotients.Contains)
                && node.Input.All(input => producers.GetValueOrDefault(input, "Constant") != "Constant"));
    }
}
