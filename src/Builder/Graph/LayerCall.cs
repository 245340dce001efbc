namespace OnnxFunctional;

/// <summary>One call of a layer on tensors, which Keras calls a node of the layer. A shared layer has several calls.</summary>
internal sealed class LayerCall(LayerBase layer, LayerCall? parent)
{
    private readonly List<(Weight Weight, Value Value)> _updates = [];
    private readonly List<Value> _losses = [];

    public LayerBase Layer { get; } = layer;

    /// <summary>The call of the layer or model inside which this call was made.</summary>
    public LayerCall? Parent { get; } = parent;

    /// <summary>The number of calls of the layer before this one, in all models.</summary>
    public int Number { get; } = layer.CallsMade++;

    public int Depth { get; } = parent is null ? 1 : parent.Depth + 1;

    public SymbolicTensors Inputs { get; internal set; }

    public SymbolicTensors Outputs { get; internal set; }

    /// <summary>The options of the call; the tensors among them are also at the end of <see cref="Inputs"/>.</summary>
    public CallOptions Options { get; internal set; } = CallOptions.None;

    /// <summary>Weights that a training step sets to a new value, such as moving statistics; among them those of <see cref="StateUpdates"/>.</summary>
    public IReadOnlyList<(Weight Weight, Value Value)> Updates => NeverTrains ? StateUpdates : _updates;

    /// <summary>Weights that every run sets to a new value, in prediction and evaluation too: the states of stateful layers.</summary>
    public IReadOnlyList<(Weight Weight, Value Value)> StateUpdates => _updates.FindAll(update => update.Weight.IsState);

    /// <summary>Scalars added to the loss, such as activity regularization.</summary>
    public IReadOnlyList<Value> Losses => _losses;

    /// <summary>Whether this call, or one around it, always computes as in inference.</summary>
    private bool NeverTrains => (Options.Training ?? !(Parent?.NeverTrains ?? false)) is false;

    /// <summary>Whether training updates the layer: it and all layers around it are trainable.</summary>
    public bool Trainable => Layer.Trainable && (Parent?.Trainable ?? true);

    /// <summary>The layer's name after the names of the layers around it: <c>encoder/dense</c>.</summary>
    public string Path => Parent is null ? Layer.Name : Parent.Path + "/" + Layer.Name;

    public LayerCall Outermost => Parent is null ? this : Parent.Outermost;

    public void AddUpdate(Weight weight, Value value) => _updates.Add((weight, value));

    public void AddLoss(Value value) => _losses.Add(value);
}
