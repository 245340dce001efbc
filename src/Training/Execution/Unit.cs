namespace OnnxFunctional.Training.Execution;

/// <summary>What runs as one kernel: a single node, a product or convolution with what was put behind it, or a chain of elementwise nodes.</summary>
internal sealed class Unit(int order, bool isChain)
{
    /// <summary>Place in the order in which units were begun; a unit only reads what earlier ones wrote.</summary>
    public int Order { get; } = order;

    public bool IsChain { get; } = isChain;

    /// <summary>The nodes, producers first; the first one names the unit.</summary>
    public List<Node> Nodes { get; } = [];

    /// <summary>A bias read behind a product or convolution.</summary>
    public Value? Bias { get; set; }

    /// <summary>Values of the same shape added behind a convolution: a residual.</summary>
    public Value? Addend { get; set; }

    public EpilogueActivation Activation { get; set; }

    /// <summary>A second result of a convolution's weight gradient: the sum of the output gradient for each channel.</summary>
    public Value? BiasGradient { get; set; }

    public Node Head => Nodes[0];

    /// <summary>Values read from outside, each once, in the order of first use.</summary>
    public List<Value> Inputs { get; } = [];

    /// <summary>Values a chain reads in another type or through a view, and what it reads for them: an input, or what one of its own nodes makes.</summary>
    public Dictionary<Value, Value> ReadAs { get; } = [];

    /// <summary>Values others read.</summary>
    public List<Value> Outputs { get; } = [];

    public override string ToString() => IsChain
        ? $"chain of {Nodes.Count} on {Head.Outputs[0].Spec.Shape}: {string.Join(' ', Nodes.Take(8).Select(node => node.Op.Name))}"
        : $"{string.Join('+', Nodes.Select(node => node.Op.Name))} {string.Join(' ', Head.Inputs.Select(input => input.Spec.Shape))}";
}
