namespace OnnxFunctional.Layers;

/// <summary>One step of a recurrent network, which <see cref="Rnn"/> repeats over time: derive from it and write <see cref="Forward"/>.</summary>
/// <remarks>Keras: https://keras.io/api/layers/recurrent_layers/rnn/</remarks>
/// <example><code>
/// sealed class MinimalCell(int units) : RecurrentCell
/// {
///     public override IntValues StateSize => units;
///
///     protected override (SymbolicTensor Output, SymbolicTensors States) Forward(SymbolicTensor x, SymbolicTensors states)
///     {
///         var y = Ops.MatMul(x, Weight("kernel", [x.Shape[^1], units])) + Ops.MatMul(states[0], Weight("recurrent_kernel", [units, units]));
///         return (y, y);
///     }
/// }
/// </code></example>
/// <param name="name">The cell's name; by default the layer around it chooses one.</param>
public abstract class RecurrentCell(string? name = null) : LayerBase(name)
{
    /// <summary>The size of each state: (batch, size).</summary>
    public abstract IntValues StateSize { get; }

    /// <summary>Makes one step.</summary>
    /// <param name="x">The input of one time step: (batch, ...).</param>
    /// <param name="states">The previous states, one per entry of <see cref="StateSize"/>.</param>
    /// <returns>The output and the new states.</returns>
    /// <exception cref="ModelException">The tensors do not fit.</exception>
    public (SymbolicTensor Output, SymbolicTensors States) Call(SymbolicTensor x, SymbolicTensors states)
    {
        ArgumentNullException.ThrowIfNull(x);
        var results = CallAll([x, .. states], CallOptions.None);
        return (results[0], [.. results.Skip(1)]);
    }

    internal override SymbolicTensors CallAll(SymbolicTensors inputs, CallOptions options) => Invoke(inputs, options, tensors =>
    {
        if (tensors.Count != 1 + StateSize.Count) throw new ModelException($"takes an input and {StateSize.Count} states, but got {tensors.Count} tensors.");
        for (var i = 0; i < StateSize.Count; i++)
        {
            if (tensors[i + 1].Shape[^1] is { } size && size != StateSize[i])
                throw new ModelException($"takes a state {i} of {StateSize[i]} elements, but got {tensors[i + 1].Shape}.");
        }

        var (output, states) = Forward(tensors[0], [.. tensors.Skip(1)]);
        return states.Count == StateSize.Count
            ? [output, .. states]
            : throw new ModelException($"its Forward returned {states.Count} states; StateSize {StateSize} names {StateSize.Count}.");
    });

    /// <summary>Builds one step's computation.</summary>
    /// <param name="x">The input of one time step.</param>
    /// <param name="states">The previous states.</param>
    /// <returns>The output and the new states, in the same order.</returns>
    protected abstract (SymbolicTensor Output, SymbolicTensors States) Forward(SymbolicTensor x, SymbolicTensors states);
}
