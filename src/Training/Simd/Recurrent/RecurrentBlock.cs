using System.Runtime.Intrinsics.X86;
using static OnnxFunctional.Training.Simd.PartialVector;

namespace OnnxFunctional.Training.Simd;

/// <summary>The rows of a batch that one thread takes through all steps, and the memory of their values at every step.</summary>
internal unsafe ref struct RecurrentBlock
{
    public RecurrentLayout Layout;
    public int Rows;

    /// <summary>The index of the first row in the batch.</summary>
    public int First;

    /// <summary>[panel][step][row][slot][lane]: the inputs of the activations.</summary>
    public float* Sums;

    /// <summary>The same layout: the outputs of the activations; null if nothing is kept, then they overwrite the sums.</summary>
    public float* Gates;

    /// <summary>[step][row][unit]: the state before each step, and after the last.</summary>
    public float* State;

    /// <summary>The same layout: an LSTM's cell.</summary>
    public float* Cell;

    /// <summary>[step][row][unit]: the activation of the new cell.</summary>
    public float* CellActivation;

    /// <summary>[step][row][unit]: the state times the reset gate, if the gate is applied before the product.</summary>
    public float* Reset;

    /// <summary>The derivatives of the gates and of the cell's activation, or null if they follow from the values.</summary>
    public float* Derivatives, CellDerivatives;

    /// <summary>[row][time] or null.</summary>
    public byte* Mask;

    /// <summary>The step of each row that is computed first, with a mask; the number of steps if none is.</summary>
    private fixed int _firstSteps[RecurrentLayout.HighBlock];

    public RecurrentBlock(RecurrentLayout layout, int part, int block, float* reserve, float* scratch, byte* mask)
    {
        Layout = layout;
        Rows = layout.BlockRows(block);
        First = layout.BlockStart(block);
        Mask = mask == null ? null : mask + ((nint)First * layout.Shape.Time);
        for (var row = 0; Mask != null && row < Rows; row++)
        {
            var step = 0;
            while (step < layout.Shape.Time && Skips(row, step)) step++;
            _firstSteps[row] = step;
        }

        var next = scratch;
        if (scratch != null) Sums = Take(ref next, layout.SumsLength, part, block, scratched: true, (long)layout.SumSteps * layout.GateRow);
        var scratched = !layout.Training;
        if (!scratched) next = reserve;
        Gates = Take(ref next, layout.GatesLength, part, block, scratched: false, (long)layout.GateSteps * layout.GateRow);
        State = Take(ref next, layout.StateLength, part, block, scratched, (long)layout.StateSteps * layout.Stride);
        Cell = Take(ref next, layout.CellLength, part, block, scratched, (long)layout.StateSteps * layout.Stride);
        CellActivation = Take(ref next, layout.CellActivationLength, part, block, scratched, (long)layout.CellSteps * layout.Stride);
        Reset = Take(ref next, layout.ResetLength, part, block, scratched, (long)layout.ResetSteps * layout.Stride);
        Derivatives = Take(ref next, layout.DerivativeLength, part, block, scratched, (long)layout.DerivativeSteps * layout.GateRow);
        CellDerivatives = Take(ref next, layout.CellDerivativeLength, part, block, scratched, (long)layout.CellDerivativeSteps * layout.Stride);
    }

    private readonly float* Take(ref float* next, long length, int part, int block, bool scratched, long rowLength)
    {
        if (length == 0) return null;
        var place = next + Layout.PlaceOf(part, block, scratched, rowLength);
        next += length;
        return place;
    }

    /// <summary>The size of a state at one step, in floats.</summary>
    public readonly nint StepLength => (nint)Rows * Layout.Stride;

    public readonly float* SumsAt(int panel, int step) => Sums + (GateIndex(panel, step, Layout.SumSteps) * Rows * Layout.PanelRow);

    public readonly float* GatesAt(int panel, int step) =>
        Gates == null ? SumsAt(panel, step) : Gates + (GateIndex(panel, step, Layout.GateSteps) * Rows * Layout.PanelRow);

    public readonly float* DerivativesAt(int panel, int step) =>
        Derivatives == null ? null : Derivatives + (GateIndex(panel, step, Layout.DerivativeSteps) * Rows * Layout.PanelRow);

    public readonly float* StateAt(int step) => State + (step % Layout.StateSteps * StepLength);

    public readonly float* CellAt(int step) => Cell + (step % Layout.StateSteps * StepLength);

    public readonly float* CellActivationAt(int step) => CellActivation + (step % Layout.CellSteps * StepLength);

    public readonly float* CellDerivativesAt(int step) => CellDerivatives == null ? null : CellDerivatives + (step % Layout.CellDerivativeSteps * StepLength);

    public readonly float* ResetAt(int step) => Reset + (step % Layout.ResetSteps * StepLength);

    /// <summary>Whether a row skips a step.</summary>
    public readonly bool Skips(int row, int step) => Mask != null && Mask[((nint)row * Layout.Shape.Time) + Layout.TimeOf(step)] == 0;

    /// <summary>
    /// Whether the output of a row at a step is its state; otherwise it is zero: at a skipped step if that is asked for, and at those before the first
    /// computed step, which have no output to repeat, whatever the initial state is.
    /// </summary>
    public readonly bool Shows(int row, int step) => Mask == null || (step >= _firstSteps[row] && !(Layout.Shape.ZeroOutputForMask && Skips(row, step)));

    /// <summary>A mask of the lanes of a slot that are units. The other lanes may become infinite with some activations and must not reach a sum.</summary>
    public readonly V Lanes<V>(int panel, int slot) where V : struct, IVector<V> =>
        FirstLanes<V>(Layout.Columns(panel, slot).Valid);

    /// <summary>Copies this block's rows of [batch, units] to [row][padded unit], if there is a source.</summary>
    public readonly void ReadRows(float* source, float* destination)
    {
        if (source == null) return;
        var units = Layout.Shape.Units;
        for (var row = 0; row < Rows; row++)
        {
            new ReadOnlySpan<float>(source + (((nint)First + row) * units), units).CopyTo(new Span<float>(destination + ((nint)row * Layout.Stride), units));
        }
    }

    /// <summary>Copies [row][padded unit] to this block's rows of [batch, units], if there is a destination.</summary>
    public readonly void WriteRows(float* source, float* destination)
    {
        if (destination == null) return;
        var units = Layout.Shape.Units;
        for (var row = 0; row < Rows; row++)
        {
            new ReadOnlySpan<float>(source + ((nint)row * Layout.Stride), units).CopyTo(new Span<float>(destination + (((nint)First + row) * units), units));
        }
    }

    /// <summary>Prefetches what the next step of the backward pass reads, because the reserve of all steps is larger than L2.</summary>
    public readonly void Prefetch(int panel, int step)
    {
        if (step < 0) return;
        if (Gates != null) Prefetch(GatesAt(panel, step), (nint)Rows * Layout.PanelRow);
        if (panel > 0) return;
        if (!Layout.HasCell)
        {
            Prefetch(StateAt(step), StepLength);
            return;
        }

        Prefetch(CellAt(step), StepLength);
        Prefetch(CellActivationAt(step), StepLength);
    }

    /// <summary>Prefetches the rows of one step of a sequence [batch, time, units].</summary>
    public readonly void PrefetchSequence(float* sequence, int step)
    {
        var shape = Layout.Shape;
        if (sequence == null || step < 0 || step >= shape.Time) return;
        for (var row = 0; row < Rows; row++) Prefetch(sequence + (((((nint)First + row) * shape.Time) + Layout.TimeOf(step)) * shape.Units), shape.Units);
    }

    /// <summary>Applies an activation to some slots of a panel, and keeps its derivative if the backward pass needs it.</summary>
    public readonly void Activate<V>(RecurrentActivation activation, RecurrentSlots slots, int panel, int step) where V : struct, IVector<V>
    {
        nint row = Layout.PanelRow;
        var first = slots.First * V.Count;
        var derivatives = DerivativesAt(panel, step);
        RecurrentActivations.Apply<V>(
            activation, SumsAt(panel, step) + first, row, Rows, slots.Count,
            GatesAt(panel, step) + first, row, derivatives == null ? null : derivatives + first, row);
    }

    private static void Prefetch(float* address, nint length)
    {
        if (!Sse.IsSupported) return;
        for (nint i = 0; i < length; i += 16) Sse.Prefetch0(address + i);
    }

    private static nint GateIndex(int panel, int step, int steps) => ((nint)panel * steps) + (step % steps);
}

