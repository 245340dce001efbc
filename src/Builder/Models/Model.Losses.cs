namespace OnnxFunctional;

/// <content>Losses that the Forward of a model as a class adds.</content>
public partial class Model
{
    private List<SymbolicTensor>? _added;

    /// <summary>The call of a layer nearest to the outputs.</summary>
    private ModelStep? LastCall => Steps.LastOrDefault(step => step.Call is not null && !step.IsInput);

    // Forward builds the model on an input of its own, so what it adds belongs to that graph, not to a call of the model.
    private protected override bool KeepsLoss(SymbolicTensor loss)
    {
        if (IsBuilt || _added is null) return false;
        _added.Add(loss);
        return true;
    }

    /// <summary>Gives the losses of Forward to the last call of a layer: whatever contains the model's output contains that call.</summary>
    private void AddLosses()
    {
        var missing = Graph.Between([Input.Value], [.. _added!.Select(loss => loss.Value)]).Calls().Except(Graph.Calls()).LastOrDefault();
        if (missing is not null)
        {
            throw new ModelException(
                $"Model '{Name}' adds a loss that depends on layer '{missing.Path}', on which its output does not depend. "
                + "Compute the loss in a layer on the way to the output.");
        }

        var call = LastCall ?? throw new ModelException($"Model '{Name}' adds a loss but calls no layer. Call AddLoss in the Forward of a layer.");
        foreach (var loss in _added!) call.Call!.AddLoss(loss.Value);
    }

    /// <summary>Adds the losses of Forward to the calls that were made again; false if one is computed from within a layer.</summary>
    private bool MoveLosses(Dictionary<Value, SymbolicTensor> map, LayerCall? scope)
    {
        if (_added is not { Count: > 0 }) return true;
        var graph = Graph.Between([.. map.Keys], [.. _added.Select(loss => loss.Value)]);
        if (graph.Nodes.Any(node => node.Scope is not null)) return false;
        var moved = graph.Rewrite(
            (node, given) => node.Op is SourceOp ? null : Node.Create(node.Op, given, scope).Outputs,
            map.ToDictionary(entry => entry.Key, entry => entry.Value.Value));
        var call = map[LastCall!.Outputs[0]].Value.Producer.Scope;
        while (call is not null && call.Parent != scope) call = call.Parent;
        foreach (var loss in _added) (call ?? scope)!.AddLoss(moved[loss.Value]);
        return true;
    }
}
