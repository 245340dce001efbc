using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>Gradients of recurrent operators: back-propagation through time as one operator.</summary>
internal static class RecurrentGradients
{
    public static SymbolicTensor?[] Of(GradientContext c, RecurrentOp op)
    {
        var inputs = new List<SymbolicTensor>();
        for (var i = 0; i < op.InputCount; i++) inputs.Add(c.Input(i));
        inputs.Add(c.Output(0));
        inputs.Add(c.Output(1 + op.States));
        if (c.UpstreamOrNone(0) is { } sequence) inputs.Add(sequence);
        var states = new List<int>();
        for (var i = 0; i < op.States; i++)
        {
            if (c.UpstreamOrNone(1 + i) is not { } state) continue;
            states.Add(i);
            inputs.Add(state);
        }

        var results = Ops.MakeAll(new RecurrentGradient(op, c.UpstreamOrNone(0) is not null, [.. states]), [.. inputs]);
        var gradients = new SymbolicTensor?[op.InputCount];
        for (var i = 0; i < results.Count; i++) gradients[i] = results[i];
        return gradients;
    }
}
