using OnnxFunctional.Export.Layouts;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>
/// Operators that ONNX does not have, or not in this version: written by their definition in other operators, which are emitted like any others.
/// </summary>
internal static class Definitions
{
    /// <summary>Builds the definition on the node's inputs, writes its nodes, and uses their results as the node's outputs.</summary>
    public static void Write(Emission emission, Node node, Func<SymbolicTensors, SymbolicTensors> definition)
    {
        var inputs = node.Inputs.Select(input => new SymbolicTensor(input, node.Scope)).ToArray();
        var results = definition(inputs);
        var values = results.Select(result => result.Value).ToArray();
        var graph = OnnxFunctional.Graph.Between(node.Inputs, values);
        for (var i = 0; i < values.Length; i++)
        {
            if (!node.Inputs.Contains(values[i])) emission.StandFor(values[i], node.Outputs[i]);
        }

        foreach (var inner in graph.Nodes) emission.Emit(inner);
        for (var i = 0; i < values.Length; i++)
        {
            if (!emission.IsStatic(values[i])) emission.Alias(node.Outputs[i], values[i]);
            else emission.Result(node.Outputs[i], Layout.Identity(values[i].Spec.Shape.Rank), "Identity", [emission.Read(values[i])]);
        }
    }

    /// <summary>As <see cref="Write(Emission, Node, Func{SymbolicTensors, SymbolicTensors})"/>, for one result.</summary>
    public static void Write(Emission emission, Node node, Func<SymbolicTensors, SymbolicTensor> definition) =>
        Write(emission, node, inputs => (SymbolicTensors)definition(inputs));
}
