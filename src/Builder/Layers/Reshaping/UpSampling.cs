using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>How positions between known ones are filled.</summary>
public enum Interpolation
{
    /// <summary>The nearest known position.</summary>
    Nearest,

    /// <summary>A weighted mean of the two nearest along each axis.</summary>
    Bilinear,

    /// <summary>A cubic through the four nearest along each axis.</summary>
    Bicubic,
}

/// <summary>What all upsamplings share: positions multiplied by whole factors.</summary>
/// <remarks>No weights. Keras: https://keras.io/api/layers/reshaping_layers/</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class UpSampling : SpatialLayer
{
    private protected UpSampling(int rank, IntValues size, string? name)
        : base(rank, name) => Size = size.Count == 0 ? IntValues.Repeat(2, rank) : size.For(rank, GetType().Name, nameof(size));

    /// <summary>The factor along each axis.</summary>
    public IntValues Size { get; }

    private protected virtual Operators.ResizeMode Mode => Operators.ResizeMode.Nearest;

    private protected sealed override SymbolicTensor Compute(SymbolicTensor x)
    {
        var resize = new Operators.Resize(IntList.Repeat(0, SpatialRank), Size.List, Mode);
        return ChannelOrder.FromLast(Ops.Make(resize, ChannelOrder.ToLast(x, DataFormat)), DataFormat);
    }
}

/// <summary>Every position repeated <c>size</c> times along one axis, such as time.</summary>
/// <remarks>
/// <para>Input: (batch, steps, channels). Output: (batch, steps size, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/up_sampling1d/</para>
/// </remarks>
/// <param name="size">The factor, or one for each axis; 2 if none is given.</param>
/// <param name="name">Its name; a model makes one if none is given.</param>
/// <exception cref="ModelException">A factor is not positive.</exception>
public sealed class UpSampling1D(IntValues size = default, string? name = null) : UpSampling(1, size, name);

/// <summary>Every position repeated <c>size</c> times along the two axes of an image, or filled by interpolation.</summary>
/// <remarks>
/// <para>Input: (batch, height, width, channels). Output: (batch, height size, width size, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/up_sampling2d/</para>
/// </remarks>
/// <param name="size">The factor, or one for each axis; 2 if none is given.</param>
/// <param name="name">Its name; a model makes one if none is given.</param>
/// <exception cref="ModelException">A factor is not positive.</exception>
public sealed class UpSampling2D(IntValues size = default, string? name = null) : UpSampling(2, size, name)
{
    /// <summary>How positions between known ones are filled, with half-pixel centres.</summary>
    public Interpolation Interpolation { get; init; }

    private protected override Operators.ResizeMode Mode => Interpolation switch
    {
        Interpolation.Bilinear => Operators.ResizeMode.Linear,
        Interpolation.Bicubic => Operators.ResizeMode.Cubic,
        _ => Operators.ResizeMode.Nearest,
    };
}

/// <summary>Every position repeated <c>size</c> times along the three axes of a volume.</summary>
/// <remarks>
/// <para>Input: (batch, depth, height, width, channels). Output: (batch, depth size, height size, width size, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/reshaping_layers/up_sampling3d/</para>
/// </remarks>
/// <param name="size">The factor, or one for each axis; 2 if none is given.</param>
/// <param name="name">Its name; a model makes one if none is given.</param>
/// <exception cref="ModelException">A factor is not positive.</exception>
public sealed class UpSampling3D(IntValues size = default, string? name = null) : UpSampling(3, size, name);
