namespace OnnxFunctional.Layers;

/// <summary>In training, shears each image: a pixel is read from <c>(x + s y, y + t x)</c>.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels), positions known. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_shear/</para>
/// </remarks>
/// <param name="xFactor">Bounds of s: one number f from 0 to 1 stands for -f to f; of two, each image takes a number between them with either sign.</param>
/// <param name="yFactor">Bounds of t, in the same form.</param>
/// <param name="interpolation">How values between known positions are computed.</param>
/// <param name="fillMode">What fills positions beyond the border.</param>
/// <param name="fillValue">The constant of FillMode.Constant.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A factor is outside its range.</exception>
public sealed class RandomShear(
    DoubleValues? xFactor = null,
    DoubleValues? yFactor = null,
    Interpolation interpolation = Interpolation.Bilinear,
    FillMode fillMode = FillMode.Reflect,
    double fillValue = 0,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomGeometry(fillMode, interpolation, seed, fillValue, dataFormat, name)
{
    private readonly (float Low, float High) _across = Both(xFactor ?? 0, nameof(xFactor));
    private readonly (float Low, float High) _down = Both(yFactor ?? 0, nameof(yFactor));

    /// <summary>The bounds along the width.</summary>
    public DoubleValues XFactor { get; } = xFactor ?? 0;

    /// <summary>The bounds along the height.</summary>
    public DoubleValues YFactor { get; } = yFactor ?? 0;

    private protected override (SymbolicTensor X, SymbolicTensor Y) Places(SymbolicTensor x, SymbolicTensor column, SymbolicTensor row, int width, int height)
    {
        var sign = Ops.Where(Ops.Greater(DrawRow(x, 0, 1), 0.5), -1, 1);
        var (across, down) = (DrawRow(x, _across.Low, _across.High) * sign, DrawRow(x, _down.Low, _down.High) * sign);
        return (column + (across * row), row + (down * column));
    }

    private static (float Low, float High) Both(DoubleValues factor, string option)
    {
        // Keras takes 0 to 1, and writes one number into a file as its two bounds.
        var bounds = Bounds(factor, factor.Count == 2 ? -1 : 0, 1, "RandomShear", option);
        return factor.Count == 1 ? (-bounds.High, bounds.High) : bounds;
    }
}

/// <summary>In training, shows some images as if seen from the side: each corner moves by a random share of its distance from the first one.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels), positions known. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_perspective/</para>
/// </remarks>
/// <param name="factor">Lower and upper bound of the probability, from 0 to 1; one number is the upper bound, with 0 as the lower one, as in Keras.</param>
/// <param name="scale">The largest share is half of this number, from 0 to 1.</param>
/// <param name="interpolation">How values between known positions are computed.</param>
/// <param name="fillValue">What fills positions beyond the border.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A factor is outside its range.</exception>
public sealed class RandomPerspective(
    DoubleValues? factor = null,
    double scale = 1,
    Interpolation interpolation = Interpolation.Bilinear,
    double fillValue = 0,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomGeometry(FillMode.Constant, interpolation, seed, fillValue, dataFormat, name)
{
    private readonly (float Low, float High) _probability = Bounds(factor ?? 1, 0, 1, "RandomPerspective", nameof(factor));

    /// <summary>The lower and the upper bound of the probability.</summary>
    public DoubleValues Factor { get; } = factor ?? 1;

    /// <summary>Twice the largest share of its distance by which a corner moves.</summary>
    public double Scale { get; } = Check.Rate(scale, "RandomPerspective", nameof(scale));

    internal override SymbolicTensor Changed(SymbolicTensor x) => Ops.Where(Chosen(x, _probability), base.Changed(x), x);

    private protected override (SymbolicTensor X, SymbolicTensor Y) Places(SymbolicTensor x, SymbolicTensor column, SymbolicTensor row, int width, int height)
    {
        // In units of the image's sides, the first corner stays at (0, 0), and (1, 0), (0, 1), (1, 1) become (right, 0), (0, bottom), (far, deep).
        var half = (float)Scale / 2;
        var (right, bottom) = (1 + DrawRow(x, -half, half), 1 + DrawRow(x, -half, half));
        var (far, deep) = (1 + DrawRow(x, -half, half), 1 + DrawRow(x, -half, half));

        // (u, v) moves to (a u, e v) / (g u + h v + 1); the corners give the four numbers, and (x, y) comes from what solves that for u and v.
        var determinant = ((right - far) * (bottom - deep)) - (far * deep);
        var g = (((far - right) * (bottom - deep)) + (far * (deep - bottom))) / determinant;
        var h = (((right - far) * (deep - bottom)) + (deep * (far - right))) / determinant;
        var (a, e) = (right * (g + 1), bottom * (h + 1));
        var (wide, high) = (Math.Max(width - 1, 1), Math.Max(height - 1, 1));
        var (across, down) = (column / wide, row / high);
        var depth = (a * e) - (e * g * across) - (a * h * down);
        return (e * across / depth * wide, a * down / depth * high);
    }
}

/// <summary>In training, shifts the pixels of some images by smooth random distances.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels), positions known. No weights.</para>
/// <para>
/// The distances are normal noise times s, smoothed by a Gaussian window of deviation s, times a, where s is a share of 0.05 f of the shorter side and a one of
/// 0.1 f of the longer side, with f uniform between the bounds of the scale. They differ along both axes; Keras draws one noise for both.
/// </para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_elastic_transform/</para>
/// </remarks>
/// <param name="factor">Lower and upper bound of the probability, from 0 to 1; one number is the upper bound, with 0 as the lower one, as in Keras.</param>
/// <param name="scale">Lower and upper bound of the strength f, from 0 to 1, in the same form.</param>
/// <param name="interpolation">How values between known positions are computed.</param>
/// <param name="fillMode">What fills positions beyond the border.</param>
/// <param name="fillValue">The constant of FillMode.Constant.</param>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A factor is outside its range.</exception>
public sealed class RandomElasticTransform(
    DoubleValues? factor = null,
    DoubleValues? scale = null,
    Interpolation interpolation = Interpolation.Bilinear,
    FillMode fillMode = FillMode.Reflect,
    double fillValue = 0,
    DoubleValues valueRange = default,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomGeometry(fillMode, interpolation, seed, fillValue, dataFormat, name)
{
    // Against a division by 0 where the strength is 0.
    private const double Epsilon = 1e-6;

    private readonly (float Low, float High) _probability = Bounds(factor ?? 1, 0, 1, "RandomElasticTransform", nameof(factor));
    private readonly (float Low, float High) _strength = Bounds(scale ?? 1, 0, 1, "RandomElasticTransform", nameof(scale));

    /// <summary>The lower and the upper bound of the probability.</summary>
    public DoubleValues Factor { get; } = factor ?? 1;

    /// <summary>The lower and the upper bound of the strength.</summary>
    public DoubleValues Scale { get; } = scale ?? 1;

    /// <summary>The smallest and the largest value of an image.</summary>
    public DoubleValues ValueRange { get; } = ValueRanges.OrBytes(valueRange);

    internal override SymbolicTensor Changed(SymbolicTensor x)
    {
        var (least, most) = ValueRanges.Of(ValueRange);
        return Ops.Clip(Ops.Where(Chosen(x, _probability), base.Changed(x), x), least, most);
    }

    private protected override (SymbolicTensor X, SymbolicTensor Y) Places(SymbolicTensor x, SymbolicTensor column, SymbolicTensor row, int width, int height)
    {
        var strength = DrawOnce(x, _strength.Low, _strength.High);
        var deviation = strength * (0.05 * Math.Min(width, height));
        var distance = strength * (0.1 * Math.Max(width, height));

        // The window of Keras grows with the deviation; this one has the size of the largest, and zeros beyond Keras' size.
        var reach = 3 * (int)(0.05f * Math.Min(width, height) * _strength.High);
        var side = Filters.Gaussian((2 * reach) + 1, deviation + Epsilon, Ops.Floor(deviation) * 3);
        var kernel = Ops.ExpandDims(side, 1) * Ops.ExpandDims(side, 0);
        var plane = Ops.Slice(x, 3, 0, 1);
        return (column + Shift(), row + Shift());

        SymbolicTensor Shift() =>
            Ops.Reshape(Filters.Apply(Ops.RandomNormal(plane, seed: Seed) * deviation, kernel) * distance, 0, width * height, 1);
    }
}
