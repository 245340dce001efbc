namespace OnnxFunctional.Layers;

/// <summary>The direction in which images are flipped.</summary>
public enum FlipMode
{
    /// <summary>Left and right.</summary>
    Horizontal,

    /// <summary>Top and bottom.</summary>
    Vertical,

    /// <summary>Both together, as in Keras.</summary>
    HorizontalAndVertical,
}

/// <summary>In training, flips each image with probability 1/2.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels). No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_flip/</para>
/// </remarks>
/// <param name="mode">The direction.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class RandomFlip(
    FlipMode mode = FlipMode.HorizontalAndVertical,
    int? seed = null,
    DataFormat dataFormat = DataFormat.ChannelsLast,
    string? name = null)
    : RandomImageLayer(seed, dataFormat, name)
{
    /// <summary>The direction.</summary>
    public FlipMode Mode { get; } = mode;

    internal override SymbolicTensor Changed(SymbolicTensor x)
    {
        var flipped = x;
        if (Mode != FlipMode.Vertical) flipped = Ops.Slice(flipped, 2, -1, step: -1);
        if (Mode != FlipMode.Horizontal) flipped = Ops.Slice(flipped, 1, -1, step: -1);
        return Ops.Where(Ops.LessEqual(Draw(x, 0, 1), 0.5f), flipped, x);
    }
}

/// <summary>
/// In training, crops images at a random place, the same for all images of a batch; in inference, takes the largest centered part of the same proportions and
/// resizes it.
/// </summary>
/// <remarks>
/// <para>
/// Input: (batch, height, width, channels), positions known. Output: (batch, new height, new width, channels). No weights. An image that is not larger is cut
/// in the middle and resized in training too.
/// </para>
/// <para>
/// Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_crop/ (which leaves images as they are outside of training; here all
/// batches have one size).
/// </para>
/// </remarks>
/// <param name="height">The new height.</param>
/// <param name="width">The new width.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="dataFormat">Where the channel axis is.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
public sealed class RandomCrop(int height, int width, int? seed = null, DataFormat dataFormat = DataFormat.ChannelsLast, string? name = null)
    : RandomImageLayer(seed, dataFormat, name)
{
    /// <summary>The new height.</summary>
    public int Height { get; } = Check.Positive(height, "RandomCrop", nameof(height));

    /// <summary>The new width.</summary>
    public int Width { get; } = Check.Positive(width, "RandomCrop", nameof(width));

    internal override SymbolicTensor Changed(SymbolicTensor x)
    {
        var (high, wide) = (Check.Known(x, 1, "the height"), Check.Known(x, 2, "the width"));
        return high > Height && wide > Width ? Part(Part(x, 1, Height, high), 2, Width, wide) : Otherwise(x);
    }

    private protected override SymbolicTensor Otherwise(SymbolicTensor x) =>
        Operators.ImageSizes.Resized(Operators.ImageSizes.CroppedTo(x, Height, Width), Height, Width, Interpolation.Bilinear);

    /// <summary>A number of positions along an axis, from a random start.</summary>
    private SymbolicTensor Part(SymbolicTensor x, int axis, int size, int all)
    {
        var one = Ops.Reshape(Ops.Slice(Ops.Reshape(x, -1), 0, 0, 1), []);
        var first = Ops.Make(new Operators.RandomUniform(new Operators.RandomStream(Seed), 0, 1), one);
        var positions = Ops.Floor(first * (all - size + 1)) + Ops.Constant(Shape.Of(size), [.. Enumerable.Range(0, size).Select(i => (float)i)]);
        return Ops.Take(x, Ops.Cast(positions, DType.Int64), axis);
    }
}
