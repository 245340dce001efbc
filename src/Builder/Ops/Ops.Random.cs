using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>Random numbers, as <c>keras.random</c> names them.</content>
/// <remarks>
/// Every call is a stream of its own. Its numbers are a function of the seed, the place of the stream in the graph, the training step and the element: the same
/// for any number of threads, and after training is resumed.
/// A model that draws outside training too draws new numbers for each batch it predicts or evaluates. It cannot be exported, because ONNX Runtime would draw
/// others; <see cref="WhenTraining"/> gives such a model a value to use instead.
/// </remarks>
public static partial class Ops
{
    /// <summary>Normally distributed random numbers, new in every training step.</summary>
    /// <param name="x">A tensor that gives the shape; its elements are not read.</param>
    /// <param name="mean">The mean.</param>
    /// <param name="stddev">The standard deviation, at least 0.</param>
    /// <param name="seed">A seed for this stream; default: the trainer's.</param>
    /// <returns>Float32 values of the shape of <paramref name="x"/>. No gradient flows to <paramref name="x"/>.</returns>
    /// <remarks>Outside training see <see cref="WhenTraining"/>. Keras: https://keras.io/api/random/random_ops/#normal-function</remarks>
    /// <exception cref="ModelException">The standard deviation is negative or not finite, or the mean is not finite.</exception>
    /// <example><code>
    /// // A variational autoencoder samples in training and uses the mean otherwise.
    /// var z = Ops.WhenTraining(mean + (Ops.Exp(logVariance / 2) * Ops.RandomNormal(mean)), mean);
    /// </code></example>
    public static SymbolicTensor RandomNormal(SymbolicTensor x, double mean = 0, double stddev = 1, int? seed = null)
    {
        if (!double.IsFinite(mean)) throw new ModelException($"RandomNormal: mean is {mean}; expected a finite number.");
        if (!double.IsFinite(stddev) || stddev < 0) throw new ModelException($"RandomNormal: stddev is {stddev}; expected a finite number of at least 0.");
        return Make(new RandomNormal(NewStream(seed), (float)mean, (float)stddev), x);
    }

    /// <summary>
    /// Uniformly distributed random numbers from <paramref name="minval"/> (inclusive) to <paramref name="maxval"/> (exclusive), new in every training step.
    /// </summary>
    /// <param name="x">A tensor that gives the shape; its elements are not read.</param>
    /// <param name="minval">The lower bound.</param>
    /// <param name="maxval">The upper bound.</param>
    /// <param name="seed">A seed for this stream; default: the trainer's.</param>
    /// <returns>Float32 values of the shape of <paramref name="x"/>. No gradient flows to <paramref name="x"/>.</returns>
    /// <remarks>Outside training see <see cref="WhenTraining"/>. Keras: https://keras.io/api/random/random_ops/#uniform-function</remarks>
    /// <exception cref="ModelException">A bound is not finite, or the bounds are in the wrong order.</exception>
    public static SymbolicTensor RandomUniform(SymbolicTensor x, double minval = 0, double maxval = 1, int? seed = null)
    {
        if (!double.IsFinite(minval) || !double.IsFinite(maxval) || minval > maxval)
            throw new ModelException($"RandomUniform: minval is {minval} and maxval {maxval}; expected finite numbers in ascending order.");
        return Make(new RandomUniform(NewStream(seed), (float)minval, (float)maxval), x);
    }

    /// <summary>
    /// Sets each element to zero with probability <paramref name="rate"/> and divides the others by <c>1 - rate</c>, newly drawn in every training step.
    /// </summary>
    /// <param name="x">The tensor.</param>
    /// <param name="rate">The fraction of elements set to zero, from 0 to 1.</param>
    /// <param name="noiseShape">The shape of the mask, with a 1 for each axis along which the mask is broadcast; default: that of <paramref name="x"/>.</param>
    /// <param name="seed">A seed for this stream; default: the trainer's.</param>
    /// <remarks>
    /// It drops outside training too, unless <see cref="WhenTraining"/> says otherwise; the layer of the same name passes its input through there.
    /// Keras: https://keras.io/api/random/random_ops/#dropout-function
    /// </remarks>
    /// <exception cref="ModelException">The rate is not between 0 and 1, or the noise shape does not fit.</exception>
    /// <example><code>var y = Ops.WhenTraining(Ops.Dropout(hidden, 0.1), hidden);</code></example>
    public static SymbolicTensor Dropout(SymbolicTensor x, double rate, Shape? noiseShape = null, int? seed = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (rate is not (>= 0 and <= 1)) throw new ModelException($"Dropout: rate is {rate}; expected a number from 0 to 1.");
        return Make(new Dropout(NewStream(seed), (float)rate, SharedNoiseAxes(noiseShape, x)), x);
    }

    /// <summary>The axes along which all positions share one random decision.</summary>
    internal static IntList SharedNoiseAxes(Shape? noiseShape, SymbolicTensor x)
    {
        if (noiseShape is not { } noise) return [];
        if (noise.Rank != x.Rank) throw new ModelException($"noiseShape {noise} has {noise.Rank} dimensions; expected {x.Rank} as the input {x.Shape}.");
        for (var i = 0; i < noise.Rank; i++)
        {
            if (noise[i] is { } size && size != 1 && x.Shape[i] is { } dim && dim != size)
                throw new ModelException($"noiseShape {noise} has {size} along axis {i}; expected 1, null, or {dim} as the input {x.Shape}.");
        }

        return [.. Enumerable.Range(0, noise.Rank).Where(i => noise[i] == 1 && x.Shape[i] != 1)];
    }

    private static RandomStream NewStream(int? seed) => new(seed);
}
