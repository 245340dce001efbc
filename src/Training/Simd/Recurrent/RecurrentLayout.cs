namespace OnnxFunctional.Training.Simd;

/// <summary>Neighbouring vectors of a panel row.</summary>
internal readonly record struct RecurrentSlots(int First, int Count);

/// <summary>Where everything of a recurrent kernel lies; all lengths and offsets count floats.</summary>
/// <remarks>
/// <para>Rows of the batch are cut into blocks of <see cref="FullBlock"/>, each of which one thread takes through all steps: threads meet once, not once a step.</para>
/// <para>The columns of all gates are cut into panels: one vector of units with all its gates beside each other (for a simple cell up to four vectors of units). A panel row
/// has <see cref="Slots"/> vectors: LSTM i f c o; GRU h z r and, with the reset gate behind the product, the recurrent part of h as fourth, so that the
/// input product (h z r) and the recurrent product (z r h) both write neighbours; reset before: h z r.</para>
/// <para>Gate values of a block lie as [panel][step][row][slot][lane], states as [step][row][unit]. So each product below runs over contiguous memory, whatever is its inner
/// dimension: units forward, panels backward, steps and rows in the weight gradient. Units are padded with zero weights to whole vectors.</para>
/// </remarks>
internal sealed class RecurrentLayout
{
    // Measured for 32 rows and 64 units on one thread: blocks of 8 rows 1.00, of 16 rows 0.95 of the time (weights come from L2 half as often), of 4 rows 1.08.
    // 8 rows leave work for four threads where there are only 32; from 64 rows on the taller block does too.
    private const int LowBlock = 8;
    private const int HighBlock = 16;
    private const int HighBlockBatch = 64;

    // Gate values of one chunk of steps stay in L2 between the product that writes them and the steps that use them.
    private const int ChunkFloats = 32768;

    // Blocks beyond that many share the scratch memory of a part.
    private const int MostParts = 64;

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
        Parts = Math.Min(Blocks, MostParts);
        IsDefault = shape.Activation == RecurrentActivation.Tanh && (shape.Kind == RecurrentKind.Simple || shape.GateActivation == RecurrentActivation.Sigmoid);

        var stepFloats = Math.Min(FullBlock, shape.Batch) * Panels * PanelRow;
        ChunkSteps = Math.Min(shape.Time, Math.Clamp(ChunkFloats / stepFloats, 4, 64));
        // A product of few inputs costs less than the trip of its result through L2: made at each step it took 0.10 instead of 0.30 ms for one input, 64 units.
        InputAtStep = shape.Inputs <= 8;

        // With few blocks the products over the input would leave threads idle, so they are cut by steps as well, before (or behind) the steps.
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

