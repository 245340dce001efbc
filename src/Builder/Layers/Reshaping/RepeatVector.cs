namespace OnnxFunctional.Layers;

/// <summary>Each vector n times, as the steps of a sequence.</summary>
/// <remarks>
/// <para>Input: (batch, features). Output: (batch, n, features). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/repeat_vector/</para>
/// </remarks>
/// <param name="n">How many times.</param>
/// <param name="name">Its name; a model makes one if none is given.</param>
/// <exception cref="ModelException">The number is not positive.</exception>
public sealed class RepeatVector(int n, string? name = null) : Layer(name)
{
    /// <summary>How many times.</summary>
    public int N { get; } = Check.Positive(n, "RepeatVector", nameof(n));

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.Rank(x, 2, "(batch, features)", "A Flatten before it makes one vector of a sample.");
        return Ops.Tile(Ops.ExpandDims(x, 1), 1, N, 1);
    }
}
