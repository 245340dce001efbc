using OnnxFunctional.Operators;

namespace OnnxFunctional.Layers;

/// <summary>A loop over a number of steps that is not known while a model is composed: one step becomes the body of a <see cref="Scan"/>.</summary>
internal static class OpenLoop
{
    /// <summary>A tensor that stands for a value of one step inside the body.</summary>
    public static SymbolicTensor Stand(TensorSpec spec, LayerCall? scope) => new(new InputLayer(spec.Shape, spec.Type, null).Tensor.Value, scope);

    /// <summary>Makes the loop from one step.</summary>
    /// <param name="states">Initial states, what stands for them in the step, and what they are after it.</param>
    /// <param name="sequences">Sequences (batch, time, ...) and what stands for one step of them.</param>
    /// <param name="emitted">Values of the step of which sequences are made.</param>
    /// <param name="reverse">Whether the last step is run first.</param>
    /// <param name="ownTimes">Whether results stay at the times of the steps read.</param>
    /// <returns>The last states, then the sequences.</returns>
    /// <exception cref="ModelException">The step has effects or draws random numbers, which only a loop that is written out can.</exception>
    public static SymbolicTensors Of(
        IReadOnlyList<(SymbolicTensor Initial, SymbolicTensor Before, SymbolicTensor After)> states,
        IReadOnlyList<(SymbolicTensor Sequence, SymbolicTensor Step)> sequences,
        IReadOnlyList<SymbolicTensor> emitted,
        bool reverse,
        bool ownTimes)
    {
        var scope = sequences[0].Sequence.Scope;
        Value[] stands = [.. states.Select(state => state.Before.Value), .. sequences.Select(sequence => sequence.Step.Value)];
        Value[] results = [.. states.Select(state => state.After.Value), .. emitted.Select(value => value.Value)];
        var changing = new HashSet<Value>(stands);
        var outside = new List<Value>();
        foreach (var node in Graph.Between(stands, results).Nodes)
        {
            if (!node.Inputs.Any(changing.Contains)) continue;
            changing.UnionWith(node.Outputs);
            outside.AddRange(node.Inputs.Where(IsOutside));
        }

        outside.AddRange(results.Where(IsOutside));
        Value[] captured = [.. outside.Distinct()];
        var body = Graph.Between([.. stands, .. captured], results);
        Check(body, scope);
        return Ops.MakeAll(
            new Scan(body, states.Count, sequences.Count, reverse, ownTimes),
            [
                .. states.Select(state => state.Initial),
                .. sequences.Select(sequence => sequence.Sequence.WithMask(null)),
                .. captured.Select(value => new SymbolicTensor(value, scope)),
            ]);

        bool IsOutside(Value value) => !changing.Contains(value) && value.Producer.Op is not Constant;
    }

    private static void Check(Graph body, LayerCall? scope)
    {
        if (body.Nodes.Any(node => node.Op is Phase or IRandomOp)) throw new ModelException("A step that differs in training, as dropout does,");
        var around = new HashSet<LayerCall>();
        for (var call = scope; call is not null; call = call.Parent) around.Add(call);
        if (body.Calls().Any(call => !around.Contains(call) && (call.Losses.Count > 0 || call.Updates.Count > 0)))
            throw new ModelException("A step that adds losses or updates weights");
    }
}
