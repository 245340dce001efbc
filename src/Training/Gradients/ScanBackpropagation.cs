using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>
/// The gradient of a loop over an unknown number of steps as loops: one forwards, which keeps the states before each step, and one backwards, whose step is the
/// gradient of the loop's step.
/// </summary>
/// <remarks>
/// The backward loop carries the gradients of the states, and sums of the gradients of what all steps read. Gradients of sequences are sequences. A step
/// computes its forward values again from the states before it.
/// </remarks>
internal sealed class ScanBackpropagation
{
    private readonly Scan _loop;
    private readonly IntList _upstream;
    private readonly IntList _wanted;
    private readonly Dictionary<int, SymbolicTensor> _stands = [];
    private readonly SymbolicTensor?[] _gradients;
    private readonly int[] _kept;

    /// <param name="op">The gradient.</param>
    /// <param name="isRead">Whether the gradient of a wanted input is read; that of a state is part of all others.</param>
    public ScanBackpropagation(ScanGradient op, Func<int, bool> isRead)
    {
        (_loop, _upstream, _wanted) = (op.Forward, op.Upstream, op.Wanted);
        var body = _loop.Body;
        foreach (var i in Enumerable.Range(0, body.Outputs.Count).Where(i => i < _loop.States ? IsFloating(i) : _upstream.Contains(i)))
            _stands[i] = Stand((i < _loop.States ? body.Inputs : body.Outputs)[i].Spec);
        int[] targets = [.. Enumerable.Range(0, body.Inputs.Count).Where(i => IsFloating(i) && (i < _loop.States || (_wanted.Contains(i) && isRead(i))))];
        var found = Gradient.Backpropagate(
            [.. _stands.Select(stand => (body.Outputs[stand.Key], stand.Value))], [.. targets.Select(i => body.Inputs[i])]);
        _gradients = new SymbolicTensor?[body.Inputs.Count];
        foreach (var (i, gradient) in targets.Zip(found)) _gradients[i] = gradient;
        foreach (var (i, stand) in _stands)
            if (i < _loop.States) _gradients[i] ??= Ops.ZerosLike(stand);

        Value[] results = [.. _gradients.OfType<SymbolicTensor>().Select(gradient => gradient.Value)];
        var read = results.Concat(Graph.Between(body.Inputs, results).Nodes.SelectMany(node => node.Inputs)).ToHashSet();
        _kept = [.. Enumerable.Range(0, _loop.States).Where(i => read.Contains(body.Inputs[i]))];
    }

    /// <summary>The loop itself: its results, then for each state that its gradient reads the sequence of what it is before each step.</summary>
    /// <param name="x">The loop's inputs.</param>
    public SymbolicTensors Forward(SymbolicTensors x)
    {
        var body = _loop.Body;
        var keeping = Graph.Between(body.Inputs, [.. body.Outputs, .. _kept.Select(i => body.Inputs[i])]);
        return Ops.MakeAll(_loop with { Body = keeping }, [.. x.Take(body.Inputs.Count)]);
    }

    /// <summary>The gradients of the wanted inputs, in order; the input itself where its gradient is not read.</summary>
    /// <param name="x">The loop's inputs, then the gradients of its results.</param>
    /// <param name="forward">What the loop with kept states returned.</param>
    public SymbolicTensors Backward(SymbolicTensors x, SymbolicTensors forward)
    {
        var body = _loop.Body;
        var (carried, read, emitted) = (new List<Carried>(), new List<(SymbolicTensor Sequence, Value Step)>(), new List<int>());
        foreach (var (i, stand) in _stands.Where(stand => stand.Key < _loop.States))
            carried.Add(new(i, Upstream(i) ?? Ops.ZerosLike(x[i]), stand, _gradients[i]!));
        for (var i = _loop.States; i < body.Inputs.Count; i++)
        {
            var isSequence = i < _loop.States + _loop.Sequences;
            if (isSequence) read.Add((x[i], body.Inputs[i]));
            if (_gradients[i] is not { } gradient) continue;
            if (isSequence)
            {
                emitted.Add(i);
                continue;
            }

            var sum = Stand(body.Inputs[i].Spec);
            carried.Add(new(i, Ops.ZerosLike(x[i]), sum, sum + gradient));
        }

        foreach (var (i, sequence) in _kept.Zip(forward.Skip(body.Outputs.Count))) read.Add((AtOwnTimes(sequence), body.Inputs[i]));
        foreach (var (i, stand) in _stands.Where(stand => stand.Key >= _loop.States)) read.Add((AtOwnTimes(Upstream(i)!), stand.Value));

        var others = _loop.States + _loop.Sequences;
        var step = Graph.Between(
            [.. carried.Select(each => each.Before.Value), .. read.Select(each => each.Step), .. body.Inputs.Skip(others)],
            [.. carried.Select(each => each.After.Value), .. emitted.Select(i => _gradients[i]!.Value)]);
        var results = Ops.MakeAll(
            new Scan(step, carried.Count, read.Count, !_loop.Reverse, OwnTimes: true),
            [
                .. carried.Select(each => each.Initial),
                .. read.Select(each => each.Sequence),
                .. x.Skip(others).Take(body.Inputs.Count - others),
            ]);
        var named = carried.Select(each => each.Input).Concat(emitted).Zip(results).ToDictionary(pair => pair.First, pair => pair.Second);
        return [.. _wanted.Select(i => named.GetValueOrDefault(i) ?? x[i])];

        SymbolicTensor? Upstream(int output)
        {
            var at = _upstream.Span.IndexOf(output);
            return at < 0 ? null : x[body.Inputs.Count + at];
        }
    }

    private bool IsFloating(int input) => _loop.Body.Inputs[input].Spec.Type.IsFloating();

    /// <summary>A result of the loop with its steps at the times of the steps that were read.</summary>
    private SymbolicTensor AtOwnTimes(SymbolicTensor sequence) => _loop is { Reverse: true, OwnTimes: false } ? Ops.Slice(sequence, 1, -1, step: -1) : sequence;

    private static SymbolicTensor Stand(TensorSpec spec) => new InputLayer(spec.Shape, spec.Type, null).Tensor;

    /// <param name="Input">The input of the loop whose gradient it is.</param>
    /// <param name="Initial">Its value before the last step.</param>
    /// <param name="Before">What stands for it in a step backwards.</param>
    /// <param name="After">Its value after that.</param>
    private sealed record Carried(int Input, SymbolicTensor Initial, SymbolicTensor Before, SymbolicTensor After);
}
