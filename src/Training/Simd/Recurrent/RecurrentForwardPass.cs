namespace OnnxFunctional.Training.Simd;

/// <summary>Runs blocks of rows through all steps.</summary>
internal static unsafe class RecurrentForwardPass
{
    /// <summary>Packs weights and biases into the workspace, one of <see cref="PackParts"/> parts.</summary>
    public static void Pack(RecurrentLayout layout, in RecurrentForwardBuffers buffers, int part)
    {
        var packed = new Sections(layout, buffers.Workspace.Span);
        switch (part)
        {
            case 0:
                RecurrentPacking.Pack(layout, buffers.Kernel.Span, layout.InputSlots, layout.Shape.Inputs, packed.Input);
                RecurrentPacking.PackBias(layout, buffers.Bias.Span, packed.Bias);
                break;
            case 1:
                RecurrentPacking.Pack(layout, buffers.RecurrentKernel.Span, layout.StateSlots, layout.Shape.Units, packed.State);
                if (layout.HasCandidateProduct)
                    RecurrentPacking.Pack(layout, buffers.RecurrentKernel.Span, RecurrentLayout.CandidateSlots, layout.Shape.Units, packed.Candidate);
                break;
        }
    }

    public const int PackParts = 2;

    /// <summary>Computes biases plus input product for one chunk of steps of one block, if the steps do not compute them themselves.</summary>
    public static void Input(RecurrentLayout layout, in RecurrentForwardBuffers buffers, int part) =>
        VectorDispatch.Run(new PartLoop(layout, buffers, part, inputOnly: true));

    /// <summary>Runs all steps of one part of the blocks.</summary>
    public static void Steps(RecurrentLayout layout, in RecurrentForwardBuffers buffers, int part) =>
        VectorDispatch.Run(new PartLoop(layout, buffers, part, inputOnly: false));

    private static void Run<V>(RecurrentLayout layout, in RecurrentForwardBuffers buffers, int part, bool inputOnly) where V : struct, IVector<V>
    {
        var sections = new Sections(layout, buffers.Workspace.Span);
        fixed (float* input = buffers.Input.Span, initialState = buffers.InitialState.Span, initialCell = buffers.InitialCell.Span,
            sequence = buffers.Sequence.Span, lastState = buffers.LastState.Span, lastCell = buffers.LastCell.Span,
            reserve = buffers.Reserve.Span, scratch = sections.Scratch)
        fixed (float* packedInput = sections.Input, packedState = sections.State, packedCandidate = sections.Candidate, bias = sections.Bias)
        fixed (byte* mask = buffers.Mask.Span)
        {
            var weights = new Weights { Input = packedInput, State = packedState, Candidate = packedCandidate, Bias = bias };
            if (inputOnly)
            {
                var (blockIndex, chunk) = Math.DivRem(part, layout.Chunks);
                var block = new RecurrentBlock(layout, blockIndex, blockIndex, reserve, scratch, mask);
                InputProduct<V>(block, input, weights, chunk * layout.ChunkSteps);
                return;
            }

            var (start, end) = layout.PartBlocks(part);
            for (var index = start; index < end; index++)
            {
                var block = new RecurrentBlock(layout, part, index, reserve, scratch, mask);
                Begin(block, initialState, block.StateAt(0));
                if (layout.HasCell) Begin(block, initialCell, block.CellAt(0));
                for (var step = 0; step < layout.Shape.Time; step++)
                {
                    if (!layout.InputAtStep && !layout.SplitsInput && step % layout.ChunkSteps == 0) InputProduct<V>(block, input, weights, step);
                    Step<V>(block, input, weights, step);
                    if (sequence != null) WriteSequence(block, step, sequence);
                }

                block.WriteRows(block.StateAt(layout.Shape.Time), lastState);
                if (layout.HasCell) block.WriteRows(block.CellAt(layout.Shape.Time), lastCell);
            }
        }
    }

    private static void Step<V>(in RecurrentBlock block, float* input, in Weights weights, int step) where V : struct, IVector<V>
    {
        var layout = block.Layout;
        for (var panel = 0; panel < layout.Panels; panel++)
        {
            if (layout.InputAtStep) InputProductOfStep<V>(block, input, weights, panel, step);
            StateProduct<V>(block, block.StateAt(step), weights.State, layout.StateSlots, panel, step);
            switch (layout.Shape.Kind)
            {
                case RecurrentKind.Lstm when layout.IsDefault:
                    RecurrentLstm.Forward<V>(block, panel, step);
                    break;
                case RecurrentKind.Lstm:
                    RecurrentLstm.ForwardAny<V>(block, panel, step);
                    break;
                case RecurrentKind.Gru:
                    RecurrentGru.Forward<V>(block, panel, step);
                    break;
                case RecurrentKind.GruResetBefore:
                    RecurrentGru.ForwardGates<V>(block, panel, step);
                    break;
                default:
                    RecurrentSimple.Forward<V>(block, panel, step);
                    break;
            }
        }

        if (!layout.HasCandidateProduct) return;
        for (var panel = 0; panel < layout.Panels; panel++)
        {
            StateProduct<V>(block, block.ResetAt(step), weights.Candidate, RecurrentLayout.CandidateSlots, panel, step);
            RecurrentGru.ForwardCandidate<V>(block, panel, step);
        }
    }

