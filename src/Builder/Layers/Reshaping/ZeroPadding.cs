using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>The base of the zero paddings: zeros before and after the positions.</summary>
/// <remarks>No weights. Keras: https://keras.io/api/layers/reshaping_layers/</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class ZeroPadding : SpatialLayer
{
    private protected ZeroPadding(int rank, EdgeWidths padding, DataFormat dataFormat, string? name)
        : base(rank, dataFormat, name) => Padding = (padding.Count == 0 ? 1 : padding).For(rank, GetType().Name, nameof(padding));

    /// <summary>Positions added before and after each axis.</summary>
    public EdgeWidths Padding { get; }

    private protected sealed override SymbolicTensor Compute(SymbolicTensor x)
    {
        var (before, after) = (new int[x.Rank], new int[x.Rank]);
        var first = DataFormat == DataFormat.ChannelsLast ? 1 : 2;
        for (var i = 0; i < SpatialRank; i++) (before[first + i], after[first + i]) = (Padding[2 * i], Padding[(2 * i) + 1]);
        return Ops.Pad(x, before, after);
    }
}

/// <summary>Zeros before and after one axis, such as time.</summary>
/// <remarks>
/// <para>Input: (batch, steps, channels). Output: (batch, new steps, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/zero_padding1d/</para>
/// </remarks>
/// <param name="padding">Positions added: one number for all sides, one per axis, or two per axis (before and after); 1 by default.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A number is negative, or there are too few or too many numbers.</exception>
public sealed class ZeroPadding1D(EdgeWidths padding = default, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : ZeroPadding(1, padding, dataFormat, name);

/// <summary>Zeros before and after the two axes of an image.</summary>
/// <remarks>
/// <para>Input: (batch, height, width, channels). Output: (batch, new height, new width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/zero_padding2d/</para>
/// </remarks>
/// <param name="padding">Positions added: one number for all sides, one per axis, or two per axis (before and after); 1 by default.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A number is negative, or there are too few or too many numbers.</exception>
public sealed class ZeroPadding2D(EdgeWidths padding = default, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : ZeroPadding(2, padding, dataFormat, name);

/// <summary>Zeros before and after the three axes of a volume.</summary>
/// <remarks>
/// <para>Input: (batch, depth, height, width, channels). Output: (batch, new depth, new height, new width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/zero_padding3d/</para>
/// </remarks>
/// <param name="padding">Positions added: one number for all sides, one per axis, or two per axis (before and after); 1 by default.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A number is negative, or there are too few or too many numbers.</exception>
public sealed class ZeroPadding3D(EdgeWidths padding = default, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : ZeroPadding(3, padding, dataFormat, name);
