using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Loops over an unknown number of steps: ONNX's Scan, which is time-major.</summary>
internal static class Scans
{
    public static void Write(Emission emission, Node node, Scan op)
    {
        var body = new ScanBody(emission, "scan");
        var replaced = new Dictionary<Value, Value>();
        for (var i = 0; i < node.Inputs.Count; i++)
        {
            var (stand, input) = (op.Body.Inputs[i], node.Inputs[i]);
            if (i < op.States) replaced[stand] = body.State($"state_{i}", stand.Spec, emission.Read(input)).Value;
            else if (i < op.States + op.Sequences)
                replaced[stand] = body.Step($"step_{i - op.States}", stand.Spec, emission.Read(emission.Write(Swapped(new SymbolicTensor(input))))).Value;
            else replaced[stand] = body.Outside(input).Value;
        }

        var map = op.Body.Rewrite((_, _) => null, replaced);
        SymbolicTensor[] results = [.. op.Body.Outputs.Select(output => new SymbolicTensor(map[output]))];
        body.Next(results[..op.States]);
        foreach (var value in results[op.States..]) body.Emit(value);
        var names = body.Write(op.Reverse, op.Reverse && op.OwnTimes, node.Inputs[op.States].Spec.Shape.Dims[1]);
        Definitions.Write(emission, node, _ => node.Outputs.Select((output, i) => i < op.States
            ? emission.Bring(names[i], output.Spec, Layout.Identity(output.Spec.Shape.Rank))
            : Swapped(emission.Bring(names[i], Swapped(output.Spec), Layout.Identity(output.Spec.Shape.Rank)))).ToArray());
    }

    /// <summary>Written out if the number of steps is known.</summary>
    public static void Gradient(Emission emission, Node node, ScanGradient op)
    {
        if (node.Inputs[op.Forward.States].Spec.Shape.Dims[1] != Shape.Unknown)
        {
            Definitions.Write(emission, node, x => Decompositions.Of(op, x));
            return;
        }

        emission.Refuse(
            node,
            "the gradient of a cell over an unknown number of time steps cannot be written. Set the number of steps in Model.Input instead of null, or use "
            + "Lstm, Gru or SimpleRnn.");
    }

    /// <summary>Batch and time change places.</summary>
    private static SymbolicTensor Swapped(SymbolicTensor x) => Ops.Transpose(x, [1, 0, .. Enumerable.Range(2, x.Rank - 2)]);

    private static TensorSpec Swapped(TensorSpec spec) =>
        spec with { Shape = Shape.Of([spec.Shape.Symbols[1], spec.Shape.Symbols[0], .. spec.Shape.Dims[2..]]) };
}
