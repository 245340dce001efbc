using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Loops over an unknown number of steps: ONNX's Scan, which is time-major.</summary>
internal static class Scans
{
    /// <summary>A loop whose gradient is in the file too also returns what that reads, so that it runs once.</summary>
    public static void Write(Emission emission, Node node, Scan op)
    {
        var gradient = emission.Facts.Readers(node.Inputs[0]).Select(reader => reader.Node).FirstOrDefault(
            reader => reader.Op is ScanGradient other && other.Forward == op && reader.Inputs.Take(node.Inputs.Count).SequenceEqual(node.Inputs));
        if (gradient is null || IsKnown(node, op)) WriteLoop(emission, node, op);
        else Definitions.Write(emission, node, x => (SymbolicTensor[])[.. Both(emission, gradient).Forward(x).Take(node.Outputs.Count)]);
    }

    /// <summary>Written out if the number of steps is known, otherwise a loop that runs backwards.</summary>
    public static void Gradient(Emission emission, Node node, ScanGradient op) => Definitions.Write(emission, node, x =>
    {
        if (IsKnown(node, op.Forward)) return Decompositions.Of(op, x);
        var (loop, forward) = Both(emission, node);
        return loop.Backward(x, forward(x));
    });

    private static bool IsKnown(Node node, Scan op) => node.Inputs[op.States].Spec.Shape.Dims[1] != Shape.Unknown;

    /// <summary>The gradient as loops, and the loop forwards, which the operator and its gradient share.</summary>
    private static (ScanBackpropagation Loop, Func<SymbolicTensors, SymbolicTensors> Forward) Both(Emission emission, Node gradient)
    {
        var op = (ScanGradient)gradient.Op;
        var loop = emission.Once(gradient, "backpropagation", () => new ScanBackpropagation(op, IsRead));
        return (loop, x => emission.Once(gradient, "forward", () => loop.Forward(x)));

        bool IsRead(int input) => emission.Facts.IsRead(gradient.Outputs[op.Wanted.Span.IndexOf(input)]);
    }

    private static void WriteLoop(Emission emission, Node node, Scan op)
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

    /// <summary>Batch and time change places.</summary>
    private static SymbolicTensor Swapped(SymbolicTensor x) => Ops.Transpose(x, [1, 0, .. Enumerable.Range(2, x.Rank - 2)]);

    private static TensorSpec Swapped(TensorSpec spec) =>
        spec with { Shape = Shape.Of([spec.Shape.Symbols[1], spec.Shape.Symbols[0], .. spec.Shape.Dims[2..]]) };
}
