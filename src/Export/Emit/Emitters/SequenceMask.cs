using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>
/// Masks for a recurrent node that supports only lengths: unmasked steps are moved to the front, run as a shorter sequence, and their outputs are moved back.
/// </summary>
/// <remarks>
/// ONNX's sequence_lens states how many leading steps count. The usual way for other masks is a Scan over single steps; moving the steps costs two gathers and
/// keeps the one node with its fast kernel, on any device.
/// </remarks>
internal sealed class SequenceMask
{
    private readonly Value _mask;
    private readonly string _counts;
    private readonly string _order;

    private SequenceMask(Emission emission, Value mask)
    {
        _mask = mask;
        var spec = mask.Spec.Shape;
        var numbers = new TensorSpec(spec, DType.Int32);
        _counts = emission.Add("Cast", numbers, [emission.Read(mask)], Attributes.Type("to", DType.Int32));
        Lengths = emission.Add(
            "ReduceSum", numbers with { Shape = Shape.Of(spec.Dims[0]) }, [_counts, emission.Constant("axes", 1)], Attributes.Flag("keepdims", false));

        // Sorted by position, masked steps after all others.
        var time = DynamicShapes.Dims(emission, mask, [1]);
        var line = new TensorSpec(Shape.Of(spec.Dims[1]), DType.Int64);
        var positions = spec.Dims[1] != Shape.Unknown
            ? emission.Constant("positions", Enumerable.Range(0, spec.Dims[1]))
            : emission.Add("Range", line, [emission.Scalar("start", 0L), Count(time), emission.Scalar("step", 1L)]);
        var behind = emission.Add("Add", line, [positions, time]);
        var keys = emission.Add("Where", new TensorSpec(spec, DType.Int64), [emission.Read(mask), positions, behind]);
        var (sorted, order) = (emission.Graph.Reserve(emission.Prefix + "/sorted"), emission.Graph.Reserve(emission.Prefix + "/order"));
        emission.Graph.Describe(sorted, new TensorSpec(spec, DType.Int64));
        emission.Graph.Describe(order, new TensorSpec(spec, DType.Int64));
        emission.Node("TopK", [keys, time], [sorted, order], Attributes.Int("axis", 1), Attributes.Flag("largest", false), Attributes.Flag("sorted", true));
        _order = emission.Add("Unsqueeze", new TensorSpec(spec.Insert(2, 1), DType.Int64), [order, emission.Constant("axes", 2)]);

        string Count(string dims) => emission.Add("Squeeze", new TensorSpec(Shape.Of(), DType.Int64), [dims, emission.Constant("axes", 0)]);
    }

    /// <summary>The number of unmasked steps of each sample, for sequence_lens.</summary>
    public string Lengths { get; }

    /// <summary>The nodes of a mask, written once for all layers that read it.</summary>
    public static SequenceMask Of(Emission emission, Value mask) => emission.Once(mask, "mask", () => new SequenceMask(emission, mask));

    /// <summary>The sequence with the unmasked steps in front, time-major.</summary>
    public string Compact(Emission emission, Value x) => emission.Once((_mask, x), "compact", () =>
    {
        var compact = emission.Add("GatherND", x.Spec, [emission.Read(x), _order], Attributes.Int("batch_dims", 1));
        return emission.Add("Transpose", Layout.TimeMajor.Stored(x.Spec), [compact], Attributes.Ints("perm", 1, 0, 2));
    });

    /// <summary>Moves the outputs of unmasked steps back to their times; a masked step repeats the output before it, or is zero.</summary>
    /// <param name="emission">The graph being written.</param>
    /// <param name="value">The sequence output.</param>
    /// <param name="compact">Outputs of the compacted sequence (time, batch, units).</param>
    /// <param name="reverse">Whether time runs backwards, so that "before" is the next unmasked step.</param>
    /// <param name="zeros">Whether masked steps are zero.</param>
    public void Spread(Emission emission, Value value, string compact, bool reverse, bool zeros)
    {
        var (sources, seen) = Sources(emission, reverse);
        var column = new TensorSpec(_mask.Spec.Shape.Insert(2, 1), DType.Bool);
        var shown = zeros ? emission.Add("Unsqueeze", column, [emission.Read(_mask), emission.Constant("axes", 2)]) : seen;
        var turned = emission.Add("Transpose", value.Spec, [compact], Attributes.Ints("perm", 1, 0, 2));
        var spread = emission.Add("GatherND", value.Spec, [turned, sources], Attributes.Int("batch_dims", 1));
        emission.Result(value, Layout.Identity(3), "Where", [shown, spread, emission.Scalar("zero", 0f, value.Spec.Type)]);
    }

    /// <summary>The last state; a sample without unmasked steps keeps its initial state, for which ONNX returns zeros.</summary>
    public void Keep(Emission emission, Value value, string last, string initial)
    {
        var batch = value.Spec.Shape.Dims[0];
        var any = emission.Add("Greater", new TensorSpec(Shape.Of(batch), DType.Bool), [Lengths, emission.Constant("none", Whole(0))]);
        var column = emission.Add("Unsqueeze", new TensorSpec(Shape.Of(batch, 1), DType.Bool), [any, emission.Constant("axes", 1)]);
        emission.Result(value, Layout.Identity(2), "Where", [column, last, initial]);
    }

    /// <summary>For each time, the compacted step whose output it takes, and whether there is one.</summary>
    private (string Sources, string Seen) Sources(Emission emission, bool reverse) => emission.Once(_mask, reverse ? "reverse" : "forward", () =>
    {
        var spec = new TensorSpec(_mask.Spec.Shape, DType.Int32);
        var column = spec with { Shape = spec.Shape.Insert(2, 1) };
        var counted = emission.Add("CumSum", spec, [_counts, emission.Scalar("axis", 1L)], Attributes.Flag("exclusive", reverse));
        string index, seen;
        if (reverse)
        {
            // The number of unmasked steps before this time is the index of the compacted step that it takes.
            var lengths = emission.Add("Unsqueeze", spec with { Shape = Shape.Of(spec.Shape.Dims[0], 1) }, [Lengths, emission.Constant("axes", 1)]);
            seen = emission.Add("Less", spec with { Type = DType.Bool }, [counted, lengths]);
            index = counted;
        }
        else
        {
            seen = emission.Add("Greater", spec with { Type = DType.Bool }, [counted, emission.Constant("none", Whole(0))]);
            var last = emission.Add("Sub", spec, [counted, emission.Constant("one", Whole(1))]);
            index = emission.Add("Max", spec, [last, emission.Constant("none", Whole(0))]);
        }

        var wide = emission.Add("Cast", spec with { Type = DType.Int64 }, [index], Attributes.Type("to", DType.Int64));
        var sources = emission.Add("Unsqueeze", column with { Type = DType.Int64 }, [wide, emission.Constant("axes", 2)]);
        var shown = emission.Add("Unsqueeze", column with { Type = DType.Bool }, [seen, emission.Constant("axes", 2)]);
        return (sources, shown);
    });

    private static TensorData Whole(int number) => TensorData.Of(Shape.Of(), (ReadOnlySpan<int>)[number]);
}
