using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>The base of the random image layers: images are changed in training, each in its own way, and returned as they are in inference.</summary>
/// <remarks>
/// <para>Input and output: (batch, height, width, channels). No weights; an ONNX file for inference holds nothing of it.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/image_augmentation/</para>
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class RandomImageLayer : Layer
{
    private protected RandomImageLayer(int? seed, DataFormat dataFormat, string? name)
        : base(name) => (Seed, DataFormat) = (seed, dataFormat);

    /// <summary>The seed of its random numbers; by default the trainer's.</summary>
    public int? Seed { get; }

    /// <summary>Where the channel axis is.</summary>
    public DataFormat DataFormat { get; }

    /// <inheritdoc/>
    protected sealed override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.Positions(x, 2, DataFormat);
        var image = ChannelOrder.ToLast(Ops.Cast(x, DType.Float32), DataFormat);
        return ChannelOrder.FromLast(Ops.WhenTraining(Changed(image), Otherwise(image)), DataFormat);
    }

    /// <summary>The images in training, channels last.</summary>
    internal abstract SymbolicTensor Changed(SymbolicTensor x);

    /// <summary>The images in inference.</summary>
    private protected virtual SymbolicTensor Otherwise(SymbolicTensor x) => x;

    /// <summary>A random number per image, uniform between two bounds: (batch, 1, 1, 1).</summary>
    private protected SymbolicTensor Draw(SymbolicTensor x, float low, float high)
    {
        var one = Ops.Make(new Operators.Slice([1, 2, 3], [0, 0, 0], [1, 1, 1], [1, 1, 1]), x);
        return Ops.Make(new Operators.RandomUniform(new Operators.RandomStream(Seed), low, high), one);
    }

    /// <summary>A random number for all images together, uniform between two bounds: ().</summary>
    private protected SymbolicTensor DrawOnce(SymbolicTensor x, float low, float high) =>
        Ops.Make(new Operators.RandomUniform(new Operators.RandomStream(Seed), low, high), Ops.Reshape(Ops.Slice(Ops.Reshape(x, -1), 0, 0, 1), []));

    /// <summary>Whether each image is changed, with a probability that is drawn between two bounds: (batch, 1, 1, 1).</summary>
    private protected SymbolicTensor Chosen(SymbolicTensor x, (float Low, float High) probability) =>
        Ops.Less(Draw(x, 0, 1), Draw(x, probability.Low, probability.High));

    /// <summary>The pixels inside a box at a random place, whose sides are shares of the image's: (batch, height, width, 1).</summary>
    /// <param name="x">The images.</param>
    /// <param name="rows">The share of the height, (batch, 1, 1, 1).</param>
    /// <param name="columns">The share of the width.</param>
    private protected SymbolicTensor Box(SymbolicTensor x, SymbolicTensor rows, SymbolicTensor columns)
    {
        return Ops.LogicalAnd(Along(1, rows), Along(2, columns));

        SymbolicTensor Along(int axis, SymbolicTensor share)
        {
            var size = Ops.Size(x, axis);
            var start = Draw(x, 0, 1) * (1 - share) * size;
            int[] others = [.. Enumerable.Range(0, 4).Where(other => other != axis)];
            var places = Ops.ExpandDims(Ops.Cast(Ops.Make(new Operators.Positions(axis), x), DType.Float32), Axes.Create(others));
            return Ops.LogicalAnd(Ops.GreaterEqual(places, start), Ops.Less(places, start + (share * size)));
        }
    }

    /// <summary>A factor in Keras' form: two bounds, or one number for both sides of zero.</summary>
    private protected static (float Low, float High) Bounds(DoubleValues factor, double least, double most, string layer, string option)
    {
        var fits = factor.Count is 1 or 2 && factor.All(number => number >= least && number <= most);
        if (!fits) throw Check.Option(layer, option, factor.ToString(), $"a number, or two, from {Check.Text(least)} to {Check.Text(most)}");
        return factor.Count == 2 ? ((float)factor.Min(), (float)factor.Max()) : ((float)Math.Max(-Math.Abs(factor[0]), least), (float)Math.Abs(factor[0]));
    }
}
