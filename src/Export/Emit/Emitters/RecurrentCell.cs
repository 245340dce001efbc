using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>One step of a recurrent operator, by its formula.</summary>
internal static class RecurrentCell
{
    /// <summary>The states after a step.</summary>
    /// <param name="op">The operator.</param>
    /// <param name="units">The width of the state.</param>
    /// <param name="z">The input's contribution to all gates: <c>x W + b</c>, (batch, gates * units).</param>
    /// <param name="recurrent">The recurrent kernel (units, gates * units).</param>
    /// <param name="bias">The bias of the recurrent product, (gates * units), or null.</param>
    /// <param name="states">The states before the step.</param>
    public static SymbolicTensor[] Step(
        RecurrentOp op, int units, SymbolicTensor z, SymbolicTensor recurrent, SymbolicTensor? bias, IReadOnlyList<SymbolicTensor> states) =>
        op switch
        {
            Lstm lstm => Lstm(lstm, units, z, recurrent, states[0], states[1]),
            Gru gru => [gru.ResetAfter ? ResetAfter(gru, units, z, recurrent, bias, states[0]) : ResetBefore(gru, units, z, recurrent, states[0])],
            Rnn rnn => [Apply(rnn.Activation, z + Ops.MatMul(states[0], recurrent))],
            _ => throw new ArgumentOutOfRangeException(nameof(op), op, "Not a recurrent operator."),
        };

    private static SymbolicTensor[] Lstm(Lstm op, int units, SymbolicTensor z, SymbolicTensor recurrent, SymbolicTensor h, SymbolicTensor c)
    {
        var gates = Ops.Split(z + Ops.MatMul(h, recurrent), [units, units, units, units]);
        var cell = (Apply(op.RecurrentActivation, gates[1]) * c) + (Apply(op.RecurrentActivation, gates[0]) * Apply(op.Activation, gates[2]));
        return [Apply(op.RecurrentActivation, gates[3]) * Apply(op.Activation, cell), cell];
    }

    private static SymbolicTensor ResetAfter(Gru op, int units, SymbolicTensor z, SymbolicTensor recurrent, SymbolicTensor? bias, SymbolicTensor h)
    {
        var product = Ops.MatMul(h, recurrent);
        if (bias is not null) product += bias;
        var (fromInput, fromState) = (Ops.Split(z, [units, units, units]), Ops.Split(product, [units, units, units]));
        var update = Apply(op.RecurrentActivation, fromInput[0] + fromState[0]);
        var reset = Apply(op.RecurrentActivation, fromInput[1] + fromState[1]);
        return Mixed(update, h, Apply(op.Activation, fromInput[2] + (reset * fromState[2])));
    }

    private static SymbolicTensor ResetBefore(Gru op, int units, SymbolicTensor z, SymbolicTensor recurrent, SymbolicTensor h)
    {
        var (fromInput, kernels) = (Ops.Split(z, [units, units, units]), Ops.Split(recurrent, [units, units, units]));
        var update = Apply(op.RecurrentActivation, fromInput[0] + Ops.MatMul(h, kernels[0]));
        var reset = Apply(op.RecurrentActivation, fromInput[1] + Ops.MatMul(h, kernels[1]));
        return Mixed(update, h, Apply(op.Activation, fromInput[2] + Ops.MatMul(reset * h, kernels[2])));
    }

    private static SymbolicTensor Mixed(SymbolicTensor update, SymbolicTensor h, SymbolicTensor candidate) => (update * h) + ((1 - update) * candidate);

    private static SymbolicTensor Apply(GateActivation activation, SymbolicTensor x) => activation switch
    {
        GateActivation.Linear => x,
        GateActivation.Tanh => Ops.Tanh(x),
        GateActivation.Sigmoid => Ops.Sigmoid(x),
        GateActivation.HardSigmoid => Ops.Make(new HardSigmoid(1f / 6, 0.5f), x),
        GateActivation.Relu => Ops.Relu(x),
        GateActivation.Elu => Ops.Make(new Elu(1), x),
        GateActivation.Selu => Ops.Make(new Selu(), x),
        GateActivation.Softplus => Ops.Softplus(x),
        GateActivation.Softsign => Ops.Softsign(x),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "Every gate activation has a formula."),
    };
}
