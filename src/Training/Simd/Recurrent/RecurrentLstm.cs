using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>What an LSTM does with the sums of one panel at one step, and its gradient.</summary>
internal static unsafe class RecurrentLstm
{
    /// <summary><c>c' = s(f) c + s(i) tanh(g); h' = s(o) tanh(c')</c> with s the sigmoid.</summary>
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
                V.Store(i, gates);
                V.Store(f, gates + V.Count);
                V.Store(g, gates + (2 * V.Count));
                V.Store(o, gates + (3 * V.Count));
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

    /// <summary>The same with any activations, whose derivatives it keeps.</summary>
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
        RecurrentActivations.Apply<V>(shape.Activation, newCell, stride, block.Rows, 1, activation, stride, derivatives == null ? null : derivatives + at, stride);
        for (var row = 0; row < block.Rows; row++)
        {
            var state = block.Skips(row, step)
                ? V.Load(block.StateAt(step) + at + (row * stride))
                : V.Load(gates + (row * panelRow) + (3 * V.Count)) * V.Load(activation + (row * stride));
            V.Store(state, block.StateAt(step + 1) + at + (row * stride));
        }
    }

    /// <summary><c>dc += dh o t'; di = dc g i'; df = dc c f'; dg = dc i g'; do = dh t o'; dc = dc f</c> with t the activation of the new cell.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward<V, TDerivatives>(in RecurrentBlock block, in RecurrentCarry carry, int panel, int step)
        where V : struct, IVector<V>
        where TDerivatives : struct, IRecurrentDerivatives
    {
        nint stride = block.Layout.Stride;
        nint panelRow = block.Layout.PanelRow;
        var gates = block.GatesAt(panel, step);
        var gradients = carry.GatesAt(block, panel, step);
        var at = panel * V.Count;
        var cell = block.CellAt(step) + at;
        var activation = block.CellActivationAt(step) + at;
        var stateGradient = carry.State + at;
        var cellGradient = carry.Cell + at;
        var direct = carry.Direct + at;
        var derivatives = TDerivatives.Kept ? block.DerivativesAt(panel, step) : null;
        var cellDerivatives = TDerivatives.Kept ? block.CellDerivativesAt(step) + at : null;
        var lanes = TDerivatives.Kept ? block.Lanes<V>(panel, 0) : V.Zero;
        var one = V.Create(1f);

        var sums = carry.Sums + (panel * panelRow);
        var sumI = V.Load(sums);
        var sumF = V.Load(sums + V.Count);
        var sumG = V.Load(sums + (2 * V.Count));
        var sumO = V.Load(sums + (3 * V.Count));
        for (var row = 0; row < block.Rows; row++)
        {
            var dh = V.Load(stateGradient);
            if (block.Skips(row, step))
            {
                V.Store(V.Zero, gradients);
                V.Store(V.Zero, gradients + V.Count);
                V.Store(V.Zero, gradients + (2 * V.Count));
                V.Store(V.Zero, gradients + (3 * V.Count));
                V.Store(dh, direct);
            }
            else
            {
                var i = V.Load(gates);
                var f = V.Load(gates + V.Count);
                var g = V.Load(gates + (2 * V.Count));
                var o = V.Load(gates + (3 * V.Count));
                var t = V.Load(activation);
                var dc = dh * o;
                V di, df, dg, dO;
                if (TDerivatives.Kept)
                {
                    dc = V.MultiplyAdd(dc, V.Load(cellDerivatives), V.Load(cellGradient));
                    di = (dc * g * V.Load(derivatives)) & lanes;
                    df = (dc * V.Load(cell) * V.Load(derivatives + V.Count)) & lanes;
                    dg = (dc * i * V.Load(derivatives + (2 * V.Count))) & lanes;
                    dO = (dh * t * V.Load(derivatives + (3 * V.Count))) & lanes;
                }
                else
                {
                    dc = V.MultiplyAdd(dc, V.MultiplyAdd(-t, t, one), V.Load(cellGradient));
                    di = dc * g * (i * (one - i));
                    df = dc * V.Load(cell) * (f * (one - f));
                    dg = dc * i * V.MultiplyAdd(-g, g, one);
                    dO = dh * t * (o * (one - o));
                }

                V.Store(dc * f, cellGradient);
                V.Store(di, gradients);
                V.Store(df, gradients + V.Count);
                V.Store(dg, gradients + (2 * V.Count));
                V.Store(dO, gradients + (3 * V.Count));
                sumI += di;
                sumF += df;
                sumG += dg;
                sumO += dO;
                if (block.Mask != null) V.Store(V.Zero, direct);
            }

            gates += panelRow;
            gradients += panelRow;
            derivatives += TDerivatives.Kept ? panelRow : 0;
            cell += stride;
            activation += stride;
            cellDerivatives += TDerivatives.Kept ? stride : 0;
            stateGradient += stride;
            cellGradient += stride;
            direct += stride;
        }

        V.Store(sumI, sums);
        V.Store(sumF, sums + V.Count);
        V.Store(sumG, sums + (2 * V.Count));
        V.Store(sumO, sums + (3 * V.Count));
    }
}
