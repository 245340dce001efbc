namespace OnnxFunctional.Export.Emit;

/// <summary>A graph to write, with the names of its inputs and outputs: a model, or a training step, whose weights are inputs.</summary>
internal sealed class EmissionRequest
{
    public required string Name { get; init; }

    public required IReadOnlyList<(string Name, Value Value)> Inputs { get; init; }

    public required IReadOnlyList<(string Name, Value Value)> Outputs { get; init; }

    /// <summary>Values of the outer graph that the body of a Scan reads, under their names there.</summary>
    public IReadOnlyList<(string Name, Value Value)> Captured { get; init; } = [];

    /// <summary>The names of stored weights; weights that are inputs are not among them.</summary>
    public required IReadOnlyDictionary<Weight, string> WeightNames { get; init; }

    /// <summary>Names for values inside the graph, such as outputs of layers; if a value has several, the first counts.</summary>
    public IReadOnlyList<(string Name, Value Value)> ValueNames { get; init; } = [];

    /// <summary>The source of random numbers; null if the file must not draw any.</summary>
    public RandomSource? Random { get; init; }

    public required CallNames Scopes { get; init; }

    public required EmissionOptions Options { get; init; }
}
