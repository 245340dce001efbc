namespace OnnxFunctional;

/// <content>The model as a layer: its computation again, on other inputs.</content>
public partial class Model
{
    /// <summary>Calls all layers again, on other inputs; null if the model uses tensors from inside layers.</summary>
    /// <param name="inputs">A tensor for each input.</param>
    /// <param name="layerOf">Gives the layer to call in place of each of the model's layers.</param>
    internal SymbolicTensors? CallAnew(SymbolicTensors inputs, Func<LayerBase, LayerBase> layerOf)
    {
        var map = new Dictionary<Value, SymbolicTensor>();
        for (var i = 0; i < inputs.Count; i++) map[Inputs[i].Value] = inputs[i];

        // A layer called on a tensor that depends on its own output has one position in Keras' order, before that tensor; its later calls wait.
        var waiting = Steps.Where(step => !step.IsInput).ToList();
        while (waiting.Count > 0)
        {
            var before = waiting.Count;
            waiting.RemoveAll(step => CallAnew(step, map, layerOf));
            if (waiting.Count == before) return null;
        }

        if (!Outputs.All(output => map.ContainsKey(output.Value))) return null;
        return MoveLosses(map, inputs[0].Scope) ? Outputs.Select(output => map[output.Value]).ToArray() : (SymbolicTensors?)null;
    }

    /// <summary>Calls one layer again, or applies one operator, if all its inputs exist.</summary>
    private static bool CallAnew(ModelStep step, Dictionary<Value, SymbolicTensor> map, Func<LayerBase, LayerBase> layerOf)
    {
        SymbolicTensors outputs;
        if (step.Call is { } call)
        {
            if (call.Inputs.Any(input => !map.ContainsKey(input.Value))) return false;
            SymbolicTensors given = call.Inputs
                .Take(call.Inputs.Count - call.Options.Tensors.Count())
                .Select(input => map[input.Value])
                .ToArray();
            outputs = layerOf(call.Layer).CallAgain(call, given, mask => map[mask.Value]);
        }
        else
        {
            var node = step.Node!;
            if (node.Inputs.Any(input => input.Producer.Op is not SourceOp && !map.ContainsKey(input))) return false;
            outputs = Ops.MakeAll(node.Op, [.. node.Inputs.Select(input => map.TryGetValue(input, out var moved) ? moved : new SymbolicTensor(input))]);
        }

        for (var i = 0; i < outputs.Count; i++) map.TryAdd(step.Outputs[i], outputs[i]);
        return true;
    }

    /// <summary>Builds the model's nodes again, on other inputs, as layer calls inside the current one.</summary>
    private SymbolicTensors Replay(SymbolicTensors inputs)
    {
        if (inputs.Count != Inputs.Count)
            throw new ModelException($"the model takes {Inputs.Count} tensors ({string.Join(", ", InputNames)}), but got {inputs.Count}.");
        var replaced = new Dictionary<Value, Value>();
        var given = new SymbolicTensor[inputs.Count];
        for (var i = 0; i < inputs.Count; i++)
        {
            if (!inputs[i].Shape.IsCompatibleWith(Inputs[i].Shape) || (inputs[i].DType == DType.String) != (Inputs[i].DType == DType.String))
                throw new ModelException($"input '{InputNames[i]}' takes {Inputs[i].Value.Spec}, but got {inputs[i].Value.Spec}.");

            // As in Keras, numbers of another type are converted to that of the input.
            given[i] = Ops.Cast(inputs[i], Inputs[i].DType).WithMask(inputs[i].Mask);
            replaced[Inputs[i].Value] = given[i].Value;
        }

        // Calling the layers again passes the masks of the new inputs through the model.
        if (given.Any(input => input.Mask is not null) && CallAnew(given, layer => layer) is { } masked) return masked;
        var outer = inputs[0].Scope;
        var calls = new Dictionary<LayerCall, LayerCall>();
        var map = Graph.Rewrite(CopyNode, replaced);
        foreach (var (original, copy) in calls)
        {
            copy.Inputs = Moved(original.Inputs, copy.Parent);
            copy.Outputs = Moved(original.Outputs, copy.Parent);
            foreach (var (weight, value) in original.Updates)
            {
                if (map.TryGetValue(value, out var moved) || TryExtend(value, out moved)) copy.AddUpdate(weight, moved);
            }

            foreach (var loss in original.Losses)
            {
                if (map.TryGetValue(loss, out var moved) || TryExtend(loss, out moved)) copy.AddLoss(moved);
            }
        }

        return Outputs.Select(output => new SymbolicTensor(map[output.Value], outer, MaskOf(output))).ToArray();

        IReadOnlyList<Value>? CopyNode(Node node, IReadOnlyList<Value> given) =>
            node.Op is SourceOp ? null : Node.Create(node.Op, given, node.Scope is null ? outer : CopyCall(node.Scope)).Outputs;

        LayerCall CopyCall(LayerCall call)
        {
            if (!calls.TryGetValue(call, out var copy))
            {
                copy = new LayerCall(call.Layer, call.Parent is null ? outer : CopyCall(call.Parent));
                calls.Add(call, copy);
            }

            return copy;
        }

        SymbolicTensors Moved(SymbolicTensors tensors, LayerCall? scope) =>
            tensors.Select(tensor => new SymbolicTensor(map.GetValueOrDefault(tensor.Value, tensor.Value), scope)).ToArray();

        SymbolicTensor? MaskOf(SymbolicTensor output) =>
            output.Mask is { } mask && (map.TryGetValue(mask.Value, out var moved) || TryExtend(mask.Value, out moved))
                ? new SymbolicTensor(moved, outer)
                : null;

        // Updates, losses and masks are not on the path from inputs to outputs; the nodes they also need are copied on demand.
        bool TryExtend(Value value, out Value moved)
        {
            var extended = Graph.Between([.. map.Keys], [value]).Rewrite(CopyNode, map);
            foreach (var (from, to) in extended) map.TryAdd(from, to);
            return map.TryGetValue(value, out moved!);
        }
    }
}
