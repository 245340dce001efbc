using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Recurrent layers as one ONNX node each: LSTM, GRU or RNN; both directions of a Bidirectional are one node.</summary>
/// <remarks>ONNX Runtime supports time-major sequences only, so the sequence stays time-major from the first recurrent layer to the last.</remarks>
internal static class Recurrent
{
    public static void Write(Emission emission, Node node)
    {
        var op = (RecurrentOp)node.Op;
        if (!RecurrentActivations.Known(op))
        {
            RecurrentScan.Forward(emission, node);
            return;
        }

        // Equal nodes for different outputs of the same layer: ONNX Runtime merges such nodes itself, and fails if they name different outputs.
        Node[] twins = [.. emission.Facts.Readers(node.Inputs[0]).Select(reader => reader.Node).Where(IsTwin)];
        var partner = Partner(emission, node, op);
        Node[] directions = partner is null ? [node] : op.Options.Reverse ? [partner, node] : [node, partner];
        if (partner is not null) emission.TryClaim(partner);

        var (x, units) = (node.Inputs[0], node.Inputs[2].Spec.Shape.Dims[0]);
        var mask = op.MaskInput is { } index ? SequenceMask.Of(emission, node.Inputs[index]) : null;
        var sequence = mask is null ? emission.Read(x, Layout.TimeMajor) : mask.Compact(emission, x);
        var inputs = new List<string>
        {
            sequence,
            Joined(emission, directions, direction => Kernel(direction, 1), Shape.Of(op.Gates * units, x.Spec.Shape.Dims[2])),
            Joined(emission, directions, direction => Kernel(direction, 2), Shape.Of(op.Gates * units, units)),
            op.BiasInput is { } bias
                ? Joined(emission, directions, direction => emission.Read(direction.Inputs[bias], BiasSteps(op, units)), Shape.Of(2 * op.Gates * units))
                : "",
            mask?.Lengths ?? "",
        };
        for (var state = 0; op.StateInput is { } first && state < op.States; state++)
        {
            var input = first + state;
            inputs.Add(Joined(emission, directions, direction => State(direction.Inputs[input]), node.Inputs[input].Spec.Shape));
        }

        Outputs(emission, op, directions, mask, inputs, units, IsRead);
        foreach (var twin in twins)
        {
            for (var i = 0; i <= op.States; i++)
            {
                if (IsRead(node.Outputs[i])) emission.Alias(twin.Outputs[i], node.Outputs[i]);
            }
        }

        bool IsTwin(Node other) => other != node && other.Op == op && other.Inputs.SequenceEqual(node.Inputs) && emission.TryClaim(other);

        string Kernel(Node direction, int input) => emission.Read(direction.Inputs[input], KernelSteps(op, direction.Inputs[input].Spec.Shape, units));

        string State(Value initial)
        {
            var spec = initial.Spec with { Shape = initial.Spec.Shape.Insert(0, 1) };
            return emission.Add("Unsqueeze", spec, [emission.Read(initial), emission.Constant("axes", 0)]);
        }

        bool IsRead(Value output) =>
            emission.Facts.IsRead(output) || (output.Producer == node && twins.Any(twin => emission.Facts.IsRead(twin.Outputs[output.Index])));
    }

    /// <summary>The node that runs over the same sequence in the other direction within one Bidirectional.</summary>
    private static Node? Partner(Emission emission, Node node, RecurrentOp op)
    {
        var opposite = op with { Options = op.Options with { Reverse = !op.Options.Reverse } };
        return emission.Facts.Readers(node.Inputs[0]).Select(reader => reader.Node).FirstOrDefault(other =>
            other != node && other.Op == opposite && !emission.IsEmitted(other) && other.Inputs[0] == node.Inputs[0]
            && Enclosing(other) is { } enclosing && enclosing == Enclosing(node)
            && other.Inputs[1].Spec == node.Inputs[1].Spec && other.Inputs[2].Spec == node.Inputs[2].Spec
            && (op.MaskInput is not { } mask || other.Inputs[mask] == node.Inputs[mask])
            && other.Inputs.All(input => emission.IsStatic(input) || input.Producer.Op is SourceOp || emission.Places(input).Count > 0));
    }

    // Two layers of a model remain two nodes; two inside one layer are its two directions.
    private static LayerCall? Enclosing(Node node) =>
        node.Scope is { Layer: not Model } scope ? (scope.Parent is { Layer: not Model } parent ? parent : scope) : null;

