using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>The base of the croppings: positions are cut at the borders.</summary>
/// <remarks>No weights. Keras: https://keras.io/api/layers/reshaping_layers/</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class CroppingLayer : SpatialLayer
{
    private protected CroppingLayer(int rank, EdgeWidths cropping, DataFormat dataFormat, string? name)
        : base(rank, dataFormat, name) => Cropping = (cropping.Count == 0 ? 1 : cropping).For(rank, GetType().Name, nameof(cropping));

    /// <summary>Positions cut before and after each axis.</summary>
    public EdgeWidths Cropping { get; }

    private protected sealed override SymbolicTensor Compute(SymbolicTensor x)
    {
        var (axes, starts, ends) = (new int[SpatialRank], new int[SpatialRank], new int[SpatialRank]);
        for (var i = 0; i < SpatialRank; i++)
        {
            axes[i] = i + (DataFormat == DataFormat.ChannelsLast ? 1 : 2);
            var (before, after) = (Cropping[2 * i], Cropping[(2 * i) + 1]);
            if (x.Shape[axes[i]] is { } size && before + after >= size)
                throw new ModelException($"cutting {before} and {after} positions leaves nothing of the {size} along axis {axes[i]} of {x.Shape}; "
                    + $"expected less than {size} together.");
            (starts[i], ends[i]) = (before, after == 0 ? int.MaxValue : -after);
        }

        return Ops.Make(new Operators.Slice([.. axes], [.. starts], [.. ends], IntList.Repeat(1, SpatialRank)), x);
    }
}

/// <summary>Cuts positions before and after one axis, such as time.</summary>
/// <remarks>
/// <para>Input: (batch, steps, channels). Output: (batch, new steps, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/cropping1d/</para>
/// </remarks>
/// <param name="cropping">Positions cut: one number for all sides, one per axis, or two per axis (before and after); 1 by default, as in Keras.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A number is negative, or there are too few or too many numbers.</exception>
public sealed class Cropping1D(EdgeWidths cropping = default, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : CroppingLayer(1, cropping, dataFormat, name);

/// <summary>Cuts positions before and after the two axes of an image.</summary>
/// <remarks>
/// <para>Input: (batch, height, width, channels). Output: (batch, new height, new width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/cropping2d/</para>
/// </remarks>
/// <param name="cropping">Positions cut: one number for all sides, one per axis, or two per axis (before and after); 0 by default, as in Keras.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A number is negative, or there are too few or too many numbers.</exception>
public sealed class Cropping2D(EdgeWidths cropping = default, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : CroppingLayer(2, cropping.Count == 0 ? 0 : cropping, dataFormat, name);

/// <summary>Cuts positions before and after the three axes of a volume.</summary>
/// <remarks>
/// <para>Input: (batch, depth, height, width, channels). Output: (batch, new depth, new height, new width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/cropping3d/</para>
/// </remarks>
/// <param name="cropping">Positions cut: one number for all sides, one per axis, or two per axis (before and after); 1 by default, as in Keras.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A number is negative, or there are too few or too many numbers.</exception>
public sealed class Cropping3D(EdgeWidths cropping = default, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : CroppingLayer(3, cropping, dataFormat, name);
