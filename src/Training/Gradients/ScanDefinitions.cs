using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>Loops written out once the number of steps is known: what the engine runs.</summary>
internal static class ScanDefinitions
{
    // Each step is a dozen nodes; beyond this number, building the graph takes longer than running it.
    private const int MostSteps = 10_000;

    /// <summary>All steps, one after the other.</summary>
    /// <exception cref="ModelException">The number of steps is unknown, 0 or too large.</exception>
    public static SymbolicTensors Forward(Scan op, SymbolicTensors x)
    {
        var shape = x[op.States].Shape;
        var steps = shape[1] ?? throw new ModelException($"the loop can be written out for a known number of time steps only, but got {shape}.");
        if (steps == 0) throw new ModelException($"there are no time steps in {shape}.");
        if (steps > MostSteps) throw new ModelException($"a loop over {steps} time steps is longer than {MostSteps}. Shorten the sequences.");
        var states = x.Take(op.States).Select(state => state.Value).ToArray();
        var times = x.Skip(op.States).Take(op.Sequences).Select(sequence => Ops.Split(sequence, IntList.Repeat(1, steps).Span, 1)).ToArray();
        var emitted = new SymbolicTensor[op.Body.Outputs.Count - op.States][];
        for (var i = 0; i < emitted.Length; i++) emitted[i] = new SymbolicTensor[steps];
        Value[] others = [.. x.Skip(op.States + op.Sequences).Select(value => value.Value)];
        for (var step = 0; step < steps; step++)
        {
            var time = op.Reverse ? steps - 1 - step : step;
            Value[] given = [.. states, .. times.Select(each => Ops.Squeeze(each[time], 1).Value), .. others];
            var map = op.Body.Rewrite((_, _) => null, op.Body.Inputs.Zip(given).ToDictionary(pair => pair.First, pair => pair.Second));
            for (var i = 0; i < states.Length; i++) states[i] = map[op.Body.Outputs[i]];
            for (var i = 0; i < emitted.Length; i++)
                emitted[i][op.OwnTimes ? time : step] = Ops.ExpandDims(new SymbolicTensor(map[op.Body.Outputs[op.States + i]], x[0].Scope), 1);
        }

        return [.. states.Select(state => new SymbolicTensor(state, x[0].Scope)), .. emitted.Select(values => Ops.Concatenate(values, 1))];
    }

    /// <summary>Back-propagation through all steps.</summary>
    public static SymbolicTensors Backward(ScanGradient op, SymbolicTensors x)
    {
        // One value may be given as two inputs, each of which has a gradient of its own.
        var count = op.Forward.Body.Inputs.Count;
        SymbolicTensors inputs = [.. x.Take(count).Select(input => Ops.Make(new Identity(), input))];
        SymbolicTensor[] wanted = [.. op.Wanted.Select(i => inputs[i])];
        var outputs = Forward(op.Forward, inputs);
        var sums = new SymbolicTensor?[wanted.Length];
        for (var i = 0; i < op.Upstream.Count; i++)
        {
            var gradients = Gradient.Backpropagate(outputs[op.Upstream[i]].Value, x[count + i], [.. wanted.Select(input => input.Value)]);
            for (var j = 0; j < sums.Length; j++)
            {
                if (gradients[j] is { } gradient) sums[j] = sums[j] is { } sum ? sum + gradient : gradient;
            }
        }

        return [.. sums.Select((sum, j) => sum ?? Ops.ZerosLike(wanted[j]))];
    }

    /// <summary>The gradient as one operator, because the number of steps is not known yet.</summary>
    public static SymbolicTensor?[] Differentiate(GradientContext c, Scan op)
    {
        SymbolicTensor[] inputs = [.. Enumerable.Range(0, c.InputCount).Select(c.Input)];
        int[] upstream = [.. Enumerable.Range(0, op.Body.Outputs.Count).Where(i => c.UpstreamOrNone(i) is not null)];
        int[] wanted = [.. Enumerable.Range(0, inputs.Length).Where(i => inputs[i].DType.IsFloating() && c.Wants(i))];
        var gradients = Ops.MakeAll(
            new ScanGradient(op, [.. upstream], [.. wanted]), [.. inputs, .. upstream.Select(i => c.UpstreamOrNone(i)!)]);
        var results = new SymbolicTensor?[inputs.Length];
        foreach (var (input, gradient) in wanted.Zip(gradients)) results[input] = gradient;
        return results;
    }
}
