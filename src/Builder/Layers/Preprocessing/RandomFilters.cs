namespace OnnxFunctional.Layers;

/// <summary>
/// In training, makes each image sharper or softer: <c>y = clip(x + (1 - 2 f) (smooth - x))</c>, with f uniform between lower and upper.
/// </summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_sharpness/</para>
/// </remarks>
/// <param name="factor">
/// Lower and upper bound from 0 to 1: 0 is soft, 0.5 changes nothing; one number is the upper bound, with 0 as the lower one, as in Keras.
/// </param>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The factor is outside its range.</exception>
public sealed class RandomSharpness(
    DoubleValues factor,
    DoubleValues valueRange = default,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomColorLayer(valueRange, seed, dataFormat, name)
{
    private readonly (float Low, float High) _bounds = Bounds(factor, 0, 1, "RandomSharpness", nameof(factor));

    /// <summary>The lower and the upper bound.</summary>
    public DoubleValues Factor { get; } = factor;

    internal override SymbolicTensor Changed(SymbolicTensor x)
    {
        const float Edge = 1f / 13, Center = 5f / 13;
        var kernel = Ops.Constant(Shape.Of(3, 3), [Edge, Edge, Edge, Edge, Center, Edge, Edge, Edge, Edge]);
        return Within(x + ((1 - (2 * Draw(x, _bounds.Low, _bounds.High))) * (Filters.Apply(x, kernel) - x)));
    }
}

/// <summary>In training, blurs some images with a Gaussian window.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_gaussian_blur/</para>
/// </remarks>
/// <param name="factor">Lower and upper bound of the probability, from 0 to 1; one number is the upper bound, with 0 as the lower one, as in Keras.</param>
/// <param name="kernelSize">The size of the window, one odd number or one per axis.</param>
/// <param name="sigma">Lower and upper bound of its standard deviation, from 0 to 1; one number is the upper bound, with 0 as the lower one.</param>
/// <param name="valueRange">The smallest and the largest value of an image; [0, 255] by default.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A factor is outside its range, or a size is not odd.</exception>
public sealed class RandomGaussianBlur(
    DoubleValues? factor = null,
    IntValues? kernelSize = null,
    DoubleValues? sigma = null,
    DoubleValues valueRange = default,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomColorLayer(valueRange, seed, dataFormat, name)
{
    // Keras' least deviation.
    private const double Epsilon = 1e-6;

    private readonly (float Low, float High) _probability = Bounds(factor ?? 1, 0, 1, "RandomGaussianBlur", nameof(factor));
    private readonly (float Low, float High) _deviation = Bounds(sigma ?? 1, 0, 1, "RandomGaussianBlur", nameof(sigma));

    /// <summary>The lower and the upper bound of the probability.</summary>
    public DoubleValues Factor { get; } = factor ?? 1;

    /// <summary>The size of the window.</summary>
    public IntValues KernelSize { get; } = (kernelSize ?? 3) is { Count: 1 or 2 } sizes && sizes.All(size => size > 0 && size % 2 == 1)
        ? sizes
        : throw Check.Option("RandomGaussianBlur", nameof(kernelSize), kernelSize.ToString()!, "one odd number, or two");

    /// <summary>The lower and the upper bound of the standard deviation.</summary>
    public DoubleValues Sigma { get; } = sigma ?? 1;

    internal override SymbolicTensor Changed(SymbolicTensor x)
    {
        // As Keras does, which for a window of two sizes lays the products of both axes out in rows of the second size.
        var (first, second) = (Side(x, KernelSize[0]), Side(x, KernelSize[^1]));
        var kernel = Ops.Reshape(Ops.ExpandDims(second, 1) * Ops.ExpandDims(first, 0), KernelSize[0], KernelSize[^1]);
        return Within(Ops.Where(Chosen(x, _probability), Filters.Apply(x, kernel), x));
    }

    private SymbolicTensor Side(SymbolicTensor x, int size) => Filters.Gaussian(size, DrawOnce(x, _deviation.Low, _deviation.High) + Epsilon);
}

/// <summary>Windows that slide over each channel of an image by itself, with zeros beyond the border.</summary>
internal static class Filters
{
    /// <summary>Weights along an axis, <c>exp(-(t / s)^2 / 2)</c> divided by their sum.</summary>
    /// <param name="size">The number of weights, odd.</param>
    /// <param name="deviation">The standard deviation s: ().</param>
    /// <param name="reach">The largest distance t that has a weight; all by default.</param>
    public static SymbolicTensor Gaussian(int size, SymbolicTensor deviation, SymbolicTensor? reach = null)
    {
        var distances = Ops.Constant(Shape.Of(size), [.. Enumerable.Range(0, size).Select(i => i - ((size - 1) / 2f))]);
        var weights = Ops.Exp(-0.5 * Ops.Square(distances / deviation));
        if (reach is not null) weights = Ops.Where(Ops.LessEqual(Ops.Abs(distances), reach), weights, 0);
        return weights / Ops.Sum(weights);
    }

    /// <summary>The image under a window: (rows, columns).</summary>
    public static SymbolicTensor Apply(SymbolicTensor x, SymbolicTensor kernel)
    {
        var channels = Check.Known(x, 3, "the number of channels");
        var window = new Operators.Window([1, 1], [1, 1], Padding.Same, channels);
        return Ops.Make(new Operators.Conv(window), x, Ops.ExpandDims(kernel, Axes.Create([2, 3])) * Ops.Ones([channels]));
    }
}