/// <summary>The gradients that a block carries from step to step, and those of its gate values.</summary>
internal unsafe struct RecurrentCarry
{
    /// <summary>[panel][step][row][slot][lane]: with respect to the sums before the activations.</summary>
    public float* Gates;

    /// <summary>[row][unit]: with respect to the state and the cell after the current step.</summary>
    public float* State, Cell;

    /// <summary>[row][unit]: the part of the state's gradient that bypasses the recurrent product.</summary>
    public float* Direct;

    /// <summary>[row][unit]: with respect to the reset state.</summary>
    public float* Reset;

    /// <summary>[4 vectors]: zeros.</summary>
    public float* Zeros;

    /// <summary>[panel][slot][lane]: sums of the gates' gradients over rows and steps.</summary>
    public float* Sums;

    public readonly float* GatesAt(in RecurrentBlock block, int panel, int step) =>
        Gates + ((((nint)panel * block.Layout.GradientSteps) + (step % block.Layout.GradientSteps)) * block.Rows * block.Layout.PanelRow);
}

/// <summary>The memory of one panel at one step in the backward pass; [row][slot][lane] except for the sums.</summary>
internal readonly unsafe struct RecurrentPanel(in RecurrentBlock block, in RecurrentCarry carry, int panel, int step)
{
    /// <summary>The outputs of the activations.</summary>
    public readonly float* Gates = block.GatesAt(panel, step);

    /// <summary>The gradients with respect to their inputs.</summary>
    public readonly float* Gradients = carry.GatesAt(block, panel, step);

    /// <summary>The derivatives of the activations, or null.</summary>
    public readonly float* Derivatives = block.DerivativesAt(panel, step);

    /// <summary>[slot][lane]: sums of the gradients over rows and steps.</summary>
    public readonly float* Sums = carry.Sums + (panel * block.Layout.PanelRow);
}
