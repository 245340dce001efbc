using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>The base of the spatial dropouts: whole channels are dropped, because neighboring positions are correlated (Tompson et al. 2014).</summary>
/// <remarks>While training <c>y = kept[c] ? x / (1 - rate) : 0</c>; otherwise the input itself. No weights.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class SpatialDropout : NoiseLayer
{
    private protected SpatialDropout(int rank, double rate, int? seed, DataFormat dataFormat, string? name)
        : base(seed, name)
    {
        SpatialRank = rank;
        DataFormat = dataFormat;
        Rate = Check.Rate(rate, GetType().Name, nameof(rate));
    }

    /// <summary>The fraction of channels dropped.</summary>
    public double Rate { get; }

    /// <summary>Where the channel axis is.</summary>
    public DataFormat DataFormat { get; }

    private protected int SpatialRank { get; }

    private protected sealed override SymbolicTensor? Noisy(SymbolicTensor x, Operators.RandomStream stream)
    {
        Check.Positions(x, SpatialRank, DataFormat);
        IntList positions = [.. Enumerable.Range(DataFormat == DataFormat.ChannelsLast ? 1 : 2, SpatialRank)];
        return Rate == 0 ? null : Ops.Make(new Operators.Dropout(stream, (float)Rate, positions), x);
    }
}

/// <summary>In training, drops whole channels of a sequence with probability <c>rate</c> and divides the others by <c>1 - rate</c>.</summary>
/// <remarks>
/// <para>Input and output: (batch, steps, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/regularization_layers/spatial_dropout1d/</para>
/// </remarks>
/// <param name="rate">The fraction of channels dropped, from 0 to 1.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The rate is not between 0 and 1.</exception>
public sealed class SpatialDropout1D(double rate, int? seed = null, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : SpatialDropout(1, rate, seed, dataFormat, name);

/// <summary>In training, drops whole channels of an image with probability <c>rate</c> and divides the others by <c>1 - rate</c>.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/regularization_layers/spatial_dropout2d/</para>
/// </remarks>
/// <param name="rate">The fraction of channels dropped, from 0 to 1.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The rate is not between 0 and 1.</exception>
public sealed class SpatialDropout2D(double rate, int? seed = null, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : SpatialDropout(2, rate, seed, dataFormat, name);

/// <summary>In training, drops whole channels of a volume with probability <c>rate</c> and divides the others by <c>1 - rate</c>.</summary>
/// <remarks>
/// <para>Input and output: (batch, depth, height, width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/regularization_layers/spatial_dropout3d/</para>
/// </remarks>
/// <param name="rate">The fraction of channels dropped, from 0 to 1.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The rate is not between 0 and 1.</exception>
public sealed class SpatialDropout3D(double rate, int? seed = null, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : SpatialDropout(3, rate, seed, dataFormat, name);
