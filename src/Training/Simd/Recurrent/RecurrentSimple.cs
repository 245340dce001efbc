using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>A simple cell's computation on the sums of one panel at one step, and its gradient.</summary>
internal static unsafe class RecurrentSimple
{
    /// <summary><c>h' = f(sum)</c>, any activation.</summary>
    public static void Forward<V>(in RecurrentBlock block, int panel, int step) where V : struct, IVector<V>
    {
        var layout = block.Layout;
        nint stride = layout.Stride;
        nint panelRow = layout.PanelRow;
        var at = panel * panelRow;
        var newState = block.StateAt(step + 1) + at;
        RecurrentActivations.Apply<V>(
            layout.Shape.Activation, block.SumsAt(panel, step), panelRow, block.Rows, layout.Slots, newState, stride,
            block.DerivativesAt(panel, step), panelRow);
        for (var row = 0; row < block.Rows; row++)
        {
            if (!block.Skips(row, step)) continue;
            var state = block.StateAt(step) + at + (row * stride);
            for (nint lane = 0; lane < panelRow; lane += V.Count) V.Store(V.Load(state + lane), newState + (row * stride) + lane);
        }
    }

    /// <summary><c>dsum = dh f'</c>, and <c>f' = 1 - h'^2</c> for tanh.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward<V, TDerivatives>(in RecurrentBlock block, in RecurrentCarry carry, int panel, int step)
        where V : struct, IVector<V>
        where TDerivatives : struct, IRecurrentDerivatives
    {
        var layout = block.Layout;
        for (var slot = 0; slot < layout.Slots; slot++)
        {
            var within = slot * V.Count;
            var at = (panel * layout.PanelRow) + within;
            var gradients = carry.GatesAt(block, panel, step) + within;
            var derivatives = TDerivatives.Kept ? block.DerivativesAt(panel, step) + within : null;
            var lanes = TDerivatives.Kept ? block.Lanes<V>(panel, slot) : V.Zero;
            var sum = V.Load(carry.Sums + at);
            for (var row = 0; row < block.Rows; row++)
            {
                var unit = at + ((nint)row * layout.Stride);
                var gate = (nint)row * layout.PanelRow;
                var dh = V.Load(carry.State + unit);
                if (block.Skips(row, step))
                {
                    V.Store(V.Zero, gradients + gate);
                    V.Store(dh, carry.Direct + unit);
                    continue;
                }

                var h = TDerivatives.Kept ? V.Zero : V.Load(block.StateAt(step + 1) + unit);
                var gradient = TDerivatives.Clean(dh * TDerivatives.OfActivation(h, derivatives + gate), lanes);
                V.Store(gradient, gradients + gate);
                sum += gradient;
                if (block.Mask != null) V.Store(V.Zero, carry.Direct + unit);
            }

            V.Store(sum, carry.Sums + at);
        }
    }
}
