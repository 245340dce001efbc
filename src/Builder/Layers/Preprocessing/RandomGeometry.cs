using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>What fills positions beyond the border of an image.</summary>
public enum FillMode
{
    /// <summary>The image mirrored at its border: <c>d c b a | a b c d | d c b a</c>.</summary>
    Reflect,

    /// <summary>The image, repeated: <c>a b c d | a b c d | a b c d</c>.</summary>
    Wrap,

    /// <summary>A constant.</summary>
    Constant,

    /// <summary>The nearest border position: <c>a a a a | a b c d | d d d d</c>.</summary>
    Nearest,
}

/// <summary>The base of rotation, translation and zoom: every output position is read from some place of the image.</summary>
/// <remarks>Positions must be known. No weights.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class RandomGeometry : RandomImageLayer
{
    private protected RandomGeometry(FillMode fillMode, Interpolation interpolation, int? seed, double fillValue, DataFormat dataFormat, string? name)
        : base(seed, dataFormat, name)
    {
        FillMode = fillMode;
        Interpolation = interpolation is Interpolation.Nearest or Interpolation.Bilinear
            ? interpolation
            : throw Check.Option(GetType().Name, nameof(interpolation), interpolation.ToString(), "Nearest or Bilinear");
        FillValue = Check.Finite(fillValue, GetType().Name, nameof(fillValue));
    }

    /// <summary>What fills positions beyond the border.</summary>
    public FillMode FillMode { get; }

    /// <summary>How values between positions are computed: Nearest or Bilinear.</summary>
    public Interpolation Interpolation { get; }

    /// <summary>The constant of FillMode.Constant.</summary>
    public double FillValue { get; }

    internal override SymbolicTensor Changed(SymbolicTensor x)
    {
        var (height, width) = (Check.Known(x, 1, "the height"), Check.Known(x, 2, "the width"));
        var channels = Check.Known(x, 3, "the number of channels");
        var (rows, columns) = (new float[height * width], new float[height * width]);
        for (var i = 0; i < rows.Length; i++) (rows[i], columns[i]) = (i / width, i % width);
        var grid = Shape.Of(1, height * width, 1);
        var (readX, readY) = Places(x, Ops.Constant(grid, columns), Ops.Constant(grid, rows), width, height);
        var pixels = Ops.Reshape(x, 0, height * width, channels);
        if (Interpolation == Interpolation.Nearest)
            return Ops.Reshape(Read(pixels, Ops.Floor(readX + 0.5f), Ops.Floor(readY + 0.5f), width, height, channels), 0, height, width, channels);

        var (left, top) = (Ops.Floor(readX), Ops.Floor(readY));
        var (right, bottom) = (readX - left, readY - top);
        var upper = (Read(pixels, left, top, width, height, channels) * (1 - right)) + (Read(pixels, left + 1, top, width, height, channels) * right);
        var lower = (Read(pixels, left, top + 1, width, height, channels) * (1 - right)) + (Read(pixels, left + 1, top + 1, width, height, channels) * right);
        return Ops.Reshape((upper * (1 - bottom)) + (lower * bottom), 0, height, width, channels);
    }

    /// <summary>Where each output position is read from, as column and row, for each image: two tensors (batch, positions, 1).</summary>
    private protected abstract (SymbolicTensor X, SymbolicTensor Y) Places(SymbolicTensor x, SymbolicTensor column, SymbolicTensor row, int width, int height);

    /// <summary>A random number per image: (batch, 1, 1).</summary>
    private protected SymbolicTensor DrawRow(SymbolicTensor x, float low, float high) => Ops.Squeeze(Draw(x, low, high), 3);

    /// <summary>The pixels at integer positions, including those beyond the border.</summary>
    private SymbolicTensor Read(SymbolicTensor pixels, SymbolicTensor column, SymbolicTensor row, int width, int height, int channels)
    {
        var index = (Inside(row, height) * width) + Inside(column, width);
        var all = Ops.Cast(index + Ops.Constant(Shape.Of(1, 1, channels), new float[channels]), DType.Int64);
        var values = Ops.Make(new Operators.GatherElements(1), pixels, all);
        if (FillMode != FillMode.Constant) return values;
        var within = Ops.LogicalAnd(
            Ops.LogicalAnd(Ops.GreaterEqual(column, 0), Ops.Less(column, width)),
            Ops.LogicalAnd(Ops.GreaterEqual(row, 0), Ops.Less(row, height)));
        return Ops.Where(within, values, FillValue);
    }

    private SymbolicTensor Inside(SymbolicTensor position, int size)
    {
        switch (FillMode)
        {
            case FillMode.Reflect:
                var period = Ops.Mod(position, 2 * size);
                return Ops.Where(Ops.Less(period, size), period, (2 * size) - 1 - period);
            case FillMode.Wrap:
                return Ops.Mod(position, size);
            default:
                return Ops.Clip(position, 0, size - 1);
        }
    }
}

