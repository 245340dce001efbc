using OnnxFunctional.Export.Emit.Emitters;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Verify;

/// <summary>Recurrent operators and their gradients in simple ones, step by step: what is rounded inside them shows in these only.</summary>
/// <remarks>Sequences have a known length. The reserve of an operator is empty, because no gradient reads it.</remarks>
internal static class RecurrentDefinitions
{
    // Each step is a few hundred nodes with its gradient; beyond this number, planning takes longer than a comparison is worth.
    private const int MostSteps = 200;

    /// <summary>Whether a node is a recurrent operator or a gradient that can be written out.</summary>
    public static bool Has(Op op, IReadOnlyList<Value> inputs) =>
        op is RecurrentOp or RecurrentGradient && inputs[0].Spec.Shape is var x && x.Dims[1] is >= 1 and <= MostSteps && x.Dims[0] != Shape.Unknown;

    /// <summary>The outputs of the operator.</summary>
    public static SymbolicTensors Of(Op op, SymbolicTensors x) => op is RecurrentGradient gradient ? Backward(gradient, x) : Forward((RecurrentOp)op, x);

    private static SymbolicTensors Forward(RecurrentOp op, SymbolicTensors x)
    {
        var (batch, time, units, recurrent) = (x[0].Shape.Dim(0), x[0].Shape.Dim(1), x[2].Shape.Dim(0), x[2]);
        var z = Ops.MatMul(x[0], x[1]);
        SymbolicTensor? recurrentBias = null;
        if (op.BiasInput is { } input)
        {
            var bias = x[input];
            if (op is Gru { ResetAfter: true })
            {
                var rows = Ops.Split(bias, [1, 1], 0);
                (bias, recurrentBias) = (Ops.Squeeze(rows[0], 0), Ops.Squeeze(rows[1], 0));
            }

            z += bias;
        }

        var zeros = Ops.Filled(Shape.Of(batch, units), 0);
        var ones = IntList.Repeat(1, time).Span;
        var times = Ops.Split(z, ones, 1);
        var masks = op.MaskInput is { } mask ? Ops.Split(x[mask], ones, 1) : default;
        SymbolicTensor[] states = [.. Enumerable.Range(0, op.States).Select(i => op.StateInput is { } first ? x[first + i] : zeros)];
        var (shown, outputs) = (zeros, new SymbolicTensor[time]);
        for (var step = 0; step < time; step++)
        {
            var t = op.Options.Reverse ? time - 1 - step : step;
            var after = RecurrentCell.Step(op, units, Ops.Squeeze(times[t], 1), recurrent, recurrentBias, states);
            if (op.MaskInput is null)
            {
                shown = after[0];
            }
            else
            {
                shown = Ops.Where(masks[t], after[0], op.Options.ZeroMaskedOutput ? zeros : shown);
                for (var i = 0; i < after.Length; i++) after[i] = Ops.Where(masks[t], after[i], states[i]);
            }

            states = after;
            outputs[t] = Ops.ExpandDims(shown, 1);
        }

        return [Ops.Concatenate(outputs, 1), .. states, Ops.Constant(Shape.Of(0), Array.Empty<float>())];
    }

    /// <summary>The steps once more, and back-propagation through them.</summary>
    private static SymbolicTensors Backward(RecurrentGradient op, SymbolicTensors x)
    {
        var forward = op.Forward;

        // One value may be given as two inputs, each of which has a gradient of its own.
        SymbolicTensors inputs = [.. x.Take(forward.InputCount).Select(input => Ops.Make(new Identity(), input))];
        SymbolicTensor[] wanted = [.. forward.MaskInput is null ? inputs : inputs.SkipLast(1)];
        var outputs = Forward(forward, inputs);
        var sums = new SymbolicTensor?[wanted.Length];
        var next = forward.InputCount + 2;
        if (op.SequenceGradient) Add(outputs[0], x[next++]);
        foreach (var state in op.StateGradients) Add(outputs[1 + state], x[next++]);
        return [.. sums.Select((sum, i) => sum ?? Ops.ZerosLike(wanted[i]))];

        void Add(SymbolicTensor output, SymbolicTensor upstream)
        {
            var gradients = Gradient.Backpropagate(output.Value, upstream, [.. wanted.Select(input => input.Value)]);
            for (var i = 0; i < sums.Length; i++)
            {
                if (gradients[i] is { } gradient) sums[i] = sums[i] is { } sum ? sum + gradient : gradient;
            }
        }
    }
}
