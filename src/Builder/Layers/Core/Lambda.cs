namespace OnnxFunctional.Layers;

/// <summary>A function over <see cref="Ops"/> as a layer: <c>new Lambda(x => Ops.Square(x))</c>. Its gradient and its ONNX form follow from it; a file cannot hold the function itself.</summary>
/// <remarks>
/// <para>Input: any shape. Output: what the function gives. No weights; derive from <see cref="Layer"/> for those.</para>
/// <para>Keras: https://keras.io/api/layers/core_layers/lambda/</para>
/// </remarks>
/// <param name="function">From the input to the output.</param>
/// <param name="mask">From the input to the output's mask; none if not given.</param>
/// <param name="name">Its name; a model makes one if none is given.</param>
public sealed class Lambda(Func<SymbolicTensor, SymbolicTensor> function, Func<SymbolicTensor, SymbolicTensor?>? mask = null, string? name = null) : Layer(name)
{
    /// <summary>From the input to the output.</summary>
    public Func<SymbolicTensor, SymbolicTensor> Function { get; } = function ?? throw new ArgumentNullException(nameof(function));

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x) => Function(x) ?? throw new ModelException("its function returned nothing; expected a tensor.");

    private protected override SymbolicTensor? OutputMask(SymbolicTensors inputs, SymbolicTensors outputs) => mask?.Invoke(inputs[0]);
}
