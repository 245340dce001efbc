using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.RandomModels;

/// <summary>A cell of a user's own with two states, the second of which is the output: <c>a' = tanh(x W + a), y = a' b + x V</c>.</summary>
internal sealed class MixingCell(int units) : RecurrentCell
{
    public int Units { get; } = units;

    public override IntValues StateSize => (Units, Units);

    protected override (SymbolicTensor Output, SymbolicTensors States) Forward(SymbolicTensor x, SymbolicTensors states)
    {
        var first = Ops.Tanh(Ops.MatMul(x, Weight("kernel", [x.Shape[^1], Units])) + states[0]);
        var output = (first * states[1]) + Ops.MatMul(x, Weight("gate", [x.Shape[^1], Units]));
        return (output, new[] { first, output });
    }
}
