namespace OnnxFunctional.Training.Simd;

/// <summary>A range of vectors of a panel row.</summary>
internal readonly record struct RecurrentSlots(int First, int Count);

/// <summary>The memory layout of a recurrent computation. All lengths and offsets are in floats.</summary>
/// <remarks>
/// <para>The rows of the batch are divided into blocks of <see cref="FullBlock"/>. One thread takes a block through all steps, so threads synchronize once, not
/// once per step.</para>
/// <para>The columns of all gates are divided into panels: one vector of units with all its gates side by side (for a simple cell up to four vectors of units).
/// A panel row has <see cref="Slots"/> vectors. LSTM: i f c o. GRU: h z r and, if the reset gate is applied after the product, the recurrent part of h as the
/// fourth, so that the input product (h z r) and the recurrent product (z r h) both write adjacent vectors.</para>
/// <para>The gate values of a block are [panel][step][row][slot][lane], the states [step][row][unit]. So every product runs over contiguous memory, whatever
/// its inner dimension is: units forward, panels backward, steps and rows in the weight gradient. Units are padded with zero weights to whole vectors.</para>
/// </remarks>
internal sealed class RecurrentLayout
{
    // Measured with 32 rows and 64 units on one thread: relative to blocks of 8 rows, blocks of 16 take 0.95 of the time (weights are loaded from L2 half as
    // often), blocks of 4 take 1.08. Blocks of 8 give four threads work if there are only 32 rows; from 64 rows on, the taller block does so too.
    private const int LowBlock = 8;
    public const int HighBlock = 16;
    private const int HighBlockBatch = 64;

    // The gate values of one chunk of steps stay in L2 between the product that writes them and the steps that use them.
    private const int ChunkFloats = 32768;

    // With more blocks than this, blocks share the scratch memory of a part.
    private const int MaxParts = 64;

    public RecurrentLayout(RecurrentShape shape, bool training)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Shape = shape;
        Training = training;
        Lanes = VectorDispatch.Lanes;
        var unitVectors = Divide(shape.Units, Lanes);
        if (shape.Kind == RecurrentKind.Simple)
        {
            Panels = Divide(unitVectors, 4);
            Slots = Divide(unitVectors, Panels);
            Stride = Panels * Slots * Lanes;
        }
        else
        {
            Panels = unitVectors;
            Slots = shape.Kind == RecurrentKind.GruResetBefore ? 3 : 4;
            Stride = Panels * Lanes;
        }

        InputSlots = shape.Kind == RecurrentKind.Gru ? new(0, 3) : new(0, Slots);
        StateSlots = shape.Kind switch
        {
            RecurrentKind.Gru => new(1, 3),
            RecurrentKind.GruResetBefore => new(1, 2),
            _ => new(0, Slots),
        };
        PanelRow = Slots * Lanes;
        FullBlock = shape.Batch >= HighBlockBatch ? HighBlock : LowBlock;
        Blocks = Divide(shape.Batch, FullBlock);
        Parts = Math.Min(Blocks, MaxParts);
        IsDefault = shape.Activation == RecurrentActivation.Tanh && (shape.Kind == RecurrentKind.Simple || shape.GateActivation == RecurrentActivation.Sigmoid);

        var stepFloats = Math.Min(FullBlock, shape.Batch) * Panels * PanelRow;
        ChunkSteps = Math.Min(shape.Time, Math.Clamp(ChunkFloats / stepFloats, 4, 64));
        // A product over few inputs costs less than moving its result through L2: computed at each step it took 0.10 instead of 0.30 ms for one input and 64
        // units.
        InputAtStep = shape.Inputs <= 8;

        // With few blocks the products over the input would leave threads idle, so they are divided by steps as well, before (backwards: after) the recurrence.
        SplitsInput = !InputAtStep && Blocks < 4 && (long)shape.Inputs * shape.Units >= 256 && shape.Time >= 2 * ChunkSteps;

        SumSteps = SplitsInput ? shape.Time : InputAtStep ? 1 : ChunkSteps;
        GateSteps = training && shape.Kind != RecurrentKind.Simple ? shape.Time : 0;
        StateSteps = training ? shape.Time + 1 : 2;
        HasCell = shape.Kind == RecurrentKind.Lstm;
        var kept = training ? shape.Time : 1;
        CellSteps = HasCell ? kept : 0;
        ResetSteps = shape.Kind == RecurrentKind.GruResetBefore ? kept : 0;
        DerivativeSteps = training && !IsDefault ? shape.Time : 0;
        CellDerivativeSteps = HasCell ? DerivativeSteps : 0;

