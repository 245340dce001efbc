using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>The base of the upsamplings: the number of positions is multiplied by an integer factor.</summary>
/// <remarks>No weights. Keras: https://keras.io/api/layers/reshaping_layers/</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class UpSampling : SpatialLayer
{
    private protected UpSampling(int rank, IntValues size, DataFormat dataFormat, string? name)
        : base(rank, dataFormat, name) => Size = size.Count == 0 ? IntValues.Repeat(2, rank) : size.For(rank, GetType().Name, nameof(size));

    /// <summary>The factor along each axis.</summary>
    public IntValues Size { get; }

    private protected sealed override SymbolicTensor Compute(SymbolicTensor x) =>
        ChannelOrder.FromLast(Enlarged(ChannelOrder.ToLast(x, DataFormat)), DataFormat);

    /// <summary>The positions of a channels-last tensor, multiplied.</summary>
    private protected virtual SymbolicTensor Enlarged(SymbolicTensor x) => Enlarged(x, Operators.ResizeMode.Nearest);

    private protected SymbolicTensor Enlarged(SymbolicTensor x, Operators.ResizeMode mode) =>
        Ops.Make(new Operators.Resize(IntList.Repeat(0, SpatialRank), Size.List, mode), x);
}

/// <summary>Repeats every position <c>size</c> times along one axis, such as time.</summary>
/// <remarks>
/// <para>Input: (batch, steps, channels). Output: (batch, steps size, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/up_sampling1d/</para>
/// </remarks>
/// <param name="size">The factor along each axis; 2 by default.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A factor is not positive.</exception>
public sealed class UpSampling1D(IntValues size = default, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : UpSampling(1, size, dataFormat, name);

/// <summary>Repeats every position <c>size</c> times along the two axes of an image, or interpolates between them.</summary>
/// <remarks>
/// <para>Input: (batch, height, width, channels). Output: (batch, height size, width size, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/up_sampling2d/</para>
/// </remarks>
/// <param name="size">The factor along each axis; 2 by default.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="interpolation">How values between known positions are computed, with half-pixel centers.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A factor is not positive.</exception>
public sealed class UpSampling2D(
    IntValues size = default,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    Interpolation interpolation = Interpolation.Nearest,
    string? name = null)
    : UpSampling(2, size, dataFormat, name)
{
    /// <summary>How values between known positions are computed, with half-pixel centers.</summary>
    public Interpolation Interpolation { get; } = interpolation != Interpolation.Area
        ? interpolation
        : throw Check.Option("UpSampling2D", nameof(interpolation), nameof(Interpolation.Area), "Nearest, Bilinear, Bicubic, Lanczos3 or Lanczos5");

    private protected override SymbolicTensor Enlarged(SymbolicTensor x) => Operators.ImageSizes.ModeOf(Interpolation) is { } mode
        ? Enlarged(x, mode)
        : Operators.ImageSizes.Resized(x, Size[0] * Check.Known(x, 1, "the height"), Size[1] * Check.Known(x, 2, "the width"), Interpolation);
}

/// <summary>Repeats every position <c>size</c> times along the three axes of a volume.</summary>
/// <remarks>
/// <para>Input: (batch, depth, height, width, channels). Output: (batch, depth size, height size, width size, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/up_sampling3d/</para>
/// </remarks>
/// <param name="size">The factor along each axis; 2 by default.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A factor is not positive.</exception>
public sealed class UpSampling3D(IntValues size = default, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : UpSampling(3, size, dataFormat, name);
