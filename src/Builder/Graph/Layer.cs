namespace OnnxFunctional;

/// <summary>A layer with one input and one output: derive from it and write <see cref="Forward"/>.</summary>
/// <remarks>Forward builds the computation from <see cref="Ops"/>, other layers and weights; gradient, speed and ONNX form follow from it.</remarks>
/// <param name="name">Its name; a model makes one from the class if none is given.</param>
public abstract class Layer(string? name = null) : LayerBase(name)
{
    /// <summary>Calls the layer on a tensor and returns its output; calling it again shares its weights.</summary>
    /// <exception cref="ModelException">The tensor does not fit; the message says what was expected.</exception>
    public SymbolicTensor Call(SymbolicTensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return CallOne(x);
    }

    /// <summary>Calls the layer so that it always computes as in training, or always as otherwise: <c>base.Call(x, training: false)</c> keeps the moving statistics of a pretrained model while the layers behind it are trained.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="training">True for what the layer does in training, false for what it does otherwise.</param>
    /// <exception cref="ModelException">The tensor does not fit; the message says what was expected.</exception>
    public SymbolicTensor Call(SymbolicTensor x, bool training)
    {
        ArgumentNullException.ThrowIfNull(x);
        return CallAll(x, new CallOptions { Training = training })[0];
    }

    internal virtual SymbolicTensor CallOne(SymbolicTensor x) => CallAll(x, CallOptions.None)[0];

    internal override SymbolicTensors CallAll(SymbolicTensors inputs, CallOptions options) => Invoke(inputs, options, tensors => ForwardAll(tensors, options));

    /// <summary>All outputs on all inputs; what layers override that take or give more than one tensor.</summary>
    private protected virtual SymbolicTensors ForwardAll(SymbolicTensors inputs, CallOptions options) =>
        inputs.Count == 1 ? Forward(inputs[0]) : throw new ModelException($"the layer takes one tensor, but came {inputs.Count}. Join them first, for example with Concatenate.");

    /// <summary>Builds the layer's computation on a tensor.</summary>
    protected abstract SymbolicTensor Forward(SymbolicTensor x);
}

/// <summary>A layer that makes one tensor of several, such as Add or Concatenate.</summary>
/// <param name="name">Its name; a model makes one from the class if none is given.</param>
public abstract class MergeLayer(string? name = null) : LayerBase(name)
{
    /// <summary>Calls the layer on tensors and returns its output.</summary>
    /// <exception cref="ModelException">The tensors do not fit together; the message says what was expected.</exception>
    public SymbolicTensor Call(params ReadOnlySpan<SymbolicTensor> tensors) => CallAll(SymbolicTensors.Create(tensors), CallOptions.None)[0];

    internal override SymbolicTensors CallAll(SymbolicTensors inputs, CallOptions options)
    {
        if (inputs.Count == 0) throw new ModelException($"{ClassName} '{Name}' was called on no tensor; it takes a list of tensors: Call(a, b).") { NamesLayer = true };
        return Invoke(inputs, options, tensors => Forward(tensors));
    }

    /// <summary>Builds the layer's computation on the tensors, in the order they were given.</summary>
    protected abstract SymbolicTensor Forward(IReadOnlyList<SymbolicTensor> tensors);
}

/// <summary>Where data enters a model; <see cref="ModelInput.Input"/> makes it.</summary>
public sealed class InputLayer : LayerBase
{
    internal InputLayer(Shape shape, DType dtype, string? name)
        : base(name)
    {
        var value = Node.Create(new Operators.Placeholder(this, new TensorSpec(shape, dtype)), [], null).Outputs[0];
        Tensor = new SymbolicTensor(value);
        Output = Tensor;
    }

    /// <summary>The tensor that stands for the data.</summary>
    public override SymbolicTensor Output { get; }

    internal SymbolicTensor Tensor { get; }

    internal override SymbolicTensors CallAll(SymbolicTensors inputs, CallOptions options) => throw new ModelException($"Input '{Name}' is where data enters; it is not called.") { NamesLayer = true };
}
