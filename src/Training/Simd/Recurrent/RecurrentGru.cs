using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>
/// A GRU's computation on the sums of one panel at one step, and its gradient. Slots: h, z, r and, if the reset gate is applied after the product, the
/// recurrent part of h.
/// </summary>
internal static unsafe class RecurrentGru
{
    /// <summary><c>h' = z h + (1 - z) f(sum_h + r rec_h)</c>: the reset gate after the product.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward<V>(in RecurrentBlock block, int panel, int step) where V : struct, IVector<V>
    {
        var layout = block.Layout;
        nint stride = layout.Stride;
        nint panelRow = layout.PanelRow;
        var sums = block.SumsAt(panel, step);
        var gates = block.GatesAt(panel, step);
        var at = panel * V.Count;
        if (!layout.IsDefault)
        {
            block.Activate<V>(layout.Shape.GateActivation, new(1, 2), panel, step);
            for (var row = 0; row < block.Rows; row++)
            {
                var sum = sums + (row * panelRow);
                var gate = gates + (row * panelRow);
                var product = V.Load(sum + (3 * V.Count));
                V.Store(V.MultiplyAdd(V.Load(gate + (2 * V.Count)), product, V.Load(sum)), sum);
                V.Store(product, gate + (3 * V.Count));
            }

            block.Activate<V>(layout.Shape.Activation, new(0, 1), panel, step);
            Mix<V>(block, panel, step);
            return;
        }

        var state = block.StateAt(step) + at;
        var newState = block.StateAt(step + 1) + at;
        for (var row = 0; row < block.Rows; row++)
        {
            var h = V.Load(state);
            if (!block.Skips(row, step))
            {
                var z = VectorMath.Sigmoid(V.Load(sums + V.Count));
                var r = VectorMath.Sigmoid(V.Load(sums + (2 * V.Count)));
                var product = V.Load(sums + (3 * V.Count));
                var candidate = VectorMath.Tanh(V.MultiplyAdd(r, product, V.Load(sums)));
                RecurrentRow.Store(candidate, z, r, product, gates);
                h = V.MultiplyAdd(z, h - candidate, candidate);
            }

            V.Store(h, newState);
            sums += panelRow;
            gates += panelRow;
            state += stride;
            newState += stride;
        }
    }

    /// <summary>The gates z and r, and <c>r h</c> for the candidate's product: the first half if the reset gate comes before the product.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ForwardGates<V>(in RecurrentBlock block, int panel, int step) where V : struct, IVector<V>
    {
        var layout = block.Layout;
        nint stride = layout.Stride;
        var gates = block.GatesAt(panel, step);
        var at = panel * V.Count;
        block.Activate<V>(layout.Shape.GateActivation, new(1, 2), panel, step);
        for (var row = 0; row < block.Rows; row++)
        {
            var unit = at + (row * stride);
            V.Store(V.Load(gates + (row * layout.PanelRow) + (2 * V.Count)) * V.Load(block.StateAt(step) + unit), block.ResetAt(step) + unit);
        }
    }

    /// <summary>The candidate and the new state: the second half.</summary>
    public static void ForwardCandidate<V>(in RecurrentBlock block, int panel, int step) where V : struct, IVector<V>
    {
        block.Activate<V>(block.Layout.Shape.Activation, RecurrentLayout.CandidateSlots, panel, step);
        Mix<V>(block, panel, step);
    }

    /// <summary><c>dh~ = dh (1 - z) f'; dz = dh (h - h~) z'; dr = dh~ rec r'; drec = dh~ r</c>; directly to the state goes <c>dh z</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward<V, TDerivatives>(in RecurrentBlock block, in RecurrentCarry carry, int panel, int step)
        where V : struct, IVector<V>
        where TDerivatives : struct, IRecurrentDerivatives
    {
        var at = new RecurrentPanel(block, carry, panel, step);
        float* state = block.StateAt(step), stateGradient = carry.State, direct = carry.Direct;
        var lanes = TDerivatives.Kept ? block.Lanes<V>(panel, 0) : V.Zero;
        RecurrentRow.Load<V>(at.Sums, out var sumH, out var sumZ, out var sumR, out var sumP);
        nint gate = 0;
        nint unit = panel * V.Count;
        for (var row = 0; row < block.Rows; row++, gate += block.Layout.PanelRow, unit += block.Layout.Stride)
        {
            var dh = V.Load(stateGradient + unit);
            if (RecurrentRow.SitsOut(block, row, step, dh, at.Gradients + gate, direct + unit)) continue;
            RecurrentRow.Load<V>(at.Gates + gate, out var candidate, out var z, out var r, out var product);
            CandidateGradients<V, TDerivatives>(dh, V.Load(state + unit), candidate, z, at.Derivatives + gate, lanes, out var dCandidate, out var dz);
            var dr = TDerivatives.Clean(dCandidate * product * TDerivatives.OfGate(r, at.Derivatives + gate + (2 * V.Count)), lanes);
            var dProduct = dCandidate * r;
            RecurrentRow.Store(dCandidate, dz, dr, dProduct, at.Gradients + gate);
            V.Store(dh * z, direct + unit);
            sumH += dCandidate;
            sumZ += dz;
            sumR += dr;
            sumP += dProduct;
        }

        RecurrentRow.Store(sumH, sumZ, sumR, sumP, at.Sums);
    }

