namespace OnnxFunctional.Layers;

/// <summary>One step of each recurrent network in plain operators: for cells, and for activations that the recurrent operators lack.</summary>
internal static class RecurrentSteps
{
    /// <param name="projected"><c>x W + b</c>, (batch, 4 units).</param>
    /// <param name="cell">The previous cell state.</param>
    /// <param name="hidden">The previous hidden state, with dropout applied.</param>
    /// <param name="recurrent">The recurrent kernel.</param>
    /// <param name="activation">Activation of the new input and the cell state.</param>
    /// <param name="recurrentActivation">Activation of the gates.</param>
    public static (SymbolicTensor Output, SymbolicTensors States) Lstm(
        SymbolicTensor projected,
        SymbolicTensor cell,
        SymbolicTensor hidden,
        SymbolicTensor recurrent,
        Activation activation,
        Activation recurrentActivation) =>
        LstmFromGates(projected + Ops.MatMul(hidden, recurrent), cell, activation, recurrentActivation);

    /// <param name="sums">The inputs of the gates, joined along the last axis: input, forget, new input, output.</param>
    /// <param name="cell">The previous cell state.</param>
    /// <param name="activation">Activation of the new input and the cell state.</param>
    /// <param name="recurrentActivation">Activation of the gates.</param>
    public static (SymbolicTensor Output, SymbolicTensors States) LstmFromGates(
        SymbolicTensor sums,
        SymbolicTensor cell,
        Activation activation,
        Activation recurrentActivation)
    {
        var gates = Gates(sums, 4);
        var next = (recurrentActivation.Apply(gates[1]) * cell) + (recurrentActivation.Apply(gates[0]) * activation.Apply(gates[2]));
        var output = recurrentActivation.Apply(gates[3]) * activation.Apply(next);
        return (output, [output, next]);
    }

    /// <param name="projected"><c>x W + b</c>, (batch, 3 units).</param>
    /// <param name="before">The previous state.</param>
    /// <param name="hidden">The previous state, with dropout applied.</param>
    /// <param name="recurrent">The recurrent kernel.</param>
    /// <param name="recurrentBias">Added to the recurrent part if the reset gate comes after the product.</param>
    /// <param name="resetAfter">Whether the reset gate comes after the product with the recurrent kernel.</param>
    /// <param name="activation">Activation of the new state.</param>
    /// <param name="recurrentActivation">Activation of the gates.</param>
    public static (SymbolicTensor Output, SymbolicTensors States) Gru(
        SymbolicTensor projected,
        SymbolicTensor before,
        SymbolicTensor hidden,
        SymbolicTensor recurrent,
        SymbolicTensor? recurrentBias,
        bool resetAfter,
        Activation activation,
        Activation recurrentActivation)
    {
        var x = Gates(projected, 3);
        var units = recurrent.Shape.Dim(0);
        SymbolicTensor update, candidate;
        if (resetAfter)
        {
            var product = Ops.MatMul(hidden, recurrent);
            var h = Gates(recurrentBias is null ? product : product + recurrentBias, 3);
            update = recurrentActivation.Apply(x[0] + h[0]);
            candidate = activation.Apply(x[2] + (recurrentActivation.Apply(x[1] + h[1]) * h[2]));
        }
        else
        {
            var kernels = Ops.Split(recurrent, [2 * units, units], 1);
            var h = Gates(Ops.MatMul(hidden, kernels[0]), 2);
            update = recurrentActivation.Apply(x[0] + h[0]);
            candidate = activation.Apply(x[2] + Ops.MatMul(recurrentActivation.Apply(x[1] + h[1]) * hidden, kernels[1]));
        }

        var output = (update * before) + ((1 - update) * candidate);
        return (output, output);
    }

    /// <param name="projected"><c>x W + b</c>, (batch, units).</param>
    /// <param name="hidden">The previous state, with dropout applied.</param>
    /// <param name="recurrent">The recurrent kernel.</param>
    /// <param name="activation">Activation of the sum.</param>
    public static (SymbolicTensor Output, SymbolicTensors States) Simple(
        SymbolicTensor projected,
        SymbolicTensor hidden,
        SymbolicTensor recurrent,
        Activation activation)
    {
        var output = activation.Apply(projected + Ops.MatMul(hidden, recurrent));
        return (output, output);
    }

    private static SymbolicTensors Gates(SymbolicTensor all, int count) => Ops.Split(all, IntList.Repeat(all.Shape.Dim(-1) / count, count).Span);
}
