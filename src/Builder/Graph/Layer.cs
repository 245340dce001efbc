namespace OnnxFunctional;

/// <summary>A layer with one input and one output. Derive from it and implement <see cref="Forward"/> to write a custom layer.</summary>
/// <remarks>
/// Forward builds the computation from <see cref="Ops"/>, other layers and weights; gradient, fast kernels and ONNX export are derived from it.
/// </remarks>
/// <param name="name">The name; if omitted, a model derives one from the class.</param>
/// <example><code>
/// sealed class ScaledDense(int units) : Layer
/// {
///     public int Units => units;
///
///     protected override SymbolicTensor Forward(SymbolicTensor x) =>
///         Ops.MatMul(x, Weight("kernel", [x.Shape[^1], units])) * Weight("scale", [units], Initializer.Ones);
/// }
/// </code></example>
public abstract class Layer(string? name = null) : LayerBase(name)
{
    /// <summary>Calls the layer on a tensor and returns its output; further calls share its weights.</summary>
    /// <param name="x">The input, the batch first.</param>
    /// <exception cref="ModelException">The tensor does not fit; the message says what was expected.</exception>
    public SymbolicTensor Call(SymbolicTensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return CallOne(x);
    }

    /// <summary>
    /// Calls the layer so that it always computes as in training, or always as in inference: <c>pretrained.Call(x, training: false)</c> keeps the moving
    /// statistics of a pretrained model while the layers after it are trained.
    /// </summary>
    /// <param name="x">The tensor.</param>
    /// <param name="training">True to compute as in training, false to compute as in inference.</param>
    /// <exception cref="ModelException">The tensor does not fit; the message says what was expected.</exception>
    public SymbolicTensor Call(SymbolicTensor x, bool training)
    {
        ArgumentNullException.ThrowIfNull(x);
        return CallAll(x, new CallOptions { Training = training })[0];
    }

    internal virtual SymbolicTensor CallOne(SymbolicTensor x) => CallAll(x, CallOptions.None)[0];

    internal override SymbolicTensors CallAll(SymbolicTensors inputs, CallOptions options) =>
        Invoke(inputs, options, tensors => ForwardAll(tensors, options));

    /// <summary>Computes all outputs from all inputs; overridden by layers with several inputs or outputs.</summary>
    private protected virtual SymbolicTensors ForwardAll(SymbolicTensors inputs, CallOptions options) =>
        inputs.Count == 1
            ? Forward(inputs[0])
            : throw new ModelException($"the layer takes one tensor, but got {inputs.Count}. Combine them first, for example with Concatenate.");

    /// <summary>Builds the layer's computation for a tensor.</summary>
    /// <param name="x">The input, the batch first.</param>
    protected abstract SymbolicTensor Forward(SymbolicTensor x);
}

/// <summary>A layer that combines several tensors into one, such as Add or Concatenate.</summary>
/// <param name="name">The name; if omitted, a model derives one from the class.</param>
/// <example><code>
/// sealed class Blend : MergeLayer
/// {
///     protected override SymbolicTensor Forward(IReadOnlyList&lt;SymbolicTensor> tensors)
///     {
///         var gate = Ops.Sigmoid(Weight("gate", [1], Initializer.Zeros));
///         return (gate * tensors[0]) + ((1 - gate) * tensors[1]);
///     }
/// }
/// </code></example>
public abstract class MergeLayer(string? name = null) : LayerBase(name)
{
    /// <summary>Calls the layer on tensors and returns its output.</summary>
    /// <param name="tensors">The inputs, in order.</param>
    /// <exception cref="ModelException">The tensors do not fit together; the message says what was expected.</exception>
    public SymbolicTensor Call(params ReadOnlySpan<SymbolicTensor> tensors) => CallAll(SymbolicTensors.Create(tensors), CallOptions.None)[0];

    internal override SymbolicTensors CallAll(SymbolicTensors inputs, CallOptions options)
    {
        if (inputs.Count == 0)
            throw new ModelException($"{ClassName} '{Name}' was called without tensors; expected a list of tensors: Call(a, b).") { NamesLayer = true };
        return Invoke(inputs, options, tensors => Forward(tensors));
    }

    /// <summary>Builds the layer's computation for the tensors, in the order of the call.</summary>
    /// <param name="tensors">The inputs, in order.</param>
    protected abstract SymbolicTensor Forward(IReadOnlyList<SymbolicTensor> tensors);
}

/// <summary>A layer with several outputs, from one tensor or several: <c>var (mean, spread) = encoder.Call(x)</c>.</summary>
/// <param name="name">The name; if omitted, a model derives one from the class.</param>
/// <example><code>
/// sealed class Halves : MultiOutputLayer
/// {
///     protected override SymbolicTensors Forward(SymbolicTensors tensors) => [tensors[0][.., ..4], tensors[0][.., 4..]];
/// }
/// </code></example>
public abstract class MultiOutputLayer(string? name = null) : LayerBase(name)
{
    internal override SymbolicTensors CallAll(SymbolicTensors inputs, CallOptions options) => Invoke(inputs, options, Forward);

    /// <summary>Builds the layer's computation for the tensors, in the order of the call, and returns its outputs.</summary>
    /// <param name="tensors">The inputs, in order.</param>
    protected abstract SymbolicTensors Forward(SymbolicTensors tensors);
}

/// <summary>The entry point for a model's data; created by <c>Model.Input</c>.</summary>
public sealed class InputLayer : LayerBase
{
    internal InputLayer(Shape shape, DType dtype, string? name, bool isFromFile = false)
        : base(isFromFile ? null : name)
    {
        IsFromFile = isFromFile;
        if (isFromFile) NameAsInFile(name!);

        // All inputs of a model have the same number of samples, unless the caller says otherwise by a symbol.
        if (shape.Rank > 0 && shape.Symbols[0] == Shape.Unknown) shape = shape.With(0, Shape.Batch);
        var value = Node.Create(new Operators.Placeholder(this, new TensorSpec(shape, dtype)), [], null).Outputs[0];
        Tensor = new SymbolicTensor(value);
        Output = Tensor;
    }

    /// <summary>The tensor that stands for the data.</summary>
    public override SymbolicTensor Output { get; }

    internal SymbolicTensor Tensor { get; }

    /// <summary>Whether a file gave it its name, which may hold any characters.</summary>
    internal bool IsFromFile { get; }

    internal override SymbolicTensors CallAll(SymbolicTensors inputs, CallOptions options) =>
        throw new ModelException($"Input '{Name}' cannot be called; call other layers on its {nameof(Output)}.") { NamesLayer = true };
}
