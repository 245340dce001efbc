namespace OnnxFunctional.Training.Simd;

/// <summary>Runs blocks of rows backwards, from the last step to the first.</summary>
internal static unsafe class RecurrentBackwardPass
{
    public const int PackParts = 2;

    /// <summary>Packs transposed weights into the workspace, one of <see cref="PackParts"/> parts.</summary>
    public static void Pack(RecurrentLayout layout, in RecurrentBackwardBuffers buffers, int part)
    {
        var packed = new RecurrentBackwardSections(layout, buffers.Workspace.Span);
        switch (part)
        {
            case 0 when !buffers.InputGradient.IsEmpty:
                RecurrentPacking.PackTransposed(layout, buffers.Kernel.Span, layout.InputSlots, layout.Shape.Inputs, packed.Input);
                break;
            case 1:
                RecurrentPacking.PackTransposed(layout, buffers.RecurrentKernel.Span, layout.StateSlots, layout.Shape.Units, packed.State);
                if (layout.HasCandidateProduct)
                    RecurrentPacking.PackTransposed(layout, buffers.RecurrentKernel.Span, RecurrentLayout.CandidateSlots, layout.Shape.Units, packed.Candidate);
                break;
        }
    }

    /// <summary>Runs all steps of one part of the blocks.</summary>
    public static void Steps(RecurrentLayout layout, in RecurrentBackwardBuffers buffers, int part) =>
        VectorDispatch.Run(new PartLoop(layout, buffers, part, inputOnly: false));

    /// <summary>Computes the input's gradient for one chunk of steps of one block, if the steps do not compute it themselves.</summary>
    public static void Input(RecurrentLayout layout, in RecurrentBackwardBuffers buffers, int part) =>
        VectorDispatch.Run(new PartLoop(layout, buffers, part, inputOnly: true));

    private static void Run<V>(RecurrentLayout layout, in RecurrentBackwardBuffers buffers, int part, bool inputOnly) where V : struct, IVector<V>
    {
        var sections = new RecurrentBackwardSections(layout, buffers.Workspace.Span);
        fixed (float* sequenceGradient = buffers.SequenceGradient.Span, stateGradient = buffers.LastStateGradient.Span,
            cellGradient = buffers.LastCellGradient.Span, inputGradient = buffers.InputGradient.Span,
            initialState = buffers.InitialStateGradient.Span, initialCell = buffers.InitialCellGradient.Span, reserve = buffers.Reserve.Span)
        fixed (float* gates = sections.Gates, packedInput = sections.Input, packedState = sections.State, packedCandidate = sections.Candidate,
            carries = sections.Carries, sums = sections.Sums, weightSums = sections.WeightSums, input = buffers.Input.Span)
        fixed (byte* mask = buffers.Mask.Span)
        {
            if (inputOnly)
            {
                var (blockIndex, chunk) = Math.DivRem(part, layout.Chunks);
                var block = new RecurrentBlock(layout, blockIndex, blockIndex, reserve, null, mask);
                InputGradient<V>(block, CarryOf(layout, blockIndex, blockIndex, gates, carries, sums), packedInput, chunk * layout.ChunkSteps, inputGradient);
                return;
            }

            var weights = new Weights { Input = packedInput, State = packedState, Candidate = packedCandidate };
            var (start, end) = layout.PartBlocks(part);
            new Span<float>(sums + ((nint)part * layout.GateRow), layout.GateRow).Clear();
            var weightSum = weightSums + (part * layout.PanelWeightsLength);
            var sumsWeights = layout.SumsWeightsByPart && !(buffers.KernelGradient.IsEmpty && buffers.RecurrentKernelGradient.IsEmpty);
            if (sumsWeights) new Span<float>(weightSum, (int)layout.PanelWeightsLength).Clear();
            for (var index = start; index < end; index++)
            {
                var block = new RecurrentBlock(layout, part, index, reserve, null, mask);
                var carry = CarryOf(layout, part, index, gates, carries, sums);
                new Span<float>(carry.State, layout.CarryLength).Clear();
                block.ReadRows(stateGradient, carry.State);
                block.ReadRows(cellGradient, carry.Cell);
                for (var step = layout.Shape.Time - 1; step >= 0; step--)
                {
                    if (sequenceGradient != null) AddSequence<V>(block, sequenceGradient, step, carry.State);
                    block.PrefetchSequence(sequenceGradient, step - 1);
                    if (layout.IsDefault) Step<V, DerivativesFromValues>(block, carry, weights, step);
                    else Step<V, DerivativesKept>(block, carry, weights, step);
                    if (inputGradient != null && !layout.SplitsInput && step % layout.ChunkSteps == 0)
                    {
                        InputGradient<V>(block, carry, packedInput, step, inputGradient);
                    }
                    if (sumsWeights && step % layout.ChunkSteps == 0) RecurrentWeightGradient.AddChunk<V>(block, carry, input, step, weightSum);
                }

                block.WriteRows(carry.State, initialState);
                block.WriteRows(carry.Cell, initialCell);
            }
        }
    }

    private static RecurrentCarry CarryOf(RecurrentLayout layout, int part, int index, float* gates, float* carries, float* sums)
    {
        var carry = carries + ((nint)part * layout.CarryLength);
        return new()
        {
            Gates = gates + layout.GradientPlaceOf(part, index),
            State = carry,
            Cell = carry + layout.CarryRows,
            Direct = carry + (2 * layout.CarryRows),
            Reset = carry + (3 * layout.CarryRows),
            Zeros = carry + (4 * layout.CarryRows),
            Sums = sums + ((nint)part * layout.GateRow),
        };
    }