        // Summing the weight gradients part by part, while gradients and states of a chunk are in L2, needs a copy of them a part. Where that would be more than the gradients
        // of all steps, or where there are few parts, those are written out and the weight gradients follow as a product of their own.
        SumsWeightsByPart = Blocks >= 4 && (long)Parts * (shape.Units + shape.Inputs) <= (long)shape.Batch * shape.Time;
        GradientSteps = SumsWeightsByPart ? ChunkSteps : shape.Time;
    }

    public RecurrentShape Shape { get; }

    public bool Training { get; }

    public int Lanes { get; }

    /// <summary>Both activations are the usual ones, whose derivatives follow from their values.</summary>
    public bool IsDefault { get; }

    public int Panels { get; }

    public int Slots { get; }

    /// <summary>Floats of one row of one panel.</summary>
    public int PanelRow { get; }

    /// <summary>Units, padded to whole panels.</summary>
    public int Stride { get; }

    /// <summary>Slots the input product writes.</summary>
    public RecurrentSlots InputSlots { get; }

    /// <summary>Slots the product of the state adds to.</summary>
    public RecurrentSlots StateSlots { get; }

    /// <summary>The slot of the candidate where it has a product of its own.</summary>
    public static RecurrentSlots CandidateSlots => new(0, 1);

    public bool HasCandidateProduct => Shape.Kind == RecurrentKind.GruResetBefore;

    public bool HasCell { get; }

    /// <summary>Rows of every block but the last.</summary>
    public int FullBlock { get; }

    public int Blocks { get; }

    /// <summary>Parts the blocks are handed out in.</summary>
    public int Parts { get; }

    /// <summary>Steps whose input product is made at a time.</summary>
    public int ChunkSteps { get; }

    /// <summary>Products over the input are parallel over steps, apart from the recurrence.</summary>
    public bool SplitsInput { get; }

    /// <summary>The input product is made step by step.</summary>
    public bool InputAtStep { get; }

    public int Chunks => Divide(Shape.Time, ChunkSteps);

    /// <summary>Weight gradients are summed by each part on its way back, and then over the parts.</summary>
    public bool SumsWeightsByPart { get; }

    /// <summary>Steps of the gate values' gradients that are held, as below.</summary>
    public int GradientSteps { get; }

    /// <summary>Steps held of each buffer; a step lies at its number modulo that. Sums before the activations are scratch; gates are kept for the backward pass alone, and not by
    /// a simple cell, whose state is its activation.</summary>
    public int SumSteps { get; }

    public int GateSteps { get; }

    public int StateSteps { get; }

    public int CellSteps { get; }

    public int ResetSteps { get; }

    public int DerivativeSteps { get; }

    public int CellDerivativeSteps { get; }

    /// <summary>Floats of all panels of one row and step.</summary>
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

    /// <summary>What the backward pass needs: nothing where the forward pass runs without one.</summary>
    public long ReserveLength => Training ? KeptLength : 0;

    /// <summary>Sums, and without a reserve the values of the steps at hand.</summary>
    public long ScratchLength => SumsLength + (Training ? 0 : KeptLength);

    public long PackedInputLength => (long)Panels * Shape.Inputs * InputSlots.Count * Lanes;

    public long PackedStateLength => (long)Panels * Shape.Units * StateSlots.Count * Lanes;

    public long PackedCandidateLength => HasCandidateProduct ? (long)Panels * Shape.Units * Lanes : 0;

    public long PackedForwardLength => PackedInputLength + PackedStateLength + PackedCandidateLength + GateRow;

    public long TransposedInputLength => TransposedLength(InputSlots, Shape.Inputs);

    public long TransposedStateLength => TransposedLength(StateSlots, Shape.Units);

    public long TransposedCandidateLength => HasCandidateProduct ? TransposedLength(CandidateSlots, Shape.Units) : 0;

    public long TransposedTotalLength => TransposedInputLength + TransposedStateLength + TransposedCandidateLength;

    /// <summary>The forward pass' own memory.</summary>
    public long ForwardWorkspaceLength => PackedForwardLength + ScratchLength;

    /// <summary>Gradients of one block's states (state, cell, the part that passes the products by, the reset state), each of that length, and four vectors of zeros.</summary>
    public int CarryRows => FullBlock * Stride;

    public int CarryLength => (4 * CarryRows) + (4 * Lanes);

    /// <summary>The backward pass' own memory: gradients of the gate values, packed weights, carries and bias sums of each part, weight gradients by panels.</summary>
    public long BackwardWorkspaceLength => GateGradientLength + TransposedTotalLength + ((long)Parts * (CarryLength + GateRow)) + WeightSumsLength;

    public long GateGradientLength => (SumsWeightsByPart ? (long)Parts * FullBlock : Shape.Batch) * GradientSteps * GateRow;

    /// <summary>Both weight matrices as [panel][unit, input][slot][lane].</summary>
    public long PanelWeightsLength => (long)(Shape.Units + Shape.Inputs) * GateRow;

    public long WeightSumsLength => (SumsWeightsByPart ? Parts : 1) * PanelWeightsLength;

    /// <summary>Rows of both weight matrices, cut into pieces of about 64 that make one part with each panel.</summary>
    public int WeightPieces => Math.Max(1, (Shape.Units + Shape.Inputs + 32) / 64);

    public int WeightParts => Panels * WeightPieces;

    public int BlockRows(int block) => Math.Min(FullBlock, Shape.Batch - (block * FullBlock));

    public int BlockStart(int block) => block * FullBlock;

    public (int Start, int End) PartBlocks(int part) => ((int)((long)part * Blocks / Parts), (int)((long)(part + 1) * Blocks / Parts));

    /// <summary>The block's place in the gradients of the gate values.</summary>
    public long GradientPlaceOf(int part, int block) => (SumsWeightsByPart ? part : (long)block) * FullBlock * GradientSteps * GateRow;

    /// <summary>The block's place in a buffer that holds all rows of the batch, or in scratch memory of its part.</summary>
    public long PlaceOf(int part, int block, bool scratch, long rowLength) => (scratch && !SplitsInput ? part : (long)block) * FullBlock * rowLength;

    /// <summary>The position of a step in time.</summary>
    public int TimeOf(int step) => Shape.Reverse ? Shape.Time - 1 - step : step;

    /// <summary>The first weight column of a slot, and how many of its lanes are units.</summary>
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
