using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Sums, which are one operator of ONNX Runtime's own with the LayerNormalization that reads them if that is asked for.</summary>
internal static class SkipNormalizations
{
    private static readonly Emitter s_add = Elementwise.Broadcast("Add");

    public static void Add(Emission emission, Node sum)
    {
        if (emission.FusesSkips && NormalizationOf(emission, sum) is { } norm && emission.TryClaim(norm)) Write(emission, sum, norm);
        else s_add(emission, sum);
    }

    private static void Write(Emission emission, Node sum, Node norm)
    {
        var (result, readers) = (sum.Outputs[0], emission.Facts.Readers(sum.Outputs[0]));
        var layout = Layout.Identity(result.Spec.Shape.Rank);
        string[] inputs = [.. sum.Inputs.Concat(norm.Inputs.Skip(1)).Select(emission.Read)];
        List<string> outputs = [emission.Declare(norm.Outputs[0], layout, OnnxGraph.SkipLayerNormalization)];
        if (readers.Count > 1 || emission.Facts.IsOutput(result)) outputs.AddRange(["", "", emission.Declare(result, layout, "sum")]);
        emission.Node(OnnxGraph.SkipLayerNormalization, inputs, outputs, Attributes.Float("epsilon", ((LayerNormalization)norm.Op).Epsilon));
    }

    /// <summary>The first normalization of the last axis that reads a sum of two sequences, or of two rows for each sample.</summary>
    private static Node? NormalizationOf(Emission emission, Node sum)
    {
        var spec = sum.Outputs[0].Spec;
        if (spec is not { Type: DType.Float32, Shape: { Rank: 2 or 3 } shape }) return null;
        if (sum.Inputs.Any(input => emission.IsStatic(input) || !input.Spec.Shape.Symbols.SequenceEqual(shape.Symbols))) return null;
        return emission.Facts.Readers(sum.Outputs[0]).Where(reader => reader.Index == 0).Select(reader => reader.Node).FirstOrDefault(node =>
            node.Op is LayerNormalization norm && ShapeRules.Axis(norm.Axis, shape.Rank, norm.Name) == shape.Rank - 1
            && !emission.IsEmitted(node) && node.Inputs.Skip(1).All(emission.IsStatic) && !node.Outputs.Skip(1).Any(emission.Facts.IsRead));
    }
}
