using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>What the spatial dropouts share: whole channels are dropped, because neighbouring positions know each other's values (Tompson et al. 2014).</summary>
/// <remarks>While training <c>y = kept[c] ? x / (1 - rate) : 0</c>; otherwise the input itself. No weights.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class SpatialDropout : NoiseLayer
{
    private protected SpatialDropout(int rank, float rate, string? name)
        : base(name)
    {
        SpatialRank = rank;
        Rate = Check.Rate(rate, GetType().Name, nameof(rate));
    }

    /// <summary>The share of channels dropped.</summary>
    public float Rate { get; }

    /// <summary>Where the channels stand.</summary>
    public DataFormat DataFormat { get; init; }

    private protected int SpatialRank { get; }

    private protected sealed override SymbolicTensor? Noisy(SymbolicTensor x, Operators.RandomStream stream)
    {
        Check.Positions(x, SpatialRank, DataFormat);
        IntList positions = [.. Enumerable.Range(DataFormat == DataFormat.ChannelsLast ? 1 : 2, SpatialRank)];
        return Rate == 0 ? null : Ops.Make(new Operators.Dropout(stream, Rate, positions), x);
    }
}

/// <summary>While training, drops whole channels of one axis, such as time with probability <c>rate</c> and divides the others by <c>1 - rate</c>.</summary>
/// <remarks>
/// <para>Input and output: (batch, steps, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/regularization_layers/spatial_dropout1d/</para>
/// </remarks>
/// <param name="rate">The share of channels dropped, from 0 to 1.</param>
/// <param name="name">Its name; a model makes one if none is given.</param>
/// <exception cref="ModelException">The rate is not between 0 and 1.</exception>
public sealed class SpatialDropout1D(float rate, string? name = null) : SpatialDropout(1, rate, name);

/// <summary>While training, drops whole channels of an image with probability <c>rate</c> and divides the others by <c>1 - rate</c>.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/regularization_layers/spatial_dropout2d/</para>
/// </remarks>
/// <param name="rate">The share of channels dropped, from 0 to 1.</param>
/// <param name="name">Its name; a model makes one if none is given.</param>
/// <exception cref="ModelException">The rate is not between 0 and 1.</exception>
public sealed class SpatialDropout2D(float rate, string? name = null) : SpatialDropout(2, rate, name);

/// <summary>While training, drops whole channels of a volume with probability <c>rate</c> and divides the others by <c>1 - rate</c>.</summary>
/// <remarks>
/// <para>Input and output: (batch, depth, height, width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/regularization_layers/spatial_dropout3d/</para>
/// </remarks>
/// <param name="rate">The share of channels dropped, from 0 to 1.</param>
/// <param name="name">Its name; a model makes one if none is given.</param>
/// <exception cref="ModelException">The rate is not between 0 and 1.</exception>
public sealed class SpatialDropout3D(float rate, string? name = null) : SpatialDropout(3, rate, name);
