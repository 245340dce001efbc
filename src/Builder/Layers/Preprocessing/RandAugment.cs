namespace OnnxFunctional.Layers;

/// <summary>In training, changes each batch of images by some of eleven augmentations, chosen at random.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, 3), red, green and blue, positions known. No weights.</para>
/// <para>
/// They are shear, translation, rotation, brightness, color degeneration, contrast, sharpness, posterization, solarization, auto contrast and equalization. A
/// step computes all of them and takes one, as in Keras.
/// </para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/rand_augment/</para>
/// </remarks>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="numOps">How many augmentations follow each other.</param>
/// <param name="factor">Lower and upper bound of their strength, from 0 to 1; one number is the upper bound, with 0 as the lower one, as in Keras.</param>
/// <param name="interpolation">How values between known positions are computed.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">An option is outside its range.</exception>
public sealed class RandAugment(
    DoubleValues valueRange = default,
    int numOps = 2,
    DoubleValues? factor = null,
    Interpolation interpolation = Interpolation.Bilinear,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomColorLayer(valueRange, seed, dataFormat, name)
{
    private readonly Augmentations _augmentations = new(
        valueRange, Bounds(factor ?? 0.5, 0, 1, "RandAugment", nameof(factor)), interpolation, seed, all: true);

    /// <summary>How many augmentations follow each other.</summary>
    public int NumOps { get; } = Check.Positive(numOps, "RandAugment", nameof(numOps));

    /// <summary>The lower and the upper bound of their strength.</summary>
    public DoubleValues Factor { get; } = factor ?? 0.5;

    /// <summary>How values between known positions are computed.</summary>
    public Interpolation Interpolation { get; } = interpolation;

    internal override SymbolicTensor Changed(SymbolicTensor x)
    {
        for (var i = 0; i < NumOps; i++) x = _augmentations.One(x, DrawOnce(x, 0, _augmentations.Count));
        return x;
    }
}
