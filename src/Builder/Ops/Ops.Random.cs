using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>Random numbers, as <c>keras.random</c> names them.</content>
/// <remarks>
/// Every call is a source of its own. What it draws is a function of the seed, of its place among the sources of the graph, of the training step and of the element: the same for any number of threads, and after a training was resumed.
/// Outside training there is no step to draw for: predicting with, evaluating or exporting a model that would still draw is refused. <see cref="WhenTraining"/> says what is computed there.
/// </remarks>
public static partial class Ops
{
    /// <summary>Random numbers from a normal distribution, new ones in every training step.</summary>
    /// <param name="x">A tensor whose shape they take; its elements do not matter.</param>
    /// <param name="mean">Their mean.</param>
    /// <param name="stddev">Their standard deviation, from 0.</param>
    /// <param name="seed">A seed of their own; default: the trainer's.</param>
    /// <returns>Float32 values of the shape of <paramref name="x"/>. No gradient flows to <paramref name="x"/>.</returns>
    /// <remarks>Outside training nothing is drawn; see <see cref="WhenTraining"/>. Keras: https://keras.io/api/random/random_ops/#normal-function</remarks>
    /// <exception cref="ModelException">The standard deviation is negative or not finite, or the mean is not finite.</exception>
    /// <example><code>
    /// // A variational autoencoder samples while it trains and uses the mean otherwise.
    /// var z = Ops.WhenTraining(mean + (Ops.Exp(logVariance / 2) * Ops.RandomNormal(mean)), mean);
    /// </code></example>
    public static SymbolicTensor RandomNormal(SymbolicTensor x, float mean = 0, float stddev = 1, int? seed = null)
    {
        if (!float.IsFinite(mean)) throw new ModelException($"RandomNormal: mean is {mean}; expected a finite number.");
        if (!float.IsFinite(stddev) || stddev < 0) throw new ModelException($"RandomNormal: stddev is {stddev}; expected a finite number from 0.");
        return Make(new RandomNormal(NewStream(seed), mean, stddev), x);
    }

    /// <summary>Random numbers spread evenly from <paramref name="minval"/> (inclusive) to <paramref name="maxval"/> (exclusive), new ones in every training step.</summary>
    /// <param name="x">A tensor whose shape they take; its elements do not matter.</param>
    /// <param name="minval">The lowest.</param>
    /// <param name="maxval">The bound above.</param>
    /// <param name="seed">A seed of their own; default: the trainer's.</param>
    /// <returns>Float32 values of the shape of <paramref name="x"/>. No gradient flows to <paramref name="x"/>.</returns>
    /// <remarks>Outside training nothing is drawn; see <see cref="WhenTraining"/>. Keras: https://keras.io/api/random/random_ops/#uniform-function</remarks>
    /// <exception cref="ModelException">A bound is not finite, or they are in the wrong order.</exception>
    public static SymbolicTensor RandomUniform(SymbolicTensor x, float minval = 0, float maxval = 1, int? seed = null)
    {
        if (!float.IsFinite(minval) || !float.IsFinite(maxval) || minval > maxval)
            throw new ModelException($"RandomUniform: minval is {minval} and maxval {maxval}; expected finite numbers in rising order.");
        return Make(new RandomUniform(NewStream(seed), minval, maxval), x);
    }

    /// <summary>Sets each element to zero with probability <paramref name="rate"/> and divides the others by <c>1 - rate</c>, anew in every training step.</summary>
    /// <param name="x">The elements.</param>
    /// <param name="rate">The share of elements set to zero, from 0 to 1.</param>
    /// <param name="noiseShape">The shape of the decisions, with a 1 where one holds for the whole axis; default: that of <paramref name="x"/>.</param>
    /// <param name="seed">A seed of its own; default: the trainer's.</param>
    /// <remarks>
    /// Like the other random functions it draws wherever it is computed; the layer of that name passes its input on outside training.
    /// Keras: https://keras.io/api/random/random_ops/#dropout-function
    /// </remarks>
    /// <exception cref="ModelException">The rate is not between 0 and 1, or the noise shape does not fit.</exception>
    /// <example><code>var y = Ops.WhenTraining(Ops.Dropout(x, 0.1f), x);</code></example>
    public static SymbolicTensor Dropout(SymbolicTensor x, float rate, Shape? noiseShape = null, int? seed = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (rate is not (>= 0 and <= 1)) throw new ModelException($"Dropout: rate is {rate}; expected a number from 0 to 1.");
        return Make(new Dropout(NewStream(seed), rate, SharedNoiseAxes(noiseShape, x)), x);
    }

    /// <summary>The axes along which one random decision holds for all positions.</summary>
    internal static IntList SharedNoiseAxes(Shape? noiseShape, SymbolicTensor x)
    {
        if (noiseShape is not { } noise) return [];
        if (noise.Rank != x.Rank) throw new ModelException($"NoiseShape {noise} has {noise.Rank} dimensions; expected {x.Rank} as the input {x.Shape}.");
        for (var i = 0; i < noise.Rank; i++)
        {
            if (noise[i] is { } size && size != 1 && x.Shape[i] is { } dim && dim != size)
                throw new ModelException($"NoiseShape {noise} has {size} along axis {i}; expected 1, null, or {dim} as the input {x.Shape}.");
        }

        return [.. Enumerable.Range(0, noise.Rank).Where(i => noise[i] == 1 && x.Shape[i] != 1)];
    }

    private static RandomStream NewStream(int? seed) => new((ulong?)seed);
}
