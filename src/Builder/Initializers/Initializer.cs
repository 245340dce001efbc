using System.Diagnostics.CodeAnalysis;
using OnnxFunctional.Initializers;

namespace OnnxFunctional;

/// <summary>Sets the initial values of a weight; names, defaults and formulas are Keras' (https://keras.io/api/layers/initializers/).</summary>
/// <example><code>
/// var he = new Dense(32, kernelInitializer: Initializer.HeNormal);
/// var own = new Dense(32, kernelInitializer: Initializer.From((shape, random) => [.. Enumerable.Range(0, 64).Select(_ => random.Normal())]));
/// </code></example>
[DynamicallyAccessedMembers(ConfigurationMembers.Kept)]
public abstract class Initializer
{
    /// <summary>All zeros.</summary>
    public static Initializer Zeros { get; } = new Zeros();

    /// <summary>All ones.</summary>
    public static Initializer Ones { get; } = new Ones();

    /// <summary>Uniform within <c>sqrt(6 / (fan_in + fan_out))</c> of zero (Glorot and Bengio 2010); the default for kernels.</summary>
    public static Initializer GlorotUniform { get; } = new GlorotUniform();

    /// <summary>Truncated normal with variance <c>2 / (fan_in + fan_out)</c>.</summary>
    public static Initializer GlorotNormal { get; } = new GlorotNormal();

    /// <summary>Uniform within <c>sqrt(6 / fan_in)</c> of zero (He et al. 2015).</summary>
    public static Initializer HeUniform { get; } = new HeUniform();

    /// <summary>Truncated normal with variance <c>2 / fan_in</c>.</summary>
    public static Initializer HeNormal { get; } = new HeNormal();

    /// <summary>Uniform within <c>sqrt(3 / fan_in)</c> of zero.</summary>
    public static Initializer LecunUniform { get; } = new LecunUniform();

    /// <summary>Truncated normal with variance <c>1 / fan_in</c>.</summary>
    public static Initializer LecunNormal { get; } = new LecunNormal();

    /// <summary>Uniform between -0.05 and 0.05; the default for embeddings.</summary>
    public static Initializer RandomUniform { get; } = new RandomUniform();

    /// <summary>Normal with standard deviation 0.05.</summary>
    public static Initializer RandomNormal { get; } = new RandomNormal();

    /// <summary>Normal with standard deviation 0.05; values beyond two standard deviations are redrawn.</summary>
    public static Initializer TruncatedNormal { get; } = new TruncatedNormal();

    /// <summary>Orthogonal rows or columns; the default for recurrent kernels.</summary>
    public static Initializer Orthogonal { get; } = new Orthogonal();

    /// <summary>The same value for all elements.</summary>
    /// <param name="value">The value of all elements.</param>
    public static Initializer Constant(double value) => new Constant(value);

    /// <summary>A custom initializer: the function receives the shape and random numbers and returns all elements, row by row.</summary>
    /// <param name="function">Computes the elements, row by row, from the shape and a source of random numbers.</param>
    public static Initializer From(Func<Shape, RandomNumbers, float[]> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FromFunction(function);
    }

    /// <summary>Fills a weight, row by row.</summary>
    /// <param name="shape">The weight's shape.</param>
    /// <param name="random">Random numbers determined by the model's seed and the weight's name.</param>
    /// <param name="values">The destination for all elements.</param>
    protected internal abstract void Fill(Shape shape, RandomNumbers random, Span<float> values);

    /// <summary>The numbers of inputs and outputs, each times the window's size for the kernel of a convolution.</summary>
    internal static (double In, double Out) Fans(Shape shape)
    {
        var dims = shape.Dims;
        if (dims.Length == 0) return (1, 1);
        if (dims.Length == 1) return (dims[0], dims[0]);
        var window = 1.0;
        foreach (var dim in dims[..^2]) window *= dim;
        return (window * dims[^2], window * dims[^1]);
    }

    private sealed class FromFunction(Func<Shape, RandomNumbers, float[]> function) : Initializer
    {
        protected internal override void Fill(Shape shape, RandomNumbers random, Span<float> values)
        {
            var given = function(shape, random);
            if (given.Length != values.Length)
                throw new ModelException($"The initializer returned {given.Length} values for a weight of shape {shape}; expected {values.Length}.");
            given.CopyTo(values);
        }
    }
}
