namespace OnnxFunctional;

/// <summary>One call of a layer on tensors: what Keras calls a node of the layer. A shared layer has several.</summary>
internal sealed class LayerCall(LayerBase layer, LayerCall? parent)
{
    private readonly List<(Weight Weight, Value Value)> _updates = [];
    private readonly List<Value> _losses = [];

    public LayerBase Layer { get; } = layer;

    /// <summary>The call of the layer or model this one was made in.</summary>
    public LayerCall? Parent { get; } = parent;

    public int Depth { get; } = parent is null ? 1 : parent.Depth + 1;

    public SymbolicTensors Inputs { get; internal set; }

    public SymbolicTensors Outputs { get; internal set; }

    /// <summary>What the call carried beside its tensors; the tensors among it stand at the end of <see cref="Inputs"/> too.</summary>
    public CallOptions Options { get; internal set; } = CallOptions.None;

    /// <summary>Weights that a training step sets to a new value, such as moving statistics.</summary>
    public IReadOnlyList<(Weight Weight, Value Value)> Updates => NeverTrains ? [] : _updates;

    /// <summary>Scalars added to the loss, such as activity regularization.</summary>
    public IReadOnlyList<Value> Losses => _losses;

    /// <summary>Whether it, or a call it stands in, was asked to compute as outside of training always.</summary>
    private bool NeverTrains => (Options.Training ?? !(Parent?.NeverTrains ?? false)) is false;

    /// <summary>Whether training moves the layer: it and all it stands in are trainable.</summary>
    public bool Trainable => Layer.Trainable && (Parent?.Trainable ?? true);

    /// <summary>The layer's name with those of the layers around it: <c>encoder/dense</c>.</summary>
    public string Path => Parent is null ? Layer.Name : Parent.Path + "/" + Layer.Name;

    public LayerCall Outermost => Parent is null ? this : Parent.Outermost;

    public void AddUpdate(Weight weight, Value value) => _updates.Add((weight, value));

    public void AddLoss(Value value) => _losses.Add(value);
}
