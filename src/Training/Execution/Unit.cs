namespace OnnxFunctional.Training.Execution;

/// <summary>The nodes that run as one kernel: a single node, a product or convolution with its epilogue, or a chain of elementwise nodes.</summary>
internal sealed class Unit(int order, bool isChain)
{
    /// <summary>The position in the order in which units were begun. A unit only reads what earlier units wrote.</summary>
    public int Order { get; } = order;

    public bool IsChain { get; } = isChain;

    /// <summary>The nodes, producers first.</summary>
    public List<Node> Nodes { get; } = [];

    /// <summary>A bias that is added to a product.</summary>
    public Value? Bias { get; set; }

    /// <summary>A residual that is added to a convolution.</summary>
    public Value? Addend { get; set; }

    public EpilogueActivation Activation { get; set; }

    /// <summary>A second result of a convolution's weight gradient: the output gradient's sum per channel.</summary>
    public Value? BiasGradient { get; set; }

    public Node Head => Nodes[0];

    /// <summary>Values read from outside the unit, each once, in the order of first use.</summary>
    public List<Value> Inputs { get; } = [];

    /// <summary>For values that a chain reads in another type or through a view: the input or inner value that it reads instead.</summary>
    public Dictionary<Value, Value> ReadAs { get; } = [];

    /// <summary>Values that are read outside the unit.</summary>
    public List<Value> Outputs { get; } = [];

    public override string ToString() => IsChain
        ? $"chain of {Nodes.Count} on {Head.Outputs[0].Spec.Shape}: {string.Join(' ', Nodes.Take(8).Select(node => node.Op.Name))}"
        : $"{string.Join('+', Nodes.Select(node => node.Op.Name))} {string.Join(' ', Head.Inputs.Select(input => input.Spec.Shape))}";
}
