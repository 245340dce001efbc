namespace OnnxFunctional.Layers;

/// <summary>
/// In training, makes colors stronger or weaker: the saturation of each image is multiplied by <c>f / (1 - f)</c>, with f uniform between lower and upper.
/// </summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, 3), red, green and blue. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_saturation/</para>
/// </remarks>
/// <param name="factor">
/// Lower and upper bound from 0 to 1, where 0.5 changes nothing; one number is the upper bound, with 0 as the lower one, as in Keras.
/// </param>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The factor is outside its range.</exception>
public sealed class RandomSaturation(
    DoubleValues factor,
    DoubleValues valueRange = default,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomColorLayer(valueRange, seed, dataFormat, name)
{
    // Keras' epsilon, against a division by 0 where the factor is 1.
    private const float Epsilon = 1e-7f;

    private readonly (float Low, float High) _bounds = Bounds(factor, 0, 1, "RandomSaturation", nameof(factor));

    /// <summary>The lower and the upper bound.</summary>
    public DoubleValues Factor { get; } = factor;

    internal override SymbolicTensor Changed(SymbolicTensor x)
    {
        var factor = Draw(x, _bounds.Low, _bounds.High);
        var (hue, saturation, value) = Operators.Colors.ToHsv(x);
        return Operators.Colors.FromHsv(hue, Within(saturation * (factor / (1 - factor + Epsilon))), value);
    }
}

/// <summary>
/// In training, turns the hue of each image by <c>f / 2</c> of the circle, forwards or backwards, with f uniform between lower and upper.
/// </summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, 3), red, green and blue. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_hue/</para>
/// </remarks>
/// <param name="factor">Lower and upper bound from 0 to 1; one number is the upper bound, with 0 as the lower one, as in Keras.</param>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The factor is outside its range.</exception>
public sealed class RandomHue(
    DoubleValues factor,
    DoubleValues valueRange = default,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomColorLayer(valueRange, seed, dataFormat, name)
{
    private readonly (float Low, float High) _bounds = Bounds(factor, 0, 1, "RandomHue", nameof(factor));

    /// <summary>The lower and the upper bound.</summary>
    public DoubleValues Factor { get; } = factor;

    internal override SymbolicTensor Changed(SymbolicTensor x)
    {
        var turn = Draw(x, _bounds.Low, _bounds.High) * Ops.Where(Ops.Greater(Draw(x, 0, 1), 0.5), -0.5, 0.5);
        return ValueRanges.As(x, ValueRange, 1, unit =>
        {
            var (hue, saturation, value) = Operators.Colors.ToHsv(unit);
            return Ops.Clip(Operators.Colors.FromHsv(hue + turn, saturation, value), 0, 1);
        });
    }
}

/// <summary>In training, changes brightness, contrast, saturation and hue of each image, in this order.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_color_jitter/</para>
/// </remarks>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="brightnessFactor">That of <see cref="RandomBrightness"/>; brightness stays by default.</param>
/// <param name="contrastFactor">That of <see cref="RandomContrast"/>; contrast stays by default.</param>
/// <param name="saturationFactor">That of <see cref="RandomSaturation"/>; saturation stays by default.</param>
/// <param name="hueFactor">That of <see cref="RandomHue"/>; hue stays by default.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A factor is outside its range.</exception>
public sealed class RandomColorJitter(
    DoubleValues valueRange = default,
    DoubleValues? brightnessFactor = null,
    DoubleValues? contrastFactor = null,
    DoubleValues? saturationFactor = null,
    DoubleValues? hueFactor = null,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomColorLayer(valueRange, seed, dataFormat, name)
{
    private readonly RandomColorLayer?[] _steps =
    [
        brightnessFactor is { } brightness ? new RandomBrightness(brightness, valueRange, seed) : null,
        contrastFactor is { } contrast ? new RandomContrast(contrast, valueRange, seed) : null,
        saturationFactor is { } saturation ? new RandomSaturation(saturation, valueRange, seed) : null,
        hueFactor is { } hue ? new RandomHue(hue, valueRange, seed) : null,
    ];

    /// <summary>The factor of brightness; null leaves it.</summary>
    public DoubleValues? BrightnessFactor { get; } = brightnessFactor;

    /// <summary>The factor of contrast; null leaves it.</summary>
    public DoubleValues? ContrastFactor { get; } = contrastFactor;

    /// <summary>The factor of saturation; null leaves it.</summary>
    public DoubleValues? SaturationFactor { get; } = saturationFactor;

    /// <summary>The factor of hue; null leaves it.</summary>
    public DoubleValues? HueFactor { get; } = hueFactor;

    internal override SymbolicTensor Changed(SymbolicTensor x) => _steps.OfType<RandomColorLayer>().Aggregate(x, (image, step) => step.Changed(image));
}