    // sums[panel] += state * weights[panel]
    private static void StateProduct<V>(in RecurrentBlock block, float* state, float* weights, RecurrentSlots slots, int panel, int step)
        where V : struct, IVector<V>
    {
        var layout = block.Layout;
        var width = slots.Count * V.Count;
        var strides = new RecurrentStrides
        {
            LeftRow = layout.Stride,
            LeftStep = 1,
            RightStep = width,
            StartRow = layout.PanelRow,
            ResultRow = layout.PanelRow,
            Steps = layout.Shape.Units,
            Segments = 1,
        };
        var sums = block.SumsAt(panel, step) + (slots.First * V.Count);
        RecurrentTile.Multiply<V>(state, weights + ((nint)panel * layout.Shape.Units * width), sums, &strides, block.Rows, slots.Count, sums);
    }

    // sums[panel, steps, row] = bias[panel] + input[row, steps] * weights[panel]; the steps of one row are the rows of the product
    private static void InputProduct<V>(in RecurrentBlock block, float* input, in Weights weights, int step) where V : struct, IVector<V>
    {
        var layout = block.Layout;
        var shape = layout.Shape;
        var slots = layout.InputSlots;
        var width = slots.Count * V.Count;
        var steps = Math.Min(layout.ChunkSteps, shape.Time - step);
        var strides = new RecurrentStrides
        {
            LeftRow = shape.Reverse ? -shape.Inputs : shape.Inputs,
            LeftStep = 1,
            RightStep = width,
            StartRow = 0,
            ResultRow = (nint)block.Rows * layout.PanelRow,
            Steps = shape.Inputs,
            Segments = 1,
        };
        for (var panel = 0; panel < layout.Panels; panel++)
        {
            var sums = block.SumsAt(panel, step);
            var bias = weights.Bias + (panel * layout.PanelRow);
            for (var row = 0; row < block.Rows; row++)
            {
                var left = input + ((((nint)block.First + row) * shape.Time) + layout.TimeOf(step)) * shape.Inputs;
                var right = weights.Input + ((nint)panel * shape.Inputs * width);
                RecurrentTile.Multiply<V>(left, right, bias, &strides, steps, slots.Count, sums + (row * layout.PanelRow));
            }

            FillLastSlot<V>(layout, bias, steps * block.Rows, sums);
        }
    }

    // sums[panel, row] = bias[panel] + input[row] * weights[panel]
    private static void InputProductOfStep<V>(in RecurrentBlock block, float* input, in Weights weights, int panel, int step) where V : struct, IVector<V>
    {
        var layout = block.Layout;
        var shape = layout.Shape;
        var width = layout.InputSlots.Count * V.Count;
        var strides = new RecurrentStrides
        {
            LeftRow = (nint)shape.Time * shape.Inputs,
            LeftStep = 1,
            RightStep = width,
            StartRow = 0,
            ResultRow = layout.PanelRow,
            Steps = shape.Inputs,
            Segments = 1,
        };
        var left = input + ((((nint)block.First * shape.Time) + layout.TimeOf(step)) * shape.Inputs);
        var bias = weights.Bias + (panel * layout.PanelRow);
        var sums = block.SumsAt(panel, step);
        RecurrentTile.Multiply<V>(left, weights.Input + ((nint)panel * shape.Inputs * width), bias, &strides, block.Rows, layout.InputSlots.Count, sums);
        FillLastSlot<V>(layout, bias, block.Rows, sums);
    }

    // The slot without an input product starts from its bias as well.
    private static void FillLastSlot<V>(RecurrentLayout layout, float* bias, int rows, float* sums) where V : struct, IVector<V>
    {
        if (layout.InputSlots.Count == layout.Slots) return;
        var last = layout.PanelRow - V.Count;
        var value = V.Load(bias + last);
        for (var row = 0; row < rows; row++) V.Store(value, sums + ((nint)row * layout.PanelRow) + last);
    }

    // [batch, units] or zeros -> [row][padded unit]
    private static void Begin(in RecurrentBlock block, float* source, float* destination)
    {
        new Span<float>(destination, (int)block.StepLength).Clear();
        block.ReadRows(source, destination);
    }

    private static void WriteSequence(in RecurrentBlock block, int step, float* sequence)
    {
        var shape = block.Layout.Shape;
        var state = block.StateAt(step + 1);
        for (var row = 0; row < block.Rows; row++)
        {
            var target = new Span<float>(sequence + (((((nint)block.First + row) * shape.Time) + block.Layout.TimeOf(step)) * shape.Units), shape.Units);
            if (block.Shows(row, step)) new ReadOnlySpan<float>(state + ((nint)row * block.Layout.Stride), shape.Units).CopyTo(target);
            else target.Clear();
        }
    }

    private struct Weights
    {
        public float* Input, State, Candidate, Bias;
    }

    private readonly ref struct Sections
    {
        public readonly Span<float> Input, State, Candidate, Bias, Scratch;

        public Sections(RecurrentLayout layout, Span<float> workspace)
        {
            Input = RecurrentPacking.Take(ref workspace, layout.PackedInputLength);
            State = RecurrentPacking.Take(ref workspace, layout.PackedStateLength);
            Candidate = RecurrentPacking.Take(ref workspace, layout.PackedCandidateLength);
            Bias = RecurrentPacking.Take(ref workspace, layout.GateRow);
            Scratch = RecurrentPacking.Take(ref workspace, layout.ScratchLength);
        }
    }

    private readonly struct PartLoop(RecurrentLayout layout, RecurrentForwardBuffers buffers, int part, bool inputOnly) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V> => RecurrentForwardPass.Run<V>(layout, buffers, part, inputOnly);
    }
}
