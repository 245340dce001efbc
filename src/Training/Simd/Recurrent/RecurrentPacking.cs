namespace OnnxFunctional.Training.Simd;

/// <summary>Packs weights in the order in which the products of the steps read them.</summary>
internal static unsafe class RecurrentPacking
{
    /// <summary>Takes floats from the front of the rest of a workspace.</summary>
    public static Span<float> Take(scoped ref Span<float> rest, long length)
    {
        var taken = rest[..(int)length];
        rest = rest[(int)length..];
        return taken;
    }

    /// <summary>Packs rows of weights as [panel][row][slot][lane]; padding lanes are zero.</summary>
    // [rows, gates * units] -> [panels, rows, slots, lanes]
    public static void Pack(RecurrentLayout layout, ReadOnlySpan<float> weights, RecurrentSlots slots, int rows, Span<float> packed)
    {
        var width = layout.Shape.Gates * layout.Shape.Units;
        var at = 0;
        for (var panel = 0; panel < layout.Panels; panel++)
        {
            for (var row = 0; row < rows; row++)
            {
                for (var slot = slots.First; slot < slots.First + slots.Count; slot++)
                {
                    var (column, valid) = layout.Columns(panel, slot);
                    var lane = packed.Slice(at, layout.Lanes);
                    if (valid < layout.Lanes) lane.Clear();
                    if (valid > 0) weights.Slice((row * width) + column, valid).CopyTo(lane);
                    at += layout.Lanes;
                }
            }
        }
    }

    /// <summary>Packs what each sum starts from: the biases of the input and of the recurrent product, added where one sum takes both.</summary>
    // [gates * units] or [2, gates * units] or empty -> [panels, slots, lanes]
    public static void PackBias(RecurrentLayout layout, ReadOnlySpan<float> bias, Span<float> packed)
    {
        packed.Clear();
        if (bias.IsEmpty) return;
        var width = layout.Shape.Gates * layout.Shape.Units;
        for (var panel = 0; panel < layout.Panels; panel++)
        {
            for (var slot = 0; slot < layout.Slots; slot++)
            {
                var (column, valid) = layout.Columns(panel, slot);
                var lanes = packed.Slice((panel * layout.PanelRow) + (slot * layout.Lanes), layout.Lanes);
                for (var lane = 0; lane < valid; lane++)
                {
                    if (slot < layout.InputSlots.Count) lanes[lane] = bias[column + lane];
                    if (layout.Shape.Kind == RecurrentKind.Gru && slot > 0) lanes[lane] += bias[width + column + lane];
                }
            }
        }
    }

    /// <summary>Packs the transpose, for the product backwards from the gates: panels of up to four vectors of weight rows, over [panel][slot][lane].</summary>
    // [rows, gates * units] -> [rows / (4 lanes), panels, slots, lanes, up to 4 lanes]
    public static void PackTransposed(RecurrentLayout layout, ReadOnlySpan<float> weights, RecurrentSlots slots, int rows, Span<float> packed)
    {
        var width = layout.Shape.Gates * layout.Shape.Units;
        var lanes = layout.Lanes;
        packed.Clear();
        fixed (float* source = weights, destination = packed)
        {
            var part = destination;
            for (var first = 0; first < rows; first += 4 * lanes)
            {
                var columns = Math.Min(4 * lanes, (rows - first + lanes - 1) / lanes * lanes);
                var count = Math.Min(columns, rows - first);
                for (var panel = 0; panel < layout.Panels; panel++)
                {
                    for (var slot = slots.First; slot < slots.First + slots.Count; slot++)
                    {
                        var (column, valid) = layout.Columns(panel, slot);
                        for (var row = 0; row < count; row++)
                        {
                            var from = source + ((nint)(first + row) * width) + column;
                            for (var lane = 0; lane < valid; lane++) part[(lane * columns) + row] = from[lane];
                        }

                        part += lanes * columns;
                    }
                }
            }
        }
    }

    /// <summary>Unpacks the sums of all slots to the order of the bias.</summary>
    // [panels, slots, lanes] -> [gates * units] or [2, gates * units]
    public static void UnpackBias(RecurrentLayout layout, ReadOnlySpan<float> packed, Span<float> bias)
    {
        var width = layout.Shape.Gates * layout.Shape.Units;
        for (var panel = 0; panel < layout.Panels; panel++)
        {
            for (var slot = 0; slot < layout.Slots; slot++)
            {
                var (column, valid) = layout.Columns(panel, slot);
                var lanes = packed.Slice((panel * layout.PanelRow) + (slot * layout.Lanes), valid);
                if (valid == 0) continue;
                if (slot < layout.InputSlots.Count) lanes.CopyTo(bias[column..]);
                if (layout.Shape.Kind == RecurrentKind.Gru && slot > 0) lanes.CopyTo(bias[(width + column)..]);
            }
        }
    }
}
