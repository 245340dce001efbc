using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Runtime;

/// <summary>Operators of a file whose kernels in ONNX Runtime 1.31 end the process for inputs that their specification allows or they should refuse.</summary>
/// <param name="NeedsRows">One that divides by the number of rows: a recurrent one; null if there is none.</param>
/// <param name="NeedsRank">One that fails on scalars; null if there is none.</param>
/// <param name="OpenRank">
/// The inputs whose rank the file leaves open, and what the nodes that take them require; a declared one is checked when the file is loaded.
/// </param>
internal sealed record FragileOperators(string? NeedsRows, string? NeedsRank, ILookup<string, (string Type, RequiredRank Rank)?> OpenRank)
{
    public static FragileOperators None { get; } = Of(new ModelProto { Graph = new GraphProto() });

    public static FragileOperators Of(ModelProto model)
    {
        var nodes = model.Functions.SelectMany(function => All(function.Node)).Concat(All(model.Graph.Node)).ToList();
        var open = model.Graph.Input.Where(input => input.Type?.TensorType?.Shape is null).Select(input => input.Name).ToHashSet(StringComparer.Ordinal);
        var required =
            from node in nodes
            from place in Enumerable.Range(0, node.Input.Count)
            where open.Contains(node.Input[place])
            let rank = RequiredRank.Of(node, place)
            where rank is not null
            select (Name: node.Input[place], Needs: ((string, RequiredRank)?)(node.OpType, rank.Value));
        return new(
            First("LSTM", "GRU", "RNN"),
            First("AffineGrid", "DFT", "Einsum", "ReverseSequence", "STFT"),
            open.Select(name => (Name: name, Needs: ((string, RequiredRank)?)null)).Concat(required).ToLookup(entry => entry.Name, entry => entry.Needs));

        string? First(params string[] candidates) => candidates.FirstOrDefault(type => nodes.Exists(node => node.OpType == type));
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

        foreach (var needs in OpenRank[input.Name])
        {
            if (needs is not var (type, rank) || rank.Allows(value.Lengths.Length)) continue;
            throw new ArgumentException(
                $"Input '{input.Name}' of {source} has {value.Lengths.Length} dimensions ({value}), and its {type} takes {rank}. Reshape the tensor.");
        }
    }

    // With those of the graphs inside nodes.
    private static IEnumerable<NodeProto> All(IEnumerable<NodeProto> nodes) =>
        nodes.SelectMany(node => node.Attribute.SelectMany(GraphGuard.Subgraphs).SelectMany(graph => All(graph.Node)).Prepend(node));
}
