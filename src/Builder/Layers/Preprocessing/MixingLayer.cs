using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>The base of layers that mix each image of a batch with another one, and the targets in the same proportion.</summary>
/// <remarks>No weights.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class MixingLayer : RandomImageLayer
{
    private protected MixingLayer(int? seed, DataFormat dataFormat, string? name)
        : base(seed, dataFormat, name)
    {
    }

    internal override string? WhyNoConfiguration => Calls.Any(call => call.Inputs.Count > 1)
        ? $"layer '{Name}' ({ClassName}) is called on images and labels, which a file cannot hold. Call it on labels in a TrainingStep instead."
        : null;

    /// <summary>Mixes images, and their labels in the same proportion.</summary>
    /// <param name="images">The images.</param>
    /// <param name="labels">A vector per image, such as one-hot classes: (batch, ...).</param>
    /// <returns>The images and labels; outside training as they are.</returns>
    /// <exception cref="ModelException">The tensors do not fit; the message says what was expected.</exception>
    public (SymbolicTensor Images, SymbolicTensor Labels) Call(SymbolicTensor images, SymbolicTensor labels)
    {
        var mixed = CallAll([images, labels], CallOptions.None);
        return (mixed[0], mixed[1]);
    }

    internal sealed override SymbolicTensor Changed(SymbolicTensor x) => Mixed(x, Order(x)).Images;

    private protected sealed override SymbolicTensors ForwardAll(SymbolicTensors inputs, CallOptions options)
    {
        if (inputs.Count != 2) return base.ForwardAll(inputs, options);
        Check.Positions(inputs[0], 2, DataFormat);
        Check.MinimumRank(inputs[1], 2, "a vector per image, (batch, classes)");
        var (x, labels) = (ChannelOrder.ToLast(Ops.Cast(inputs[0], DType.Float32), DataFormat), Ops.Cast(inputs[1], DType.Float32));
        var order = Order(x);
        var (images, share) = Mixed(x, order);
        share = Ops.Reshape(share, [0, .. Enumerable.Repeat(1, labels.Rank - 1)]);
        var others = (share * labels) + ((1 - share) * Ops.Take(labels, order));
        return [ChannelOrder.FromLast(Ops.WhenTraining(images, x), DataFormat), Ops.WhenTraining(others, labels)];
    }

    /// <summary>The mixed images, and the share that each kept of itself: (batch, 1, 1, 1).</summary>
    /// <param name="x">The images, channels last.</param>
    /// <param name="order">The image with which each is mixed.</param>
    private protected abstract (SymbolicTensor Images, SymbolicTensor Share) Mixed(SymbolicTensor x, SymbolicTensor order);

    /// <summary>A random permutation of the batch: the rank of a random number per image, where of equal ones the first is the smaller.</summary>
    private SymbolicTensor Order(SymbolicTensor x)
    {
        var number = Ops.Squeeze(Draw(x, 0, 1), Axes.Create([1, 2, 3]));
        var place = Ops.Cast(Ops.Make(new Operators.Positions(0), number), DType.Float32);
        var (other, own) = (Ops.ExpandDims(number, 0), Ops.ExpandDims(number, 1));
        var isBefore = Ops.Less(Ops.ExpandDims(place, 0), Ops.ExpandDims(place, 1));
        var isSmaller = Ops.LogicalOr(Ops.Less(other, own), Ops.LogicalAnd(Ops.Equal(other, own), isBefore));
        return Ops.Cast(Ops.Sum(Ops.Cast(isSmaller, DType.Float32), 1), DType.Int64);
    }
}

/// <summary>
/// In training, mixes each image with another one of the batch: <c>y = w x + (1 - w) x'</c>, with w of the distribution Beta(alpha, alpha).
/// </summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/mix_up/</para>
/// </remarks>
/// <param name="alpha">The parameter of the distribution: the smaller, the more of one image.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">alpha is not above 0.</exception>
/// <example><code>
/// // Labels are mixed like their images, where a training step holds both.
/// var (images, labels) = new MixUp(alpha: 0.4).Call(Model.Input([32, 32, 3]), Model.Input([10]));
/// </code></example>
public sealed class MixUp(double alpha = 0.2, int? seed = null, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : MixingLayer(seed, dataFormat, name)
{
    /// <summary>The parameter of the distribution.</summary>
    public double Alpha { get; } = alpha > 0 && double.IsFinite(alpha)
        ? alpha
        : throw Check.Option("MixUp", nameof(alpha), Check.Text(alpha), "a number above 0");

    private protected override (SymbolicTensor Images, SymbolicTensor Share) Mixed(SymbolicTensor x, SymbolicTensor order)
    {
        var share = Distributions.Beta(Draw(x, 0, 1), Alpha, Seed);
        return ((share * x) + ((1 - share) * Ops.Take(x, order)), share);
    }
}

/// <summary>
/// In training, replaces a box at a random place of each image by that of another one of the batch. The share of the box follows the distribution Beta(a, a),
/// with a uniform between lower and upper.
/// </summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/cut_mix/</para>
/// </remarks>
/// <param name="factor">Lower and upper bound of a, from 0 to 1; one number is the upper bound, with 0 as the lower one, as in Keras.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The factor is outside its range.</exception>
public sealed class CutMix(DoubleValues? factor = null, int? seed = null, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : MixingLayer(seed, dataFormat, name)
{
    // Keras' least parameter of the distribution.
    private const double Epsilon = 1e-6;

    private readonly (float Low, float High) _bounds = Bounds(factor ?? 1, 0, 1, "CutMix", nameof(factor));

    /// <summary>The lower and the upper bound of the distribution's parameter.</summary>
    public DoubleValues Factor { get; } = factor ?? 1;

    private protected override (SymbolicTensor Images, SymbolicTensor Share) Mixed(SymbolicTensor x, SymbolicTensor order)
    {
        var alpha = DrawOnce(x, _bounds.Low, _bounds.High) + Epsilon;
        var share = Distributions.Beta(Draw(x, 0, 1), alpha, Seed);
        var side = Ops.Sqrt(1 - share);
        return (Ops.Where(Box(x, side, side), Ops.Take(x, order), x), share);
    }
}
