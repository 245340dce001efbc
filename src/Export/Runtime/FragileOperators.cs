using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Runtime;

/// <summary>Operators of a file whose kernels in ONNX Runtime 1.31 end the process for inputs that their specification allows or they should refuse.</summary>
/// <param name="NeedsRows">One that divides by the number of rows: a recurrent one; null if there is none.</param>
/// <param name="NeedsRank">One that fails on scalars; null if there is none.</param>
/// <param name="OpenRank">The inputs whose rank the file leaves open; a declared one is checked when the file is loaded.</param>
internal sealed record FragileOperators(string? NeedsRows, string? NeedsRank, IReadOnlySet<string> OpenRank)
{
    public static FragileOperators None { get; } = new(null, null, new HashSet<string>());

    public static FragileOperators Of(ModelProto model)
    {
        var types = new HashSet<string>(StringComparer.Ordinal);
        foreach (var function in model.Functions) Collect(function.Node, types);
        Collect(model.Graph.Node, types);
        var open = model.Graph.Input.Where(input => input.Type?.TensorType?.Shape is null).Select(input => input.Name);
        return new(First("LSTM", "GRU", "RNN"), First("AffineGrid", "DFT", "Einsum", "ReverseSequence", "STFT"), open.ToHashSet(StringComparer.Ordinal));

        string? First(params ReadOnlySpan<string> candidates)
        {
            foreach (var type in candidates)
            {
                if (types.Contains(type)) return type;
            }

            return null;
        }
    }

    /// <exception cref="ArgumentException">One of the operators would end the process.</exception>
    public void Check(string source, OnnxTensorInfo input, OnnxValue value)
    {
        if (NeedsRows is not null && value.Lengths.Contains(0))
        {
            throw new ArgumentException(
                $"Input '{input.Name}' of {source} is empty ({value}), and its {NeedsRows} needs at least one row. Skip the run, its result is empty too.");
        }

        if (NeedsRank is not null && value.Lengths.Length == 0 && OpenRank.Contains(input.Name))
            throw new ArgumentException($"Input '{input.Name}' of {source} is a scalar, and its {NeedsRank} takes axes. Pass a tensor.");
    }

    private static void Collect(IEnumerable<NodeProto> nodes, HashSet<string> types)
    {
        foreach (var node in nodes)
        {
            types.Add(node.OpType);
            foreach (var attribute in node.Attribute)
            {
                foreach (var graph in GraphGuard.Subgraphs(attribute)) Collect(graph.Node, types);
            }
        }
    }
}
