using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>What a GRU does with the sums of one panel at one step, and its gradient. Slots: h, z, r and, with the reset gate behind the product, the recurrent part of h.</summary>
internal static unsafe class RecurrentGru
{
    /// <summary><c>h' = z h + (1 - z) f(sum_h + r rec_h)</c>, the reset gate behind the product.</summary>
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
                V.Store(candidate, gates);
                V.Store(z, gates + V.Count);
                V.Store(r, gates + (2 * V.Count));
                V.Store(product, gates + (3 * V.Count));
                h = V.MultiplyAdd(z, h - candidate, candidate);
            }

            V.Store(h, newState);
            sums += panelRow;
            gates += panelRow;
            state += stride;
            newState += stride;
        }
    }

    /// <summary>The gates z and r and <c>r h</c>, which goes into the candidate's product: the first half where the reset gate comes before it.</summary>
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

    /// <summary><c>dh~ = dh (1 - z) f'; dz = dh (h - h~) z'; dr = dh~ rec r'; drec = dh~ r</c>; the state's own share is <c>dh z</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward<V, TDerivatives>(in RecurrentBlock block, in RecurrentCarry carry, int panel, int step)
        where V : struct, IVector<V>
        where TDerivatives : struct, IRecurrentDerivatives
    {
        nint stride = block.Layout.Stride;
        nint panelRow = block.Layout.PanelRow;
        var gates = block.GatesAt(panel, step);
        var gradients = carry.GatesAt(block, panel, step);
        var derivatives = TDerivatives.Kept ? block.DerivativesAt(panel, step) : null;
        var lanes = TDerivatives.Kept ? block.Lanes<V>(panel, 0) : V.Zero;
        var at = panel * V.Count;
        var state = block.StateAt(step) + at;
        var stateGradient = carry.State + at;
        var direct = carry.Direct + at;
        var one = V.Create(1f);
        var sums = carry.Sums + (panel * panelRow);
        var sumH = V.Load(sums);
        var sumZ = V.Load(sums + V.Count);
        var sumR = V.Load(sums + (2 * V.Count));
        var sumP = V.Load(sums + (3 * V.Count));
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
                var candidate = V.Load(gates);
                var z = V.Load(gates + V.Count);
                var r = V.Load(gates + (2 * V.Count));
                var product = V.Load(gates + (3 * V.Count));
                var dCandidate = dh * (one - z);
                var dz = dh * (V.Load(state) - candidate);
                V dr;
                if (TDerivatives.Kept)
                {
                    dCandidate = (dCandidate * V.Load(derivatives)) & lanes;
                    dz = (dz * V.Load(derivatives + V.Count)) & lanes;
                    dr = (dCandidate * product * V.Load(derivatives + (2 * V.Count))) & lanes;
                }
                else
                {
                    dCandidate *= V.MultiplyAdd(-candidate, candidate, one);
                    dz *= z * (one - z);
                    dr = dCandidate * product * (r * (one - r));
                }

                var dProduct = dCandidate * r;
                V.Store(dCandidate, gradients);
                V.Store(dz, gradients + V.Count);
                V.Store(dr, gradients + (2 * V.Count));
                V.Store(dProduct, gradients + (3 * V.Count));
                V.Store(dh * z, direct);
                sumH += dCandidate;
                sumZ += dz;
                sumR += dr;
                sumP += dProduct;
            }

            gates += panelRow;
            gradients += panelRow;
            derivatives += TDerivatives.Kept ? panelRow : 0;
            state += stride;
            stateGradient += stride;
            direct += stride;
        }

        V.Store(sumH, sums);
        V.Store(sumZ, sums + V.Count);
        V.Store(sumR, sums + (2 * V.Count));
        V.Store(sumP, sums + (3 * V.Count));
    }

    /// <summary><c>dh~ = dh (1 - z) f'; dz = dh (h - h~) z'</c>: what goes before the candidate's product backwards.</summary>
    public static void BackwardCandidate<V, TDerivatives>(in RecurrentBlock block, in RecurrentCarry carry, int panel, int step)
        where V : struct, IVector<V>
        where TDerivatives : struct, IRecurrentDerivatives
    {
        var layout = block.Layout;
        var lanes = TDerivatives.Kept ? block.Lanes<V>(panel, 0) : V.Zero;
        var one = V.Create(1f);
        var sums = carry.Sums + (panel * layout.PanelRow);
        var sumH = V.Load(sums);
        var sumZ = V.Load(sums + V.Count);
        for (var row = 0; row < block.Rows; row++)
        {
            var unit = (panel * V.Count) + ((nint)row * layout.Stride);
            var at = (nint)row * layout.PanelRow;
            var gates = block.GatesAt(panel, step) + at;
            var gradients = carry.GatesAt(block, panel, step) + at;
            if (block.Skips(row, step))
            {
                V.Store(V.Zero, gradients);
                V.Store(V.Zero, gradients + V.Count);
                continue;
            }

            var dh = V.Load(carry.State + unit);
            var candidate = V.Load(gates);
            var z = V.Load(gates + V.Count);
            var dCandidate = dh * (one - z);
            var dz = dh * (V.Load(block.StateAt(step) + unit) - candidate);
            if (TDerivatives.Kept)
            {
                var derivatives = block.DerivativesAt(panel, step) + at;
                dCandidate = (dCandidate * V.Load(derivatives)) & lanes;
                dz = (dz * V.Load(derivatives + V.Count)) & lanes;
            }
            else
            {
                dCandidate *= V.MultiplyAdd(-candidate, candidate, one);
                dz *= z * (one - z);
            }

            V.Store(dCandidate, gradients);
            V.Store(dz, gradients + V.Count);
            sumH += dCandidate;
            sumZ += dz;
        }

        V.Store(sumH, sums);
        V.Store(sumZ, sums + V.Count);
    }

    /// <summary><c>dr = d(r h) h r'</c>; the state's own share is <c>dh z + d(r h) r</c>: what comes behind the candidate's product backwards.</summary>
    public static void BackwardGates<V, TDerivatives>(in RecurrentBlock block, in RecurrentCarry carry, int panel, int step)
        where V : struct, IVector<V>
        where TDerivatives : struct, IRecurrentDerivatives
    {
        var layout = block.Layout;
        var lanes = TDerivatives.Kept ? block.Lanes<V>(panel, 0) : V.Zero;
        var one = V.Create(1f);
        var sums = carry.Sums + (panel * layout.PanelRow) + (2 * V.Count);
        var sumR = V.Load(sums);
        for (var row = 0; row < block.Rows; row++)
        {
            var unit = (panel * V.Count) + ((nint)row * layout.Stride);
            var at = (nint)row * layout.PanelRow;
            var gates = block.GatesAt(panel, step) + at;
            var gradient = carry.GatesAt(block, panel, step) + at + (2 * V.Count);
            var dh = V.Load(carry.State + unit);
            if (block.Skips(row, step))
            {
                V.Store(V.Zero, gradient);
                V.Store(dh, carry.Direct + unit);
                continue;
            }

            var r = V.Load(gates + (2 * V.Count));
            var reset = V.Load(carry.Reset + unit);
            var dr = reset * V.Load(block.StateAt(step) + unit);
            if (TDerivatives.Kept) dr = (dr * V.Load(block.DerivativesAt(panel, step) + at + (2 * V.Count))) & lanes;
            else dr *= r * (one - r);
            V.Store(dr, gradient);
            V.Store(V.MultiplyAdd(dh, V.Load(gates + V.Count), reset * r), carry.Direct + unit);
            sumR += dr;
        }

        V.Store(sumR, sums);
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
