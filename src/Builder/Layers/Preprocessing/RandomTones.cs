namespace OnnxFunctional.Layers;

/// <summary>In training, inverts some images: <c>y = max - x</c>.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_invert/</para>
/// </remarks>
/// <param name="factor">Lower and upper bound of the probability, from 0 to 1; one number is the upper bound, with 0 as the lower one, as in Keras.</param>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The factor is outside its range.</exception>
public sealed class RandomInvert(
    DoubleValues? factor = null,
    DoubleValues valueRange = default,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomColorLayer(valueRange, seed, dataFormat, name)
{
    private readonly (float Low, float High) _bounds = Bounds(factor ?? 1, 0, 1, "RandomInvert", nameof(factor));

    /// <summary>The lower and the upper bound of the probability.</summary>
    public DoubleValues Factor { get; } = factor ?? 1;

    internal override SymbolicTensor Changed(SymbolicTensor x) => Ops.Where(Chosen(x, _bounds), ValueRanges.Of(ValueRange).Most - x, x);
}

/// <summary>
/// In training, adds to each image and inverts what is bright: with values from 0 to 255, <c>z = clip(x + a)</c>, then <c>y = z</c> below a threshold and
/// <c>255 - z</c> elsewhere.
/// </summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/solarization/</para>
/// </remarks>
/// <param name="additionFactor">
/// The bounds of a, from 0 to 1 of the range; one number is the upper bound, with 0 as the lower one. As in Keras, a lower bound counts in steps of 1 from 0 to
/// 255 and an upper one in shares of 255.
/// </param>
/// <param name="thresholdFactor">The bounds of the threshold, in the same form.</param>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A factor is outside its range.</exception>
public sealed class Solarization(
    DoubleValues? additionFactor = null,
    DoubleValues? thresholdFactor = null,
    DoubleValues valueRange = default,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomColorLayer(valueRange, seed, dataFormat, name)
{
    private readonly (float Low, float High) _additions = Bounds(additionFactor ?? 0, 0, 1, "Solarization", nameof(additionFactor));
    private readonly (float Low, float High) _thresholds = Bounds(thresholdFactor ?? 0, 0, 1, "Solarization", nameof(thresholdFactor));

    /// <summary>The bounds of what is added.</summary>
    public DoubleValues AdditionFactor { get; } = additionFactor ?? 0;

    /// <summary>The bounds of the threshold.</summary>
    public DoubleValues ThresholdFactor { get; } = thresholdFactor ?? 0;

    internal override SymbolicTensor Changed(SymbolicTensor x)
    {
        var addition = Draw(x, _additions.Low, _additions.High * 255);
        var threshold = Draw(x, _thresholds.Low, _thresholds.High * 255);
        return ValueRanges.AsBytes(x, ValueRange, bytes =>
        {
            var sum = Ops.Clip(bytes + addition, 0, 255);
            return Ops.Where(Ops.Less(sum, threshold), sum, 255 - sum);
        });
    }
}

/// <summary>In training, keeps the highest bits of each value: with values from 0 to 255, a random number of bits between lower and upper.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_posterization/</para>
/// </remarks>
/// <param name="factor">
/// Lower and upper bound of the number of bits, from 1 to 8; as in Keras the upper one is drawn only if both are equal. One number n stands for 1 to n.
/// </param>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The factor is outside its range.</exception>
public sealed class RandomPosterization(
    DoubleValues factor,
    DoubleValues valueRange = default,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomColorLayer(valueRange, seed, dataFormat, name)
{
    private readonly (float Low, float High) _bounds = Bounds(factor, 1, 8, "RandomPosterization", nameof(factor));

    /// <summary>The lower and the upper bound of the number of bits.</summary>
    public DoubleValues Factor { get; } = factor;

    internal override SymbolicTensor Changed(SymbolicTensor x)
    {
        var (fewest, most) = (MathF.Floor(_bounds.Low), MathF.Floor(_bounds.High));
        SymbolicTensor bits = fewest == most ? fewest : Ops.Floor(Draw(x, fewest, most));
        var step = Ops.Exp((8 - bits) * MathF.Log(2));
        return ValueRanges.AsBytes(x, ValueRange, bytes => Ops.Floor(Ops.Floor(bytes) / Ops.Round(step)) * Ops.Round(step));
    }
}
