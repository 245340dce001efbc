using OnnxFunctional.Operators;
using OnnxFunctional.Training.Policies;

namespace OnnxFunctional.Export.Halving;

/// <summary>Which nodes of a graph can compute in 16 bits.</summary>
internal sealed class HalfRules(Graph graph, DType type)
{
    private readonly HashSet<Node> _precise = PreciseNodes.Of(graph);

    /// <summary>Whether a node's numbers must not be rounded, nor its weights: they address elements, or are raw data.</summary>
    public bool IsExact(Node node) => _precise.Contains(node) || node.Scope?.Layer is Layers.Normalization or Layers.Rescaling;

    /// <summary>Whether a node can compute in 16 bits.</summary>
    public bool CanCompute(Node node) =>
        !IsExact(node) && !BoundsAndTerms.AreLost(node, type) && HasForm(node.Op) && (node.Op is ComparisonOp || node.Outputs[0].Spec.Type == DType.Float32);

    /// <summary>Whether a node's type is that of its inputs: a conversion for it alone would be for nothing.</summary>
    public static bool Follows(Node node) => node.Op is ComparisonOp || Enumerable.Range(0, node.Inputs.Count).Any(node.Op.Moves);

    /// <summary>Whether ONNX has the operator for float16, with a result of that type.</summary>
    private static bool HasForm(Op op) => op is not (
        SourceOp or Cast or Celu or DequantizeLinear or DynamicQuantizeLinear or IRandomOp or OneHot or QuantizeLinear or Scan or Operators.Size or TextOp);
}
