namespace OnnxFunctional.Layers;

/// <summary>
/// A function over <see cref="Ops"/> as a layer: <c>new Lambda(x => Ops.Square(x))</c>. Gradient and ONNX form follow from it; a file cannot hold the function.
/// </summary>
/// <remarks>
/// <para>Input: any shape. Output: what the function returns. No weights; to have weights, derive from <see cref="Layer"/>.</para>
/// <para>Keras: https://keras.io/api/layers/core_layers/lambda/</para>
/// </remarks>
/// <param name="function">Computes the output from the input.</param>
/// <param name="mask">Computes the output's mask from the input; none by default.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <example><code>
/// var scaled = new Lambda(x => Ops.Square(x) / 2).Call(Model.Input([8]));
/// </code></example>
public sealed class Lambda(Func<SymbolicTensor, SymbolicTensor> function, Func<SymbolicTensor, SymbolicTensor?>? mask = null, string? name = null) : Layer(name)
{
    /// <summary>Computes the output from the input.</summary>
    public Func<SymbolicTensor, SymbolicTensor> Function { get; } = function ?? throw new ArgumentNullException(nameof(function));

    /// <summary>Computes the output's mask from the input; <see langword="null"/>: there is none.</summary>
    public Func<SymbolicTensor, SymbolicTensor?>? Mask { get; } = mask;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x) => Function(x) ?? throw new ModelException("its function returned null; expected a tensor.");

    private protected override SymbolicTensor? OutputMask(SymbolicTensors inputs, SymbolicTensors outputs) => Mask?.Invoke(inputs[0]);
}
