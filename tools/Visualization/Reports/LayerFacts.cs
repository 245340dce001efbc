namespace OnnxFunctional.Visualization.Reports;

/// <summary>What is known of a layer, in models inside the model too.</summary>
/// <param name="Path">Its name after those of the models around it.</param>
/// <param name="Depth">How many models are around it.</param>
/// <param name="ClassName">Its class, or the operator.</param>
/// <param name="Inputs">The shapes that it reads.</param>
/// <param name="Outputs">The shapes that it gives.</param>
/// <param name="DType">The types of its outputs.</param>
/// <param name="Calls">How often it is called.</param>
/// <param name="Parameters">Its number of weights.</param>
/// <param name="Trainable">Whether it is trained; null without weights.</param>
/// <param name="MultiplyAdds">For one sample; NaN if sizes are open.</param>
/// <param name="ActivationBytes">The bytes of its outputs for one sample; NaN if sizes are open.</param>
internal sealed record LayerFacts(
    string Path,
    int Depth,
    string ClassName,
    string Inputs,
    string Outputs,
    string DType,
    int Calls,
    long Parameters,
    bool? Trainable,
    double MultiplyAdds,
    double ActivationBytes)
{
    /// <summary>All layers; those of a model come after it.</summary>
    public static IReadOnlyList<LayerFacts> Of(Model model)
    {
        var facts = new List<LayerFacts>();
        Add(model, "", 0, facts);
        return facts;
    }

    private static void Add(Model model, string prefix, int depth, List<LayerFacts> facts)
    {
        var costs = LayerCosts.Of(model);
        foreach (var calls in model.StepsByLayer)
        {
            var (first, layer) = (calls[0], calls[0].Layer);
            facts.Add(new LayerFacts(
                prefix + first.Name,
                depth,
                layer?.ClassName ?? first.Node!.Op.Name,
                Shapes(calls, step => step.Inputs),
                Shapes(calls, step => step.Outputs),
                string.Join(", ", calls.SelectMany(step => step.Outputs).Select(value => value.Spec.Type.KerasName()).Distinct()),
                calls.Count,
                layer?.Weights.Sum(weight => (long)weight.Length) ?? 0,
                layer is { Weights.Count: > 0 } ? layer.Trainable : null,
                costs.MultiplyAdds(calls),
                LayerCosts.ActivationBytes(calls)));
            if (layer is Model { IsBuilt: true } nested) Add(nested, prefix + first.Name + "/", depth + 1, facts);
        }
    }

    private static string Shapes(IReadOnlyList<ModelStep> calls, Func<ModelStep, IReadOnlyList<Value>> values) =>
        string.Join("; ", calls.Select(step => string.Join(", ", values(step).Select(value => value.Spec.Shape.ToString()))).Distinct());
}
