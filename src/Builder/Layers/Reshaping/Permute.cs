namespace OnnxFunctional.Layers;

/// <summary>Permutes the axes of each sample: axis i of the result is axis <c>dims[i - 1]</c> of the input, the batch being axis 0.</summary>
/// <remarks>
/// <para>Input: (batch, ...). Output: the same dimensions in the new order. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/permute/</para>
/// </remarks>
/// <param name="dims">The axes from 1 on, each once.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The axes are not 1, 2, 3 ... in some order.</exception>
public sealed class Permute(IntValues dims, string? name = null) : Layer(name)
{
    /// <summary>The axes from 1 on.</summary>
    public IntValues Dims { get; } = dims.Order().SequenceEqual(Enumerable.Range(1, dims.Count))
        ? dims
        : throw Check.Option("Permute", nameof(dims), dims.ToString(), $"each of the axes 1 to {dims.Count} once; the batch is axis 0 and stays");

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.Rank(x, Dims.Count + 1, $"the batch and the {Dims.Count} axes that dims {Dims} names", "Name every axis of the input but the batch.");
        return Ops.Transpose(x, [0, .. Dims]);
    }
}
