namespace OnnxFunctional.Layers;

/// <summary>Repeats each vector n times, as the steps of a sequence.</summary>
/// <remarks>
/// <para>Input: (batch, features). Output: (batch, n, features). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/repeat_vector/</para>
/// </remarks>
/// <param name="n">The number of repetitions.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The number is not positive.</exception>
public sealed class RepeatVector(int n, string? name = null) : Layer(name)
{
    /// <summary>The number of repetitions.</summary>
    public int N { get; } = Check.Positive(n, "RepeatVector", nameof(n));

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.Rank(x, 2, "(batch, features)", "A Flatten before it makes each sample a vector.");
        return Ops.Tile(Ops.ExpandDims(x, 1), 1, N, 1);
    }
}