    private static void Step<V, TDerivatives>(in RecurrentBlock block, in RecurrentCarry carry, in Weights weights, int step)
        where V : struct, IVector<V>
        where TDerivatives : struct, IRecurrentDerivatives
    {
        var layout = block.Layout;
        for (var panel = 0; panel < layout.Panels; panel++)
        {
            block.Prefetch(panel, step - 1);
            switch (layout.Shape.Kind)
            {
                case RecurrentKind.Lstm:
                    RecurrentLstm.Backward<V, TDerivatives>(block, carry, panel, step);
                    break;
                case RecurrentKind.Gru:
                    RecurrentGru.Backward<V, TDerivatives>(block, carry, panel, step);
                    break;
                case RecurrentKind.GruResetBefore:
                    RecurrentGru.BackwardCandidate<V, TDerivatives>(block, carry, panel, step);
                    break;
                default:
                    RecurrentSimple.Backward<V, TDerivatives>(block, carry, panel, step);
                    break;
            }
        }

        if (layout.HasCandidateProduct)
        {
            StateProduct<V>(block, carry, weights.Candidate, RecurrentLayout.CandidateSlots, step, null, carry.Reset);
            for (var panel = 0; panel < layout.Panels; panel++) RecurrentGru.BackwardGates<V, TDerivatives>(block, carry, panel, step);
        }

        StateProduct<V>(block, carry, weights.State, layout.StateSlots, step, carry.Direct, carry.State);
    }

    // result[row] = start[row] + gates[row] * transposed weights
    private static void StateProduct<V>(
        in RecurrentBlock block, in RecurrentCarry carry, float* weights, RecurrentSlots slots, int step, float* start, float* result)
        where V : struct, IVector<V>
    {
        var layout = block.Layout;
        var strides = new RecurrentStrides
        {
            LeftRow = layout.PanelRow,
            LeftStep = 1,
            LeftSegment = (nint)layout.GradientSteps * block.Rows * layout.PanelRow,
            StartRow = start == null ? 0 : layout.Stride,
            ResultRow = layout.Stride,
            Steps = slots.Count * V.Count,
            Segments = layout.Panels,
        };
        var left = carry.GatesAt(block, 0, step) + (slots.First * V.Count);
        var used = (layout.Shape.Units + V.Count - 1) / V.Count;
        for (var first = 0; first < used; first += 4)
        {
            var vectors = Math.Min(4, used - first);
            strides.RightStep = vectors * V.Count;
            strides.RightSegment = strides.Steps * strides.RightStep;
            RecurrentTile.Multiply<V>(
                left, weights, start == null ? carry.Zeros : start + (first * V.Count), &strides, block.Rows, vectors, result + (first * V.Count));
            weights += strides.Segments * strides.RightSegment;
        }
    }

    // gradient[row, steps] = gates[steps, row] * transposed weights; the steps of one row are the rows of the product
    private static void InputGradient<V>(in RecurrentBlock block, in RecurrentCarry carry, float* weights, int step, float* gradient)
        where V : struct, IVector<V>
    {
        var layout = block.Layout;
        var shape = layout.Shape;
        var slots = layout.InputSlots;
        var steps = Math.Min(layout.ChunkSteps, shape.Time - step);
        var strides = new RecurrentStrides
        {
            LeftRow = (nint)block.Rows * layout.PanelRow,
            LeftStep = 1,
            LeftSegment = (nint)layout.GradientSteps * block.Rows * layout.PanelRow,
            StartRow = 0,
            ResultRow = shape.Reverse ? -shape.Inputs : shape.Inputs,
            Steps = slots.Count * V.Count,
            Segments = layout.Panels,
        };
        var all = (shape.Inputs + V.Count - 1) / V.Count;
        for (var first = 0; first < all; first += 4)
        {
            var vectors = Math.Min(4, all - first);
            var columns = Math.Min(vectors * V.Count, shape.Inputs - (first * V.Count));
            strides.RightStep = vectors * V.Count;
            strides.RightSegment = strides.Steps * strides.RightStep;
            for (var row = 0; row < block.Rows; row++)
            {
                var left = carry.GatesAt(block, 0, step) + (slots.First * V.Count) + (row * layout.PanelRow);
                var result = gradient + (((((nint)block.First + row) * shape.Time) + layout.TimeOf(step)) * shape.Inputs) + (first * V.Count);
                RecurrentTile.MultiplyRagged<V>(left, weights, carry.Zeros, &strides, steps, vectors, columns, result);
            }

            weights += strides.Segments * strides.RightSegment;
        }
    }

    private static void AddSequence<V>(in RecurrentBlock block, float* sequenceGradient, int step, float* stateGradient) where V : struct, IVector<V>
    {
        var shape = block.Layout.Shape;
        for (var row = 0; row < block.Rows; row++)
        {
            if (!block.Shows(row, step)) continue;
            var source = sequenceGradient + (((((nint)block.First + row) * shape.Time) + block.Layout.TimeOf(step)) * shape.Units);
            var target = stateGradient + ((nint)row * block.Layout.Stride);
            var unit = 0;
            for (; unit + V.Count <= shape.Units; unit += V.Count) V.Store(V.Load(target + unit) + V.Load(source + unit), target + unit);
            for (; unit < shape.Units; unit++) target[unit] += source[unit];
        }
    }

    private struct Weights
    {
        public float* Input, State, Candidate;
    }

    private readonly struct PartLoop(RecurrentLayout layout, RecurrentBackwardBuffers buffers, int part, bool inputOnly) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V> => RecurrentBackwardPass.Run<V>(layout, buffers, part, inputOnly);
    }
}