        // Summing the weight gradients part by part, while the gradients and states of a chunk are in L2, needs a copy of them per part. If that would be more
        // memory than the gradients of all steps, or if there are few parts, those are stored and the weight gradients follow as a product of their own.
        SumsWeightsByPart = Blocks >= 4 && (long)Parts * (shape.Units + shape.Inputs) <= (long)shape.Batch * shape.Time;
        GradientSteps = SumsWeightsByPart ? ChunkSteps : shape.Time;
    }

    public RecurrentShape Shape { get; }

    public bool Training { get; }

    public int Lanes { get; }

    /// <summary>Whether both activations are the default ones, whose derivatives follow from their values.</summary>
    public bool IsDefault { get; }

    public int Panels { get; }

    public int Slots { get; }

    /// <summary>The size of one row of one panel, in floats.</summary>
    public int PanelRow { get; }

    /// <summary>The units, padded to whole panels.</summary>
    public int Stride { get; }

    /// <summary>The slots that the input product writes.</summary>
    public RecurrentSlots InputSlots { get; }

    /// <summary>The slots that the product of the state adds to.</summary>
    public RecurrentSlots StateSlots { get; }

    /// <summary>The slot of the candidate if it has a product of its own.</summary>
    public static RecurrentSlots CandidateSlots => new(0, 1);

    public bool HasCandidateProduct => Shape.Kind == RecurrentKind.GruResetBefore;

    public bool HasCell { get; }

    /// <summary>The rows of every block except the last.</summary>
    public int FullBlock { get; }

    public int Blocks { get; }

    /// <summary>The number of parts that the blocks are distributed in.</summary>
    public int Parts { get; }

    /// <summary>The number of steps whose input product is computed at once.</summary>
    public int ChunkSteps { get; }

    /// <summary>Whether products over the input run in parallel over steps, separate from the recurrence.</summary>
    public bool SplitsInput { get; }

    /// <summary>Whether the input product is computed step by step.</summary>
    public bool InputAtStep { get; }

    public int Chunks => Divide(Shape.Time, ChunkSteps);

    /// <summary>Whether each part sums its weight gradients during the backward pass, and the parts' sums are added up afterwards.</summary>
    public bool SumsWeightsByPart { get; }

    /// <summary>The number of steps for which the gradients of the gate values are stored, as below.</summary>
    public int GradientSteps { get; }

    /// <summary>
    /// The number of steps stored in each buffer; a step is at its index modulo that number. Sums before the activations are scratch. Gates are kept for the
    /// backward pass only, and not by a simple cell, whose state is its activation.
    /// </summary>
    public int SumSteps { get; }

    public int GateSteps { get; }

    public int StateSteps { get; }

    public int CellSteps { get; }

    public int ResetSteps { get; }

    public int DerivativeSteps { get; }

    public int CellDerivativeSteps { get; }

    /// <summary>The size of all panels of one row and step, in floats.</summary>
    public int GateRow => Panels * PanelRow;

    public long SumsLength => Rows(scratch: true) * SumSteps * GateRow;

    public long GatesLength => (long)Shape.Batch * GateSteps * GateRow;

    public long StateLength => Rows(!Training) * StateSteps * Stride;

    public long CellLength => HasCell ? StateLength : 0;

    public long CellActivationLength => Rows(!Training) * CellSteps * Stride;

    public long ResetLength => Rows(!Training) * ResetSteps * Stride;

    public long DerivativeLength => Rows(!Training) * DerivativeSteps * GateRow;

    public long CellDerivativeLength => Rows(!Training) * CellDerivativeSteps * Stride;

    private long KeptLength => GatesLength + StateLength + CellLength + CellActivationLength + ResetLength + DerivativeLength + CellDerivativeLength;

    /// <summary>What the backward pass needs; 0 if there is none.</summary>
    public long ReserveLength => Training ? KeptLength : 0;

    /// <summary>The sums, and without a reserve the values of the current steps.</summary>
    public long ScratchLength => SumsLength + (Training ? 0 : KeptLength);

    public long PackedInputLength => (long)Panels * Shape.Inputs * InputSlots.Count * Lanes;

    public long PackedStateLength => (long)Panels * Shape.Units * StateSlots.Count * Lanes;

    public long PackedCandidateLength => HasCandidateProduct ? (long)Panels * Shape.Units * Lanes : 0;

    public long PackedForwardLength => PackedInputLength + PackedStateLength + PackedCandidateLength + GateRow;

    public long TransposedInputLength => TransposedLength(InputSlots, Shape.Inputs);

    public long TransposedStateLength => TransposedLength(StateSlots, Shape.Units);

    public long TransposedCandidateLength => HasCandidateProduct ? TransposedLength(CandidateSlots, Shape.Units) : 0;

    public long TransposedTotalLength => TransposedInputLength + TransposedStateLength + TransposedCandidateLength;

    /// <summary>The workspace of the forward pass.</summary>
    public long ForwardWorkspaceLength => PackedForwardLength + ScratchLength;

    /// <summary>The gradients of one block's state, cell, direct part and reset state have this length each; four vectors of zeros follow.</summary>
    public int CarryRows => FullBlock * Stride;

    public int CarryLength => (4 * CarryRows) + (4 * Lanes);

    /// <summary>
    /// The workspace of the backward pass: gradients of the gate values, packed weights, carries and bias sums of each part, weight gradients by panels.
    /// </summary>
    public long BackwardWorkspaceLength => GateGradientLength + TransposedTotalLength + ((long)Parts * (CarryLength + GateRow)) + WeightSumsLength;

    public long GateGradientLength => (SumsWeightsByPart ? (long)Parts * FullBlock : Shape.Batch) * GradientSteps * GateRow;

    /// <summary>Both weight matrices as [panel][unit, input][slot][lane].</summary>
    public long PanelWeightsLength => (long)(Shape.Units + Shape.Inputs) * GateRow;

    public long WeightSumsLength => (SumsWeightsByPart ? Parts : 1) * PanelWeightsLength;

    /// <summary>The number of pieces of about 64 that the rows of both weight matrices are divided into; a piece of a panel is one part.</summary>
    public int WeightPieces => Math.Max(1, (Shape.Units + Shape.Inputs + 32) / 64);

    public int WeightParts => Panels * WeightPieces;

    public int BlockRows(int block) => Math.Min(FullBlock, Shape.Batch - (block * FullBlock));

    public int BlockStart(int block) => block * FullBlock;

    public (int Start, int End) PartBlocks(int part) => ((int)((long)part * Blocks / Parts), (int)((long)(part + 1) * Blocks / Parts));

    /// <summary>The block's offset in the gradients of the gate values.</summary>
    public long GradientPlaceOf(int part, int block) => (SumsWeightsByPart ? part : (long)block) * FullBlock * GradientSteps * GateRow;

    /// <summary>The block's offset in a buffer of all rows of the batch, or in the scratch memory of its part.</summary>
    public long PlaceOf(int part, int block, bool scratch, long rowLength) => (scratch && !SplitsInput ? part : (long)block) * FullBlock * rowLength;

    /// <summary>The time index of a step.</summary>
    public int TimeOf(int step) => Shape.Reverse ? Shape.Time - 1 - step : step;

    /// <summary>The first weight column of a slot, and the number of its lanes that are units.</summary>
    public (int Column, int Valid) Columns(int panel, int slot)
    {
        var gate = Shape.Kind switch
        {
            RecurrentKind.Lstm => slot,
            RecurrentKind.Simple => 0,
            _ => slot == 0 || slot == 3 ? 2 : slot - 1,
        };
        var unit = (Shape.Kind == RecurrentKind.Simple ? (panel * Slots) + slot : panel) * Lanes;
        return ((gate * Shape.Units) + unit, Math.Clamp(Shape.Units - unit, 0, Lanes));
    }

    private static int Divide(int value, int divisor) => (value + divisor - 1) / divisor;

    private long Rows(bool scratch) => scratch && !SplitsInput ? Math.Min(Shape.Batch, (long)Parts * FullBlock) : Shape.Batch;

    private long TransposedLength(RecurrentSlots slots, int rows) => (long)Panels * slots.Count * Lanes * Divide(rows, Lanes) * Lanes;
}
