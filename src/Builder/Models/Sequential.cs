namespace OnnxFunctional;

/// <summary>A model that is a plain stack of layers.</summary>
/// <remarks>
/// It is built when it knows the shape of its input: from an input or a shape that it is given, or from the tensor or the data it is first called on.
/// </remarks>
/// <example><code>var model = new Sequential([10], new Dense(32, Activation.Relu), new Dense(64));</code></example>
/// <example><code>
/// var model = new Sequential();
/// model.Add(Model.Input([10]));
/// model.Add(new Dense(32, Activation.Relu));
/// model.Add(new Dense(64));
/// </code></example>
public sealed class Sequential : Model
{
    private readonly List<Layer> _layers = [];
    private InputLayer? _input;

    /// <summary>Creates a model that applies the layers one after the other.</summary>
    /// <param name="inputShape">The input's dimensions without the batch.</param>
    /// <param name="layers">Layers with one input and one output.</param>
    /// <exception cref="ModelException">A layer does not accept the shape it receives.</exception>
    public Sequential(Shape inputShape, params ReadOnlySpan<Layer> layers)
        : this(ModelInput.Input(inputShape), layers)
    {
    }

    /// <summary>Creates a model that applies the layers one after the other; <see cref="Add"/> adds more.</summary>
    /// <param name="layers">Layers with one input and one output; the first may be an input: <c>new Sequential([Model.Input([10]), new Dense(3)])</c>.</param>
    /// <param name="name">The model's name.</param>
    /// <param name="seed">The seed that, with each weight's name, determines its initial values: the same seed gives the same model.</param>
    /// <exception cref="ModelException">A layer takes several tensors, or does not accept the shape it receives.</exception>
    public Sequential(IEnumerable<LayerBase>? layers = null, string? name = null, ulong seed = 0)
        : base(name, seed)
    {
        foreach (var layer in layers ?? []) Append(layer);
        if (_input is not null && _layers.Count > 0) BuildOn(_input, initialize: true);
    }

    internal Sequential(SymbolicTensor input, ReadOnlySpan<Layer> layers, string? name = null, ulong seed = 0)
        : base(name, seed)
    {
        _layers.AddRange(layers);
        _input = input;
        Connect(input, input.Apply(layers), initialize: true);
    }

    internal override string ClassName => "Sequential";

    internal override IReadOnlyList<LayerBase> LayersToCome => _input is null ? _layers : [_input, .. _layers];

    /// <summary>Adds a layer behind the others, or the input before them. A trainer that was compiled before does not know it: compile again.</summary>
    /// <param name="layer">A layer with one input and one output, or the input: <c>model.Add(Model.Input([10]))</c>.</param>
    /// <exception cref="ModelException">
    /// The layer takes several tensors, or does not accept the shape it receives; an input follows layers; or the model was called as a layer.
    /// </exception>
    public void Add(LayerBase layer)
    {
        if (CallsMade > 0)
            throw new ModelException($"Sequential '{Name}' was called as a layer of another model, which has its layers as they were. Add layers before that.");
        Append(layer);
        if (_input is null || layer is not Layer added) return;
        try
        {
            if (IsBuilt) Connect(Inputs, added.Call(Output), initialize: true);
            else BuildOn(_input, initialize: true);
        }
        catch (ModelException)
        {
            _layers.RemoveAt(_layers.Count - 1);
            throw;
        }
    }

    /// <summary>Removes the last layer. A trainer that was compiled before does not know it: compile again.</summary>
    /// <returns>The layer.</returns>
    /// <exception cref="ModelException">There is no layer, or the model was called as a layer.</exception>
    public Layer Pop()
    {
        if (CallsMade > 0) throw new ModelException($"Sequential '{Name}' was called as a layer of another model, which has its layers as they were.");
        if (_layers.Count == 0) throw new ModelException($"Sequential '{Name}' has no layer to remove.");
        var last = _layers[^1];
        _layers.RemoveAt(_layers.Count - 1);
        if (!IsBuilt) return last;
        if (_layers.Count == 0) Disconnect();
        else Connect(Inputs, last.Calls[^1].Inputs[0], initialize: false);
        return last;
    }

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x) => _layers.Count > 0
        ? x.Apply([.. _layers])
        : throw new ModelException($"Sequential '{Name}' has no layers. Add some.");

    private void Append(LayerBase layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        switch (layer)
        {
            case InputLayer input when _input is null && _layers.Count == 0:
                _input = input;
                break;
            case Layer one:
                _layers.Add(one);
                break;
            case InputLayer:
                throw new ModelException($"Sequential '{Name}' has layers or an input already; its input comes first, and once.");
            default:
                throw new ModelException(
                    $"Sequential '{Name}' passes one tensor from layer to layer, but '{layer.Name}' ({layer.ClassName}) takes several. "
                    + "Write new Model(inputs, outputs) for networks that branch.");
        }
    }
}
