namespace OnnxFunctional.Export.Emit;

/// <summary>A graph to be written: what goes in and comes out under which names. A model is one; a training step, where weights are inputs, is another.</summary>
internal sealed class EmissionRequest
{
    public required string Name { get; init; }

    public required IReadOnlyList<(string Name, Value Value)> Inputs { get; init; }

    public required IReadOnlyList<(string Name, Value Value)> Outputs { get; init; }

    /// <summary>Values of the graph around this one that the body of a Scan sees under their names there.</summary>
    public IReadOnlyList<(string Name, Value Value)> Captured { get; init; } = [];

    /// <summary>The names weights are stored under; weights that are inputs are none of these.</summary>
    public required IReadOnlyDictionary<Weight, string> WeightNames { get; init; }

    /// <summary>Names for values inside the graph, the first one counting: outputs of layers.</summary>
    public IReadOnlyList<(string Name, Value Value)> ValueNames { get; init; } = [];

    /// <summary>Where random numbers come from; nothing where a file must not draw any.</summary>
    public RandomSource? Random { get; init; }

    public required ScopeNames Scopes { get; init; }

    public required EmissionOptions Options { get; init; }
}