    private static void Outputs(
        Emission emission, RecurrentOp op, Node[] directions, SequenceMask? mask, List<string> inputs, int units, Func<Value, bool> isRead)
    {
        var x = directions[0].Inputs[0].Spec.Shape;
        var (batch, time) = (x.Dims[0], x.Dims[1]);
        var count = directions.Length;
        var outputs = new string[1 + op.States];
        for (var i = 0; i < outputs.Length; i++)
        {
            if (!directions.Any(direction => isRead(direction.Outputs[i])))
            {
                outputs[i] = "";
                continue;
            }

            outputs[i] = emission.Graph.Reserve(emission.Prefix + (i == 0 ? "/sequence" : i == 1 ? "/state" : "/cell_state"));
            var shape = i == 0 ? Shape.Of(time, count, batch, units) : Shape.Of(count, batch, units);
            emission.Graph.Describe(outputs[i], new TensorSpec(shape, directions[0].Outputs[i].Spec.Type));
        }

        var attributes = new List<AttributeProto>
        {
            Attributes.Int("hidden_size", units),
            Attributes.Text("direction", count == 2 ? "bidirectional" : op.Options.Reverse ? "reverse" : "forward"),
        };
        attributes.AddRange(RecurrentActivations.Attributes(op, count));
        if (op is Gru gru) attributes.Add(Attributes.Flag("linear_before_reset", gru.ResetAfter));
        emission.Node(op switch { Lstm => "LSTM", Gru => "GRU", _ => "RNN" }, inputs, outputs, attributes);

        for (var d = 0; d < count; d++)
        {
            var (node, reverse) = (directions[d], ((RecurrentOp)directions[d].Op).Options.Reverse);
            if (isRead(node.Outputs[0]))
            {
                if (mask is null)
                {
                    One(emission, node.Outputs[0], Layout.TimeMajor, outputs[0], 1, d, count);
                }
                else
                {
                    var compact = Direction(emission, outputs[0], 1, d, count, new TensorSpec(Shape.Of(time, batch, units), node.Outputs[0].Spec.Type));
                    mask.Spread(emission, node.Outputs[0], compact, reverse, op.Options.ZeroMaskedOutput);
                }
            }

            for (var state = 0; state < op.States; state++)
            {
                var value = node.Outputs[1 + state];
                if (!isRead(value)) continue;
                if (mask is null || op.StateInput is not { } first)
                {
                    One(emission, value, Layout.Identity(2), outputs[1 + state], 0, d, count);
                }
                else
                {
                    var last = Direction(emission, outputs[1 + state], 0, d, count, value.Spec);
                    mask.Keep(emission, value, last, emission.Read(node.Inputs[first + state]));
                }
            }
        }
    }

    /// <summary>One direction of an output, as a value of the graph.</summary>
    private static void One(Emission emission, Value value, Layout layout, string output, int axis, int direction, int count)
    {
        if (count == 1) emission.Result(value, layout, "Squeeze", [output, emission.Constant("axes", axis)]);
        else emission.Result(value, layout, "Gather", [output, emission.Scalar("direction", (long)direction)], Attributes.Int("axis", axis));
    }

    private static string Direction(Emission emission, string output, int axis, int direction, int count, TensorSpec spec) => count == 1
        ? emission.Add("Squeeze", spec, [output, emission.Constant("axes", axis)])
        : emission.Add("Gather", spec, [output, emission.Scalar("direction", (long)direction)], Attributes.Int("axis", axis));

    private static string Joined(Emission emission, Node[] directions, Func<Node, string> part, Shape shape)
    {
        string[] parts = [.. directions.Select(part)];
        return parts.Length == 1 ? parts[0] : emission.Add(
            "Concat", new TensorSpec(shape.Insert(0, parts.Length), directions[0].Inputs[0].Spec.Type), parts, Attributes.Int("axis", 0));
    }

    /// <summary>(in, gates * units) in Keras' order of gates to (1, gates * units, in) in ONNX's.</summary>
    private static IReadOnlyList<ArrangementStep> KernelSteps(RecurrentOp op, Shape shape, int units) =>
    [
        new ReshapeStep([shape.Dims[0], op.Gates, units]),
        new TakeStep(1, Gates(op)),
        new TransposeStep([1, 2, 0]),
        new ReshapeStep([1, op.Gates * units, shape.Dims[0]]),
    ];

    /// <summary>ONNX has a second bias for the recurrent product; Keras has it only for the GRU that resets after the product.</summary>
    private static IReadOnlyList<ArrangementStep> BiasSteps(RecurrentOp op, int units) => op is Gru { ResetAfter: true }
        ? [new ReshapeStep([1, 2 * op.Gates * units])]
        :
        [
            new ReshapeStep([op.Gates, units]),
            new TakeStep(0, Gates(op)),
            new ReshapeStep([1, op.Gates * units]),
            new AppendZerosStep(1, op.Gates * units),
        ];

    /// <summary>
    /// Keras' LSTM has the gates input, forget, cell, output; ONNX's input, output, forget, cell. The GRU has update, reset, candidate in both.
    /// </summary>
    private static IntList Gates(RecurrentOp op) => op switch { Lstm => [0, 3, 1, 2], Gru => [0, 1, 2], _ => [0] };
}
