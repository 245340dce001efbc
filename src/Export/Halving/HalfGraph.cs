namespace OnnxFunctional.Export.Halving;

/// <summary>A model's graph in which weights, and the results of layers, have 16 bits.</summary>
internal sealed class HalfGraph
{
    /// <param name="source">The graph in float32.</param>
    /// <param name="constants">Weights in 16 bits.</param>
    /// <param name="rules">What can compute in 16 bits.</param>
    /// <param name="options">What becomes 16 bits.</param>
    /// <param name="kept">The paths of layers that stay float32.</param>
    public HalfGraph(InferenceGraph source, HalfConstants constants, HalfRules rules, HalfOptions options, IReadOnlySet<string> kept)
    {
        var rewrite = new HalfRewrite(constants, rules, options) { IsKept = node => kept.Contains(source.Layers[node]) };
        foreach (var input in source.Inputs.Where(input => options.HalfInputsAndOutputs && input.Spec.Type == DType.Float32))
            rewrite[input] = new(rewrite.Narrow(input).Written, rewrite.Rounded(input));
        Layers = source.Graph.Nodes.Where(rewrite.Add).Select(node => source.Layers[node]).ToHashSet();
        HalfValue[] outputs = [.. source.Outputs.Select(output => options.HalfInputsAndOutputs ? rewrite.Narrow(output) : rewrite.Widen(output))];
        Outputs = [.. outputs.Select(output => output.Computed)];

        // The last of equal keys counts: an output in the type of the file's outputs.
        var stands = source.Map.Select(entry => (entry.Key, rewrite[entry.Value]))
            .Concat(source.Model.Outputs.Select((output, i) => (output.Value, outputs[i])));
        var (written, computed) = (new Dictionary<Value, Value>(), new Dictionary<Value, Value>());
        foreach (var (value, half) in stands)
        {
            written[value] = half.Written;
            computed[half.Written] = half.Computed;
        }

        (Written, Computed) = (written, computed);
    }

    /// <summary>The paths of layers that compute in 16 bits or have such weights.</summary>
    public IReadOnlySet<string> Layers { get; }

    /// <summary>For values of the model, those of the file.</summary>
    public IReadOnlyDictionary<Value, Value> Written { get; }

    /// <summary>For values of the file, those by which the engine computes the same.</summary>
    public IReadOnlyDictionary<Value, Value> Computed { get; }

    /// <summary>The model's outputs as the engine computes them.</summary>
    public IReadOnlyList<Value> Outputs { get; }
}
