namespace OnnxFunctional.Layers;

/// <summary>In training, fills a box at a random place of some images with a value, or with noise.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_erasing/</para>
/// </remarks>
/// <param name="factor">Lower and upper bound of the probability, from 0 to 1; one number is the upper bound, with 0 as the lower one, as in Keras.</param>
/// <param name="scale">
/// Lower and upper bound of the box's size, from 0 to 1; [0.02, 0.33] by default. The root of a number between them is the share of the height, that of another
/// one the share of the width.
/// </param>
/// <param name="fillValue">The value, one number or one per channel; by default normal noise times the largest value of an image.</param>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A factor is outside its range.</exception>
public sealed class RandomErasing(
    DoubleValues? factor = null,
    DoubleValues scale = default,
    DoubleValues? fillValue = null,
    DoubleValues valueRange = default,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomColorLayer(valueRange, seed, dataFormat, name)
{
    private readonly (float Low, float High) _probability = Bounds(factor ?? 1, 0, 1, "RandomErasing", nameof(factor));
    private readonly (float Low, float High) _sizes = Bounds(Scales(scale), 0, 1, "RandomErasing", nameof(scale));

    /// <summary>The lower and the upper bound of the probability.</summary>
    public DoubleValues Factor { get; } = factor ?? 1;

    /// <summary>The lower and the upper bound of the box's size.</summary>
    public DoubleValues Scale { get; } = Scales(scale);

    /// <summary>The value of the box, one number or one per channel; null for noise.</summary>
    public DoubleValues? FillValue { get; } = fillValue;

    internal override SymbolicTensor Changed(SymbolicTensor x)
    {
        var (rows, columns) = (Ops.Sqrt(Draw(x, _sizes.Low, _sizes.High)), Ops.Sqrt(Draw(x, _sizes.Low, _sizes.High)));
        var erased = Ops.LogicalAnd(Chosen(x, _probability), Box(x, rows, columns));
        return Ops.Where(erased, Within(Filling(x)), x);
    }

    private static DoubleValues Scales(DoubleValues scale) => scale.Count == 0 ? [0.02, 0.33] : scale;

    private SymbolicTensor Filling(SymbolicTensor x)
    {
        if (FillValue is not { } given) return Ops.RandomNormal(x, seed: Seed) * ValueRanges.Of(ValueRange).Most;
        if (!given.IsSingle && x.Shape[3] is { } channels && given.Count != channels)
            throw new ModelException($"fills boxes with {given}, but got {channels} channels in {x.Shape}. Give one number, or one per channel.");
        return Ops.Constant(given);
    }
}
