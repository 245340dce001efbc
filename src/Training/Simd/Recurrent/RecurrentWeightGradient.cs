namespace OnnxFunctional.Training.Simd;

/// <summary>The sections of the backward pass's workspace.</summary>
internal readonly ref struct RecurrentBackwardSections
{
    public readonly Span<float> Gates, Input, State, Candidate, Carries, Sums, WeightSums;

    public RecurrentBackwardSections(RecurrentLayout layout, Span<float> workspace)
    {
        Gates = RecurrentPacking.Take(ref workspace, layout.GateGradientLength);
        Input = RecurrentPacking.Take(ref workspace, layout.TransposedInputLength);
        State = RecurrentPacking.Take(ref workspace, layout.TransposedStateLength);
        Candidate = RecurrentPacking.Take(ref workspace, layout.TransposedCandidateLength);
        Carries = RecurrentPacking.Take(ref workspace, (long)layout.Parts * layout.CarryLength);
        Sums = RecurrentPacking.Take(ref workspace, (long)layout.Parts * layout.GateRow);
        WeightSums = RecurrentPacking.Take(ref workspace, layout.WeightSumsLength);
    }
}

/// <summary>The gradients of both weight matrices: products over rows and steps, divided by columns (panels) and weight rows.</summary>
/// <remarks>
/// Either each part of the blocks sums its gradients during the backward pass and the sums are added up, or one product over all blocks follows. Every element
/// is summed in a fixed order.
/// </remarks>
internal static unsafe class RecurrentWeightGradient
{
    // So many rows of one panel's gradients fill half of L1.
    private const int ChunkRows = 64;

    /// <summary><c>d kernel = sum input' gates; d recurrent kernel = sum state' gates</c></summary>
    public static void Product(RecurrentLayout layout, in RecurrentBackwardBuffers buffers, int part) =>
        VectorDispatch.Run(new PartLoop(layout, buffers, part));

    /// <summary><c>d bias = sum gates</c>, added from the sums of the parts in order.</summary>
    public static void Bias(RecurrentLayout layout, in RecurrentBackwardBuffers buffers)
    {
        var sums = new RecurrentBackwardSections(layout, buffers.Workspace.Span).Sums;
        var total = sums[..layout.GateRow];
        for (var part = 1; part < layout.Parts; part++)
        {
            var other = sums.Slice(part * layout.GateRow, layout.GateRow);
            for (var i = 0; i < total.Length; i++) total[i] += other[i];
        }

        RecurrentPacking.UnpackBias(layout, total, buffers.BiasGradient.Span);
    }

    /// <summary>Adds the contribution of the chunk that begins at a step to the sums of its part.</summary>
    // sums: [panel][unit, input][slot][lane]
    public static void AddChunk<V>(in RecurrentBlock block, in RecurrentCarry carry, float* input, int step, float* sums) where V : struct, IVector<V>
    {
        var layout = block.Layout;
        var shape = layout.Shape;
        var steps = Math.Min(layout.ChunkSteps, shape.Time - step);
        for (var panel = 0; panel < layout.Panels; panel++)
        {
            var sum = sums + ((nint)panel * (shape.Units + shape.Inputs) * layout.PanelRow);
            Add<V>(block, carry, input, panel, (0, shape.Units), (0, shape.Inputs), step, steps, sum);
        }
    }

    private static void Run<V>(RecurrentLayout layout, in RecurrentBackwardBuffers buffers, int part) where V : struct, IVector<V>
    {
        var shape = layout.Shape;
        var sections = new RecurrentBackwardSections(layout, buffers.Workspace.Span);
        var (panel, piece) = Math.DivRem(part, layout.WeightPieces);
        var all = shape.Units + shape.Inputs;
        var from = (int)((long)piece * all / layout.WeightPieces);
        var to = (int)((long)(piece + 1) * all / layout.WeightPieces);
        var unitsTo = buffers.RecurrentKernelGradient.IsEmpty ? from : Math.Min(to, shape.Units);
        var inputsFrom = Math.Max(from, shape.Units);
        var inputsTo = buffers.KernelGradient.IsEmpty ? inputsFrom : to;

        fixed (float* input = buffers.Input.Span, reserve = buffers.Reserve.Span, gates = sections.Gates, weightSums = sections.WeightSums)
        {
            var sum = weightSums + ((((nint)panel * all) + from) * layout.PanelRow);
            var length = (nint)(to - from) * layout.PanelRow;
            if (layout.SumsWeightsByPart)
            {
                for (var other = 1; other < layout.Parts; other++)
                {
                    var next = sum + (other * layout.PanelWeightsLength);
                    for (nint i = 0; i < length; i += V.Count) V.Store(V.Load(sum + i) + V.Load(next + i), sum + i);
                }
            }
            else
            {
                new Span<float>(sum, (int)length).Clear();
                for (var index = 0; index < layout.Blocks; index++)
                {
                    var block = new RecurrentBlock(layout, index, index, reserve, null, null);
                    var carry = new RecurrentCarry { Gates = gates + layout.GradientPlaceOf(index, index) };
                    Add<V>(block, carry, input, panel, (from, unitsTo), (inputsFrom - shape.Units, inputsTo - shape.Units), 0, shape.Time, sum);
                }
            }

            Scatter(layout, panel, sum, from, unitsTo, shape.Kind == RecurrentKind.Gru ? 1 : 0, buffers.RecurrentKernelGradient.Span);
            Scatter(
                layout, panel, sum + ((nint)(inputsFrom - from) * layout.PanelRow), inputsFrom - shape.Units, inputsTo - shape.Units, 0,
                buffers.KernelGradient.Span);
        }
    }

