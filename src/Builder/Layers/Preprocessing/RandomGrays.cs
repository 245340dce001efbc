namespace OnnxFunctional.Layers;

/// <summary>In training, makes an image gray with a probability: every channel becomes <c>0.2989 r + 0.587 g + 0.114 b</c>.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, 3), red, green and blue; gray images, (batch, height, width, 1), stay. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_grayscale/</para>
/// </remarks>
/// <param name="factor">The probability, from 0 to 1.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The factor is outside its range.</exception>
public sealed class RandomGrayscale(double factor = 0.5, int? seed = null, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : RandomImageLayer(seed, dataFormat, name)
{
    /// <summary>The probability.</summary>
    public double Factor { get; } = Check.Rate(factor, "RandomGrayscale", nameof(factor));

    internal override SymbolicTensor Changed(SymbolicTensor x) => Ops.Where(Ops.Less(Draw(x, 0, 1), Factor), Operators.Colors.Gray(x), x);
}

/// <summary>In training, takes color out of each image: <c>y = clip(x + f (gray - x))</c>, with f uniform between lower and upper.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, 3), red, green and blue; gray images, (batch, height, width, 1), stay. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_color_degeneration/</para>
/// </remarks>
/// <param name="factor">Lower and upper bound from -1 to 1, where 1 is gray; one number f stands for -f to f.</param>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The factor is outside its range.</exception>
public sealed class RandomColorDegeneration(
    DoubleValues factor,
    DoubleValues valueRange = default,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomColorLayer(valueRange, seed, dataFormat, name)
{
    private readonly (float Low, float High) _bounds = Bounds(factor, -1, 1, "RandomColorDegeneration", nameof(factor));

    /// <summary>The lower and the upper bound.</summary>
    public DoubleValues Factor { get; } = factor;

    internal override SymbolicTensor Changed(SymbolicTensor x) => Within(x + (Draw(x, _bounds.Low, _bounds.High) * (Operators.Colors.Gray(x) - x)));
}
