using OnnxFunctional.Export.Quantizing;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Halving;

/// <summary>A model's inference graph, whose weights have their adapters added, and the layer to which each node belongs.</summary>
internal sealed class InferenceGraph
{
    private readonly Dictionary<Weight, string> _weights;

    public InferenceGraph(Model model)
    {
        Model = model;
        _weights = model.WeightPaths().ToDictionary(named => named.Weight, named => named.Path);
        Inputs = [.. model.Inputs.Select(input => input.Value)];
        Value[] outputs = [.. model.Outputs.Select(output => output.Value)];
        Map = Specialization.Of(
            Inputs, outputs, training: false, rule: (node, _) => node.Op is Variable { Weight: { Adapter: not null } weight } ? [Merged(weight)] : null);
        Outputs = [.. outputs.Select(output => Map[output])];
        Graph = Graph.Between(Inputs, Outputs);
        Layers = Graph.Nodes.Where(node => node.Op is not SourceOp).ToDictionary(node => node, new LayerPaths(model, Map).Of);
    }

    public Model Model { get; }

    public Value[] Inputs { get; }

    public Value[] Outputs { get; }

    public Graph Graph { get; }

    /// <summary>For values of the model, those of this graph.</summary>
    public IReadOnlyDictionary<Value, Value> Map { get; }

    /// <summary>The path of the layer of each node that computes something.</summary>
    public IReadOnlyDictionary<Node, string> Layers { get; }

    /// <summary>The name of a weight in files.</summary>
    public string NameOf(Weight weight) => _weights.GetValueOrDefault(weight) ?? (weight.Owner is { } owner ? owner.Name + "/" : "") + weight.Name;

    private Value Merged(Weight weight) => Node.Create(new Constant(TensorData.Of(weight.Shape, weight.Merged), NameOf(weight)), [], null).Outputs[0];
}
