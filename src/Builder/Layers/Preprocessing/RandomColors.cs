namespace OnnxFunctional.Layers;

/// <summary>
/// In training, changes the contrast of each image: <c>y = clip((x - mean) f + mean)</c>, with the mean of each channel and f uniform from <c>1 - lower</c> to
/// <c>1 + upper</c>.
/// </summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_contrast/</para>
/// </remarks>
/// <param name="factor">Lower and upper bound from 0 to 1; one number is the upper bound, with 0 as the lower one, as in Keras.</param>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The factor is outside its range.</exception>
public sealed class RandomContrast(
    DoubleValues factor,
    DoubleValues valueRange = default,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomColorLayer(valueRange, seed, dataFormat, name)
{
    private readonly (float Low, float High) _bounds = Bounds(factor, 0, 1, "RandomContrast", nameof(factor));

    /// <summary>The lower and the upper bound.</summary>
    public DoubleValues Factor { get; } = factor;

    internal override SymbolicTensor Changed(SymbolicTensor x)
    {
        var mean = Ops.Mean(x, [1, 2], keepdims: true);
        return Within(((x - mean) * Draw(x, 1 - _bounds.Low, 1 + _bounds.High)) + mean);
    }
}

/// <summary>In training, makes each image brighter or darker: <c>y = clip(x + f (max - min))</c>, with f uniform between lower and upper.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_brightness/</para>
/// </remarks>
/// <param name="factor">Lower and upper bound from -1 to 1; one number f stands for -f to f.</param>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The factor is outside its range.</exception>
public sealed class RandomBrightness(
    DoubleValues factor,
    DoubleValues valueRange = default,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomColorLayer(valueRange, seed, dataFormat, name)
{
    private readonly (float Low, float High) _bounds = Bounds(factor, -1, 1, "RandomBrightness", nameof(factor));

    /// <summary>The lower and the upper bound.</summary>
    public DoubleValues Factor { get; } = factor;

    internal override SymbolicTensor Changed(SymbolicTensor x)
    {
        var (least, most) = ValueRanges.Of(ValueRange);
        return Ops.Clip(x + (Draw(x, _bounds.Low, _bounds.High) * (most - least)), least, most);
    }
}
