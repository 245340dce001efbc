namespace OnnxFunctional.Layers;

/// <summary>
/// In training, mixes each batch of images with chains of augmentations of itself: <c>y = clip(w x + (1 - w) sum(v c(x)))</c>, with w of the distribution
/// Beta(alpha, alpha) and weights v of chains c that add up to 1, of the distribution Dirichlet(alpha).
/// </summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, 3), red, green and blue, positions known. No weights.</para>
/// <para>
/// Each step of a chain is one of the augmentations of <see cref="RandAugment"/>, or none, drawn again for every batch; Keras draws them once. A step computes
/// all of them and takes one, so training with it is slow: numChains times chainDepth times eleven augmentations.
/// </para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/aug_mix/</para>
/// </remarks>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="numChains">The number of chains.</param>
/// <param name="chainDepth">The number of steps of a chain.</param>
/// <param name="factor">Lower and upper bound of the strength, from 0 to 1; one number is the upper bound, with 0 as the lower one, as in Keras.</param>
/// <param name="alpha">The parameter of the distributions.</param>
/// <param name="allOps">Whether brightness, color degeneration, contrast and sharpness are among the augmentations.</param>
/// <param name="interpolation">How values between known positions are computed.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">An option is outside its range.</exception>
public sealed class AugMix(
    DoubleValues valueRange = default,
    int numChains = 3,
    int chainDepth = 3,
    DoubleValues? factor = null,
    double alpha = 1,
    bool allOps = true,
    Interpolation interpolation = Interpolation.Bilinear,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomColorLayer(valueRange, seed, dataFormat, name)
{
    private readonly Augmentations _augmentations = new(
        valueRange, Bounds(factor ?? 0.3, 0, 1, "AugMix", nameof(factor)), interpolation, seed, allOps);

    /// <summary>The number of chains.</summary>
    public int NumChains { get; } = Check.Positive(numChains, "AugMix", nameof(numChains));

    /// <summary>The number of steps of a chain.</summary>
    public int ChainDepth { get; } = Check.Positive(chainDepth, "AugMix", nameof(chainDepth));

    /// <summary>The lower and the upper bound of the strength.</summary>
    public DoubleValues Factor { get; } = factor ?? 0.3;

    /// <summary>The parameter of the distributions.</summary>
    public double Alpha { get; } = alpha > 0 && double.IsFinite(alpha)
        ? alpha
        : throw Check.Option("AugMix", nameof(alpha), Check.Text(alpha), "a number above 0");

    /// <summary>Whether brightness, color degeneration, contrast and sharpness are among the augmentations.</summary>
    public bool AllOps { get; } = allOps;

    /// <summary>How values between known positions are computed.</summary>
    public Interpolation Interpolation { get; } = interpolation;

    internal override SymbolicTensor Changed(SymbolicTensor x)
    {
        var one = DrawOnce(x, 0, 1);
        var weights = Distributions.Dirichlet(Ops.Tile(Ops.ExpandDims(one, 0), NumChains), Alpha, Seed);
        var own = Distributions.Beta(one, Alpha, Seed);
        SymbolicTensor? sum = null;
        for (var chain = 0; chain < NumChains; chain++)
        {
            var image = x;
            for (var step = 0; step < ChainDepth; step++) image = _augmentations.One(image, DrawOnce(x, 0, _augmentations.Count + 1));
            image *= Ops.Slice(weights, 0, chain, chain + 1);
            sum = sum is null ? image : sum + image;
        }

        return Within((own * x) + ((1 - own) * sum!));
    }
}
