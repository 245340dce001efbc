namespace OnnxFunctional.Training.Simd;

/// <summary>The rows of a batch that one thread takes through all steps, and where their values of every step lie.</summary>
internal unsafe ref struct RecurrentBlock
{
    public RecurrentLayout Layout;
    public int Rows;

    /// <summary>The first row in the batch.</summary>
    public int First;

    /// <summary>[panel][step][row][slot][lane]; before the activations sums, behind them gates.</summary>
    public float* Gates;

    /// <summary>[step][row][unit]: the state before each step, and behind the last.</summary>
    public float* State;

    /// <summary>Alike: an LSTM's cell.</summary>
    public float* Cell;

    /// <summary>[step][row][unit]: the activation of the new cell.</summary>
    public float* CellActivation;

    /// <summary>[step][row][unit]: the state times the reset gate, where the gate comes before the product.</summary>
    public float* Reset;

    /// <summary>Derivatives of the gates and of the cell's activation, or null where they follow from the values.</summary>
    public float* Derivatives, CellDerivatives;

    /// <summary>[row][time] or null.</summary>
    public byte* Mask;

    public RecurrentBlock(RecurrentLayout layout, int part, int block, float* reserve, float* scratch, byte* mask)
    {
        Layout = layout;
        Rows = layout.BlockRows(block);
        First = RecurrentLayout.BlockStart(block);
        Mask = mask == null ? null : mask + ((nint)First * layout.Shape.Time);

        Gates = layout.GatesAreScratch ? scratch : reserve;
        if (Gates != null) Gates += layout.PlaceOf(part, block, layout.GatesAreScratch, (long)layout.GateSteps * layout.GateRow);
        var scratched = !layout.Training;
        var next = scratched ? scratch : reserve;
        if (scratched || !layout.GatesAreScratch) next += layout.GatesLength;
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

    /// <summary>Floats of one step of a state.</summary>
    public readonly nint StepLength => (nint)Rows * Layout.Stride;

    public readonly float* GatesAt(int panel, int step) => Gates + (GateIndex(panel, step, Layout.GateSteps) * Rows * Layout.PanelRow);

    public readonly float* DerivativesAt(int panel, int step) =>
        Derivatives == null ? null : Derivatives + (GateIndex(panel, step, Layout.DerivativeSteps) * Rows * Layout.PanelRow);

    public readonly float* StateAt(int step) => State + (step % Layout.StateSteps * StepLength);

    public readonly float* CellAt(int step) => Cell + (step % Layout.StateSteps * StepLength);

    public readonly float* CellActivationAt(int step) => CellActivation + (step % Layout.CellSteps * StepLength);

    public readonly float* CellDerivativesAt(int step) => CellDerivatives == null ? null : CellDerivatives + (step % Layout.CellDerivativeSteps * StepLength);

    public readonly float* ResetAt(int step) => Reset + (step % Layout.ResetSteps * StepLength);

    /// <summary>Whether a row sits a step out.</summary>
    public readonly bool Skips(int row, int step) => Mask != null && Mask[((nint)row * Layout.Shape.Time) + Layout.TimeOf(step)] == 0;

    /// <summary>Lanes of a slot that are units, as a mask: what stands in the others may be infinite with some activations and must not reach a sum.</summary>
    public readonly V Lanes<V>(int panel, int slot) where V : struct, IVector<V> =>
        V.LessThan(V.FromInt32Bits(V.LaneBits), V.Create(Layout.Columns(panel, slot).Valid));

    private static nint GateIndex(int panel, int step, int steps) => ((nint)panel * steps) + (step % steps);
}

/// <summary>Gradients that a block carries from step to step, and those of its gate values.</summary>
internal unsafe struct RecurrentCarry
{
    /// <summary>[panel][step][row][slot][lane]: with respect to the sums before the activations.</summary>
    public float* Gates;

    /// <summary>[row][unit]: with respect to the state and the cell behind the step at hand.</summary>
    public float* State, Cell;

    /// <summary>[row][unit]: the part of the state's gradient that passes the recurrent product by.</summary>
    public float* Direct;

    /// <summary>[row][unit]: with respect to the reset state.</summary>
    public float* Reset;

    /// <summary>[4 vectors]: zeros.</summary>
    public float* Zeros;

    /// <summary>[panel][slot][lane]: sums of the gates' gradients over rows and steps.</summary>
    public float* Sums;

    /// <summary>Steps of <see cref="Gates"/>.</summary>
    public int Time;

    public readonly float* GatesAt(in RecurrentBlock block, int panel, int step) =>
        Gates + ((((nint)panel * Time) + step) * block.Rows * block.Layout.PanelRow);
}

/// <summary>Tells a cell's backward pass where its derivatives come from, as a constant to the JIT.</summary>
internal interface IRecurrentDerivatives
{
    static abstract bool Kept { get; }
}

/// <summary>tanh and sigmoid: from the values.</summary>
internal readonly struct DerivativesFromValues : IRecurrentDerivatives
{
    public static bool Kept => false;
}

/// <summary>Any other activation: kept by the forward pass.</summary>
internal readonly struct DerivativesKept : IRecurrentDerivatives
{
    public static bool Kept => true;
}