    // Goes through steps and rows in pieces that stay in L1 for all weight rows; sum: [units of the range, inputs of the range][slot][lane].
    private static void Add<V>(
        in RecurrentBlock block, in RecurrentCarry carry, float* input, int panel, (int From, int To) units,
        (int From, int To) inputs, int step, int steps, float* sum)
        where V : struct, IVector<V>
    {
        var layout = block.Layout;
        var chunk = Math.Max(1, ChunkRows / block.Rows);
        var inputSum = sum + ((nint)(layout.Shape.Units + inputs.From - units.From) * layout.PanelRow);
        for (var end = step + steps; step < end; step += chunk)
        {
            var count = Math.Min(chunk, end - step);
            var gradients = carry.GatesAt(block, panel, step);
            AddStates<V>(block, block.StateAt(step), gradients, layout.StateSlots, units.From, units.To, count, sum);
            if (layout.HasCandidateProduct)
            {
                AddStates<V>(block, block.ResetAt(step), gradients, RecurrentLayout.CandidateSlots, units.From, units.To, count, sum);
            }
            AddInputs<V>(block, input, gradients, inputs.From, inputs.To, step, count, inputSum);
        }
    }

    // product[unit] += sum over steps and rows of state[step, row, unit] * gradients[step, row]
    private static void AddStates<V>(in RecurrentBlock block, float* state, float* gradients, RecurrentSlots slots, int from, int to, int steps, float* product)
        where V : struct, IVector<V>
    {
        if (to <= from) return;
        var layout = block.Layout;
        var strides = new RecurrentStrides
        {
            LeftRow = 1,
            LeftStep = layout.Stride,
            RightStep = layout.PanelRow,
            StartRow = layout.PanelRow,
            ResultRow = layout.PanelRow,
            Steps = (nint)steps * block.Rows,
            Segments = 1,
        };
        var first = slots.First * V.Count;
        RecurrentTile.Multiply<V>(state + from, gradients + first, product + first, &strides, to - from, slots.Count, product + first);
    }

    // product[i] += sum over rows and steps of input[row, step, i] * gradients[step, row]
    private static void AddInputs<V>(in RecurrentBlock block, float* input, float* gradients, int from, int to, int step, int steps, float* product)
        where V : struct, IVector<V>
    {
        if (to <= from) return;
        var layout = block.Layout;
        var shape = layout.Shape;
        var strides = new RecurrentStrides
        {
            LeftRow = 1,
            LeftStep = shape.Reverse ? -shape.Inputs : shape.Inputs,
            LeftSegment = (nint)shape.Time * shape.Inputs,
            RightStep = (nint)block.Rows * layout.PanelRow,
            RightSegment = layout.PanelRow,
            StartRow = layout.PanelRow,
            ResultRow = layout.PanelRow,
            Steps = steps,
            Segments = block.Rows,
        };
        var left = input + ((((nint)block.First * shape.Time) + layout.TimeOf(step)) * shape.Inputs) + from;
        RecurrentTile.Multiply<V>(left, gradients, product, &strides, to - from, layout.InputSlots.Count, product);
    }

    // [row][slot][lane] -> [row, gates * units]; the slots of a product with the state begin at 1 if slot 0 belongs to the input alone
    private static void Scatter(RecurrentLayout layout, int panel, float* product, int from, int to, int firstSlot, Span<float> gradient)
    {
        var width = layout.Shape.Gates * layout.Shape.Units;
        var slots = firstSlot == 0 ? layout.InputSlots.Count : layout.Slots;
        for (var row = from; row < to; row++)
        {
            for (var slot = firstSlot; slot < slots; slot++)
            {
                var (column, valid) = layout.Columns(panel, slot);
                if (valid == 0) continue;
                new ReadOnlySpan<float>(
                    product + ((nint)(row - from) * layout.PanelRow) + (slot * layout.Lanes), valid).CopyTo(gradient.Slice((row * width) + column, valid));
            }
        }
    }

    private readonly struct PartLoop(RecurrentLayout layout, RecurrentBackwardBuffers buffers, int part) : IVectorLoop
    {
        public void Run<V>() where V : struct, IVector<V> => RecurrentWeightGradient.Run<V>(layout, buffers, part);
    }
}
