using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>An LSTM's computation on the sums of one panel at one step, and its gradient.</summary>
internal static unsafe class RecurrentLstm
{
    /// <summary><c>c' = s(f) c + s(i) tanh(g); h' = s(o) tanh(c')</c> where s is the sigmoid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward<V>(in RecurrentBlock block, int panel, int step) where V : struct, IVector<V>
    {
        nint stride = block.Layout.Stride;
        nint panelRow = block.Layout.PanelRow;
        var sums = block.SumsAt(panel, step);
        var gates = block.GatesAt(panel, step);
        var at = panel * V.Count;
        var cell = block.CellAt(step) + at;
        var state = block.StateAt(step) + at;
        var newCell = block.CellAt(step + 1) + at;
        var newState = block.StateAt(step + 1) + at;
        var activation = block.CellActivationAt(step) + at;
        for (var row = 0; row < block.Rows; row++)
        {
            if (block.Skips(row, step))
            {
                V.Store(V.Load(cell), newCell);
                V.Store(V.Load(state), newState);
            }
            else
            {
                var i = VectorMath.Sigmoid(V.Load(sums));
                var f = VectorMath.Sigmoid(V.Load(sums + V.Count));
                var g = VectorMath.Tanh(V.Load(sums + (2 * V.Count)));
                var o = VectorMath.Sigmoid(V.Load(sums + (3 * V.Count)));
                var c = V.MultiplyAdd(f, V.Load(cell), i * g);
                var t = VectorMath.Tanh(c);
                RecurrentRow.Store(i, f, g, o, gates);
                V.Store(c, newCell);
                V.Store(t, activation);
                V.Store(o * t, newState);
            }

            sums += panelRow;
            gates += panelRow;
            cell += stride;
            state += stride;
            newCell += stride;
            newState += stride;
            activation += stride;
        }
    }

    /// <summary>The same with any activations; keeps their derivatives.</summary>
    public static void ForwardAny<V>(in RecurrentBlock block, int panel, int step) where V : struct, IVector<V>
    {
        var layout = block.Layout;
        nint stride = layout.Stride;
        nint panelRow = layout.PanelRow;
        var shape = layout.Shape;
        var gates = block.GatesAt(panel, step);
        block.Activate<V>(shape.GateActivation, new(0, 2), panel, step);
        block.Activate<V>(shape.Activation, new(2, 1), panel, step);
        block.Activate<V>(shape.GateActivation, new(3, 1), panel, step);

        var at = panel * V.Count;
        var newCell = block.CellAt(step + 1) + at;
        for (var row = 0; row < block.Rows; row++)
        {
            var cell = V.Load(block.CellAt(step) + at + (row * stride));
            var gate = gates + (row * panelRow);
            if (!block.Skips(row, step)) cell = V.MultiplyAdd(V.Load(gate + V.Count), cell, V.Load(gate) * V.Load(gate + (2 * V.Count)));
            V.Store(cell, newCell + (row * stride));
        }

        var activation = block.CellActivationAt(step) + at;
        var derivatives = block.CellDerivativesAt(step);
        RecurrentActivations.Apply<V>(
            shape.Activation, newCell, stride, block.Rows, 1, activation, stride, derivatives == null ? null : derivatives + at, stride);
        for (var row = 0; row < block.Rows; row++)
        {
            var state = block.Skips(row, step)
                ? V.Load(block.StateAt(step) + at + (row * stride))
                : V.Load(gates + (row * panelRow) + (3 * V.Count)) * V.Load(activation + (row * stride));
            V.Store(state, block.StateAt(step + 1) + at + (row * stride));
        }
    }

    /// <summary><c>dc += dh o t'; di = dc g i'; df = dc c f'; dg = dc i g'; do = dh t o'; dc = dc f</c> where t is the activation of the new cell.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward<V, TDerivatives>(in RecurrentBlock block, in RecurrentCarry carry, int panel, int step)
        where V : struct, IVector<V>
        where TDerivatives : struct, IRecurrentDerivatives
    {
        var at = new RecurrentPanel(block, carry, panel, step);
        var cell = block.CellAt(step);
        var activation = block.CellActivationAt(step);
        var cellDerivatives = block.CellDerivativesAt(step);
        float* stateGradient = carry.State, cellGradient = carry.Cell, direct = carry.Direct;
        var lanes = TDerivatives.Kept ? block.Lanes<V>(panel, 0) : V.Zero;
        RecurrentRow.Load<V>(at.Sums, out var sumI, out var sumF, out var sumG, out var sumO);
        nint gate = 0;
        nint unit = panel * V.Count;
        for (var row = 0; row < block.Rows; row++, gate += block.Layout.PanelRow, unit += block.Layout.Stride)
        {
            var dh = V.Load(stateGradient + unit);
            if (RecurrentRow.SitsOut(block, row, step, dh, at.Gradients + gate, direct + unit)) continue;
            RecurrentRow.Load<V>(at.Gates + gate, out var i, out var f, out var g, out var o);
            var derivatives = at.Derivatives + gate;
            var t = V.Load(activation + unit);
            var dc = V.MultiplyAdd(dh * o, TDerivatives.OfActivation(t, cellDerivatives + unit), V.Load(cellGradient + unit));
            var di = TDerivatives.Clean(dc * g * TDerivatives.OfGate(i, derivatives), lanes);
            var df = TDerivatives.Clean(dc * V.Load(cell + unit) * TDerivatives.OfGate(f, derivatives + V.Count), lanes);
            var dg = TDerivatives.Clean(dc * i * TDerivatives.OfActivation(g, derivatives + (2 * V.Count)), lanes);
            var dO = TDerivatives.Clean(dh * t * TDerivatives.OfGate(o, derivatives + (3 * V.Count)), lanes);
            V.Store(dc * f, cellGradient + unit);
            RecurrentRow.Store(di, df, dg, dO, at.Gradients + gate);
            sumI += di;
            sumF += df;
            sumG += dg;
            sumO += dO;
            if (block.Mask != null) V.Store(V.Zero, direct + unit);
        }

        RecurrentRow.Store(sumI, sumF, sumG, sumO, at.Sums);
    }
}
