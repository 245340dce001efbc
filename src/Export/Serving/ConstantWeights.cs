using OnnxFunctional.Export.Quantizing;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Serving;

/// <summary>Puts numbers in place of what a folded graph computes from weights alone.</summary>
internal static class ConstantWeights
{
    /// <summary>For values of the model, those that stand for them.</summary>
    public static IReadOnlyDictionary<Value, Value> Of(FoldedGraph folded)
    {
        // What others read; a weight itself stays one.
        Value[] computed =
        [
            .. folded.Graph.Nodes.Where(node => !folded.IsStatic(node.Outputs[0])).SelectMany(node => node.Inputs).Concat(folded.Outputs)
                .Where(value => value.Producer.Op is not SourceOp && value.Spec.Type == DType.Float32 && folded.IsStatic(value)).Distinct(),
        ];
        if (computed.Length == 0) return folded.Map;
        var numbers = GraphRun.Static(folded.Model, computed);
        var constants = computed.Select((value, i) =>
            (value, Node.Create(new Constant(TensorData.Of(value.Spec.Shape, numbers[i])), [], value.Producer.Scope).Outputs[0])).ToDictionary();
        var map = folded.Graph.Rewrite((node, _) => node.Outputs.Any(constants.ContainsKey)
            ? [.. node.Outputs.Select(output => constants.GetValueOrDefault(output, output))]
            : null);
        return folded.Map.Where(entry => map.ContainsKey(entry.Value)).ToDictionary(entry => entry.Key, entry => map[entry.Value]);
    }
}
