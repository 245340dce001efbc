namespace OnnxFunctional;

/// <summary>What the layers of a model cost for one sample: multiply-adds, and the memory of their outputs. What has open sizes is NaN.</summary>
internal sealed class LayerCosts
{
    private readonly ILookup<object, Node> _nodes;

    private LayerCosts(Model model) => _nodes = model.Graph.Nodes.ToLookup(node => node.Scope?.Outermost ?? (object)node);

    /// <summary>The costs of a model's layers on its outermost level.</summary>
    public static LayerCosts Of(Model model) => new(model);

    /// <summary>The multiply-adds of a whole model.</summary>
    public static double MultiplyAddsOf(Model model) => model.Graph.Nodes.Sum(MultiplyAddsOf);

    /// <summary>The bytes of all outputs of layers.</summary>
    public static double ActivationBytesOf(Model model) => model.Steps.Sum(step => step.Outputs.Sum(BytesOf));

    /// <summary>The multiply-adds of all calls of a layer.</summary>
    public double MultiplyAdds(IReadOnlyList<ModelStep> calls) =>
        calls.Sum(step => _nodes[(object?)step.Call ?? step.Node ?? (object)step].Sum(MultiplyAddsOf));

    /// <summary>The bytes of the outputs of all calls of a layer.</summary>
    public static double ActivationBytes(IReadOnlyList<ModelStep> calls) => calls.Sum(step => step.Outputs.Sum(BytesOf));

    private static double MultiplyAddsOf(Node node)
    {
        var isOpen = false;
        var count = Operators.MultiplyAdds.Of(node, shape =>
        {
            var sample = OneSample(shape);
            isOpen |= sample is null;
            return sample ?? Shape.Of([.. Enumerable.Repeat(1, shape.Rank)]);
        });
        return isOpen ? double.NaN : count;
    }

    private static double BytesOf(Value value) =>
        OneSample(value.Spec.Shape) is { } shape && value.Spec.Type != DType.String ? (double)shape.ElementCount * value.Spec.Type.Size() : double.NaN;

    /// <summary>The shape for one sample; null if it has other open sizes than the batch.</summary>
    private static Shape? OneSample(Shape shape)
    {
        var dims = shape.Symbols.ToArray().Select(dim => dim == Shape.Batch ? 1 : dim).ToArray();
        return dims.All(dim => dim >= 0) ? Shape.Of(dims) : null;
    }
}