    /// <summary><c>dh~ = dh (1 - z) f'; dz = dh (h - h~) z'</c>: the part of the backward pass before the candidate's product.</summary>
    public static void BackwardCandidate<V, TDerivatives>(in RecurrentBlock block, in RecurrentCarry carry, int panel, int step)
        where V : struct, IVector<V>
        where TDerivatives : struct, IRecurrentDerivatives
    {
        var layout = block.Layout;
        var at = new RecurrentPanel(block, carry, panel, step);
        var lanes = TDerivatives.Kept ? block.Lanes<V>(panel, 0) : V.Zero;
        var sumH = V.Load(at.Sums);
        var sumZ = V.Load(at.Sums + V.Count);
        for (var row = 0; row < block.Rows; row++)
        {
            var unit = (panel * V.Count) + ((nint)row * layout.Stride);
            var gate = (nint)row * layout.PanelRow;
            var gates = at.Gates + gate;
            var (dCandidate, dz) = (V.Zero, V.Zero);
            if (!block.Skips(row, step))
            {
                CandidateGradients<V, TDerivatives>(
                    V.Load(carry.State + unit), V.Load(block.StateAt(step) + unit), V.Load(gates), V.Load(gates + V.Count), at.Derivatives + gate, lanes,
                    out dCandidate, out dz);
                sumH += dCandidate;
                sumZ += dz;
            }

            V.Store(dCandidate, at.Gradients + gate);
            V.Store(dz, at.Gradients + gate + V.Count);
        }

        V.Store(sumH, at.Sums);
        V.Store(sumZ, at.Sums + V.Count);
    }

    /// <summary>
    /// <c>dr = d(r h) h r'</c>; directly to the state goes <c>dh z + d(r h) r</c>: the part of the backward pass after the candidate's product.
    /// </summary>
    public static void BackwardGates<V, TDerivatives>(in RecurrentBlock block, in RecurrentCarry carry, int panel, int step)
        where V : struct, IVector<V>
        where TDerivatives : struct, IRecurrentDerivatives
    {
        var layout = block.Layout;
        var at = new RecurrentPanel(block, carry, panel, step);
        var lanes = TDerivatives.Kept ? block.Lanes<V>(panel, 0) : V.Zero;
        var sumR = V.Load(at.Sums + (2 * V.Count));
        for (var row = 0; row < block.Rows; row++)
        {
            var unit = (panel * V.Count) + ((nint)row * layout.Stride);
            var gate = (nint)row * layout.PanelRow;
            var gradient = at.Gradients + gate + (2 * V.Count);
            var dh = V.Load(carry.State + unit);
            if (block.Skips(row, step))
            {
                V.Store(V.Zero, gradient);
                V.Store(dh, carry.Direct + unit);
                continue;
            }

            var r = V.Load(at.Gates + gate + (2 * V.Count));
            var reset = V.Load(carry.Reset + unit);
            var dr = TDerivatives.Clean(reset * V.Load(block.StateAt(step) + unit) * TDerivatives.OfGate(r, at.Derivatives + gate + (2 * V.Count)), lanes);
            V.Store(dr, gradient);
            V.Store(V.MultiplyAdd(dh, V.Load(at.Gates + gate + V.Count), reset * r), carry.Direct + unit);
            sumR += dr;
        }

        V.Store(sumR, at.Sums + (2 * V.Count));
    }

    // dh~ = dh (1 - z) f'; dz = dh (h - h~) z'
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CandidateGradients<V, TDerivatives>(V dh, V h, V candidate, V z, float* derivatives, V lanes, out V dCandidate, out V dz)
        where V : struct, IVector<V>
        where TDerivatives : struct, IRecurrentDerivatives
    {
        dCandidate = TDerivatives.Clean(dh * (V.Create(1f) - z) * TDerivatives.OfActivation(candidate, derivatives), lanes);
        dz = TDerivatives.Clean(dh * (h - candidate) * TDerivatives.OfGate(z, derivatives + V.Count), lanes);
    }

    // h' = z h + (1 - z) h~
    private static void Mix<V>(in RecurrentBlock block, int panel, int step) where V : struct, IVector<V>
    {
        var layout = block.Layout;
        for (var row = 0; row < block.Rows; row++)
        {
            var unit = (panel * V.Count) + ((nint)row * layout.Stride);
            var gates = block.GatesAt(panel, step) + ((nint)row * layout.PanelRow);
            var h = V.Load(block.StateAt(step) + unit);
            var candidate = V.Load(gates);
            if (!block.Skips(row, step)) h = V.MultiplyAdd(V.Load(gates + V.Count), h - candidate, candidate);
            V.Store(h, block.StateAt(step + 1) + unit);
        }
    }
}
