namespace OnnxFunctional.Export.Emit;

/// <summary>The graph that a file holds in place of a model's own: other inputs and outputs, or other forms of its operators.</summary>
/// <param name="Inputs">The inputs of the file.</param>
/// <param name="Outputs">The outputs of the file.</param>
/// <param name="Map">For values of the model, those that stand for them.</param>
/// <param name="States">The inputs that take what outputs gave for the steps before.</param>
internal sealed record ServedForm(
    IReadOnlyList<(string Name, Value Value)> Inputs,
    IReadOnlyList<(string Name, Value Value)> Outputs,
    IReadOnlyDictionary<Value, Value> Map,
    IReadOnlyList<(string Input, string Output)> States);