/// <summary>In training, rotates each image around its center by a random angle.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels), positions known. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_rotation/</para>
/// </remarks>
/// <param name="factor">Lower and upper bound in turns of 360 degrees, from -1 to 1; one number f stands for -f to f.</param>
/// <param name="fillMode">What fills positions beyond the border.</param>
/// <param name="interpolation">How values between known positions are computed.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="fillValue">The constant of FillMode.Constant.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The factor is outside its range.</exception>
public sealed class RandomRotation(
    DoubleValues factor,
    FillMode fillMode = FillMode.Reflect,
    Interpolation interpolation = Interpolation.Bilinear,
    int? seed = null,
    double fillValue = 0,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomGeometry(fillMode, interpolation, seed, fillValue, dataFormat, name)
{
    private readonly (float Low, float High) _bounds = Bounds(factor, -1, 1, "RandomRotation", nameof(factor));

    /// <summary>The lower and the upper bound, in turns of 360 degrees.</summary>
    public DoubleValues Factor { get; } = factor;

    private protected override (SymbolicTensor X, SymbolicTensor Y) Places(SymbolicTensor x, SymbolicTensor column, SymbolicTensor row, int width, int height)
    {
        var angle = DrawRow(x, _bounds.Low * 2 * MathF.PI, _bounds.High * 2 * MathF.PI);
        var (cosine, sine) = (Ops.Cos(angle), Ops.Sin(angle));
        var (middleX, middleY) = ((width - 1) / 2f, (height - 1) / 2f);
        var (fromX, fromY) = (column - middleX, row - middleY);
        return ((cosine * fromX) - (sine * fromY) + middleX, (sine * fromX) + (cosine * fromY) + middleY);
    }
}

/// <summary>In training, shifts each image by a random fraction of its size.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels), positions known. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_translation/</para>
/// </remarks>
/// <param name="heightFactor">Lower and upper bound of the shift downwards, as a fraction of the height from -1 to 1; one number f stands for -f to f.</param>
/// <param name="widthFactor">Lower and upper bound of the shift to the right, as a fraction of the width.</param>
/// <param name="fillMode">What fills positions beyond the border.</param>
/// <param name="interpolation">How values between known positions are computed.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="fillValue">The constant of FillMode.Constant.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A factor is outside its range.</exception>
public sealed class RandomTranslation(
    DoubleValues heightFactor,
    DoubleValues widthFactor,
    FillMode fillMode = FillMode.Reflect,
    Interpolation interpolation = Interpolation.Bilinear,
    int? seed = null,
    double fillValue = 0,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomGeometry(fillMode, interpolation, seed, fillValue, dataFormat, name)
{
    private readonly (float Low, float High) _vertical = Bounds(heightFactor, -1, 1, "RandomTranslation", nameof(heightFactor));
    private readonly (float Low, float High) _horizontal = Bounds(widthFactor, -1, 1, "RandomTranslation", nameof(widthFactor));

    /// <summary>Lower and upper bound of the shift downwards, as a fraction of the height.</summary>
    public DoubleValues HeightFactor { get; } = heightFactor;

    /// <summary>Lower and upper bound of the shift to the right, as a fraction of the width.</summary>
    public DoubleValues WidthFactor { get; } = widthFactor;

    private protected override (SymbolicTensor X, SymbolicTensor Y) Places(
        SymbolicTensor x,
        SymbolicTensor column,
        SymbolicTensor row,
        int width,
        int height) =>
        (column - DrawRow(x, _horizontal.Low * width, _horizontal.High * width), row - DrawRow(x, _vertical.Low * height, _vertical.High * height));
}

/// <summary>In training, zooms each image around its center: a negative factor zooms in, a positive one zooms out.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels), positions known. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_zoom/</para>
/// </remarks>
/// <param name="heightFactor">Lower and upper bound, above -1 and up to 1; one number f stands for -f to f.</param>
/// <param name="widthFactor">The same for the width; the height's by default, which keeps the proportions.</param>
/// <param name="fillMode">What fills positions beyond the border.</param>
/// <param name="interpolation">How values between known positions are computed.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="fillValue">The constant of FillMode.Constant.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A factor is outside its range.</exception>
public sealed class RandomZoom(
    DoubleValues heightFactor,
    DoubleValues? widthFactor = null,
    FillMode fillMode = FillMode.Reflect,
    Interpolation interpolation = Interpolation.Bilinear,
    int? seed = null,
    double fillValue = 0,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomGeometry(fillMode, interpolation, seed, fillValue, dataFormat, name)
{
    private readonly (float Low, float High) _vertical = Bounds(heightFactor, -0.999f, 1, "RandomZoom", nameof(heightFactor));
    private readonly (float Low, float High)? _horizontal = widthFactor is { } factor ? Bounds(factor, -0.999f, 1, "RandomZoom", nameof(widthFactor)) : null;

    /// <summary>The lower and the upper bound for the height.</summary>
    public DoubleValues HeightFactor { get; } = heightFactor;

    /// <summary>The lower and the upper bound for the width.</summary>
    public DoubleValues? WidthFactor { get; } = widthFactor;

    private protected override (SymbolicTensor X, SymbolicTensor Y) Places(SymbolicTensor x, SymbolicTensor column, SymbolicTensor row, int width, int height)
    {
        var down = DrawRow(x, 1 + _vertical.Low, 1 + _vertical.High);
        var across = _horizontal is { } bounds ? DrawRow(x, 1 + bounds.Low, 1 + bounds.High) : down;
        var (middleX, middleY) = ((width - 1) / 2f, (height - 1) / 2f);
        return ((column * across) + ((1 - across) * middleX), (row * down) + ((1 - down) * middleY));
    }
}
