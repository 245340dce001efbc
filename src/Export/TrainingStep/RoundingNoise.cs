using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>
/// A copy of a step's graph in which every result that is rounded is changed at random by several units in its last place: how far two such steps are apart
/// shows what rounding alone does to each element of the state.
/// </summary>
/// <remarks>
/// That is the method of stochastic arithmetic. Changed weights do not show it: where a tanh is 1, its gradient <c>1 - y * y</c> is 0 for all weights nearby,
/// and 1e-7 in a program whose tanh is rounded otherwise. What only moves, compares or picks numbers is exact and stays as it is, so ties stay ties.
/// </remarks>
internal static class RoundingNoise
{
    // Half a unit in the last place is at most 2^-24 of a number; ONNX Runtime's functions and sums of a few numbers are within eight times that.
    private const float Relative = 1f / (1 << 20);

    // ONNX Runtime computes a sigmoid as a sum with 0.5, so small results have that sum's absolute error.
    private const float OfHalf = 1f / (1 << 23);

    /// <summary>The graph's outputs and updates with noise.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="seed">Another seed gives other noise.</param>
    public static Dictionary<Value, Value> Of(Graph graph, int seed)
    {
        var streams = seed << 20;
        return graph.Rewrite((node, inputs) => Noisy(node, inputs));

        IReadOnlyList<Value>? Noisy(Node node, IReadOnlyList<Value> inputs)
        {
            if (node.Inputs.Count == 0 || node.Op is IRandomOp) return null;
            if (Decompositions.Has(node.Op))
            {
                // Rounding inside an operator shows in its definition only, which is also what files hold.
                Value[] outputs = [.. Decompositions.Of(node.Op, [.. inputs.Select(input => new SymbolicTensor(input, node.Scope))]).Select(x => x.Value)];
                var inner = Graph.Between([.. inputs.Distinct()], outputs).Rewrite(Noisy);
                return [.. outputs.Select(output => inner[output])];
            }

            var made = node.WithInputs([.. inputs]).Outputs;
            return IsExact(node.Op) ? made : [.. made.Select(value => Changed(value, node))];
        }

        Value Changed(Value value, Node node)
        {
            if (value.Spec.Type != DType.Float32) return value;
            var x = new SymbolicTensor(value, node.Scope);
            var size = node.Op is Sigmoid ? OfHalf : Relative;
            var noise = Ops.Make(new RandomUniform(new RandomStream(streams++), -size, size), x);
            return (node.Op is Sigmoid ? x + noise : x * (1 + noise)).Value;
        }
    }

    private static bool IsExact(Op op) =>
        op.Moves(0) || op is Abs or Ceil or Clip or Floor or Neg or Relu or Round or Sign or Cast or Max or Min or MaxPool or OneHot or Operators.Size or Phase
            or GatherElements or TopK or Where or Pad;
}
