using System.Globalization;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Targets;
using OnnxFunctional.Operators;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Export;

/// <summary>What a written graph consists of; prints as a table.</summary>
public sealed class GraphSummary
{
    private GraphSummary(IReadOnlyDictionary<string, int> nodes, long parameters, double? macs) => (Nodes, Parameters, Macs) = (nodes, parameters, macs);

    /// <summary>The number of nodes of each operator, those of loops' bodies included; the most frequent first.</summary>
    public IReadOnlyDictionary<string, int> Nodes { get; }

    /// <summary>The numbers that the file stores: weights and constants, without shapes and axes.</summary>
    public long Parameters { get; }

    /// <summary>
    /// The multiplications, each with its addition, of products, convolutions and recurrent layers for one sample; <see langword="null"/> if a size besides
    /// the batch is open.
    /// </summary>
    public double? Macs { get; }

    /// <summary>The number of nodes that only exchange axes.</summary>
    public int Transposes => Nodes.GetValueOrDefault("Transpose");

    /// <summary>A row for each operator, then the numbers.</summary>
    public override string ToString()
    {
        var rows = Nodes.Select(entry => (string[])[entry.Key, entry.Value.ToString("N0", CultureInfo.InvariantCulture)]);
        var macs = Macs is { } count ? string.Create(CultureInfo.InvariantCulture, $", {count:N0} multiply-adds per sample") : "";
        return string.Join(
            Environment.NewLine,
            TextTable.Lines([["Operator", "Nodes"], .. rows], column => column == 1)
                .Append(string.Create(CultureInfo.InvariantCulture, $"{Nodes.Values.Sum():N0} nodes, {Parameters:N0} parameters{macs}")));
    }

    /// <summary>The summary of a written model.</summary>
    internal static GraphSummary Of(EmittedModel emitted)
    {
        var types = new FileTypes(emitted.Proto.Graph);
        var nodes = types.Nodes.CountBy(node => node.OpType)
            .OrderByDescending(entry => entry.Value).ThenBy(entry => entry.Key, StringComparer.Ordinal);
        var stored = emitted.Proto.Graph.Initializer.Where(tensor => tensor.DataType != (int)DataType.Int64).Sum(OnnxProto.Elements);
        return new GraphSummary(new OrderedDictionary<string, int>(nodes), stored, MacsOf(emitted));
    }

    private static double? MacsOf(EmittedModel emitted)
    {
        Value[] inputs = [.. emitted.Inputs.Select(input => input.Value)];
        var graph = OnnxFunctional.Graph.Between(inputs, [.. emitted.Outputs.Select(output => output.Value)]);
        try
        {
            var stands = inputs.ToDictionary(input => input, input => new InputLayer(One(input.Spec.Shape), input.Spec.Type, null).Tensor.Value);
            var known = graph.Rewrite((_, _) => null, stands);
            Node[] nodes = [.. graph.Nodes.Select(node => known[node.Outputs[0]].Producer)];
            return nodes.All(node => node.Inputs.Concat(node.Outputs).All(value => value.Spec.Shape.IsKnown))
                ? nodes.Sum(node => MultiplyAdds.Of(node, shape => shape))
                : null;
        }
        catch (ModelException)
        {
            // A model that takes a batch of several samples only.
            return null;
        }

        static Shape One(Shape shape)
        {
            for (var axis = 0; axis < shape.Rank; axis++)
                if (shape.Symbols[axis] == Shape.Batch) shape = shape.With(axis, 1);
            return shape;
        }
    }
}
