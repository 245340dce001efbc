using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>The base of the random layers: noise in training, the input itself in inference.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class NoiseLayer : ElementwiseLayer
{
    private protected NoiseLayer(int? seed, string? name)
        : base(name) => Seed = seed;

    /// <summary>The seed of its random numbers; by default the trainer's.</summary>
    public int? Seed { get; }

    /// <inheritdoc/>
    protected sealed override SymbolicTensor Forward(SymbolicTensor x) =>
        Noisy(x, new Operators.RandomStream(Seed)) is { } noisy ? Ops.WhenTraining(noisy, x) : x;

    /// <summary>The input with noise; null if there is no noise to add.</summary>
    private protected abstract SymbolicTensor? Noisy(SymbolicTensor x, Operators.RandomStream stream);
}

/// <summary>In training, adds normal noise: <c>y = x + N(0, stddev)</c>; in inference, returns its input.</summary>
/// <remarks>
/// <para>Input and output: any shape. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/regularization_layers/gaussian_noise/</para>
/// </remarks>
/// <param name="stddev">The standard deviation, from 0 to 1.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The standard deviation is not between 0 and 1.</exception>
public sealed class GaussianNoise(double stddev, int? seed = null, string? name = null) : NoiseLayer(seed, name)
{
    /// <summary>The standard deviation.</summary>
    public double Stddev { get; } = Check.Rate(stddev, "GaussianNoise", nameof(stddev));

    private protected override SymbolicTensor? Noisy(SymbolicTensor x, Operators.RandomStream stream) =>
        Stddev == 0 ? null : x + Ops.Make(new Operators.RandomNormal(stream, 0, (float)Stddev), x);
}

/// <summary>
/// In training, multiplies by normal noise: <c>y = x N(1, sqrt(rate / (1 - rate)))</c>, which has the variance of Dropout at that rate; in inference, returns
/// its input.
/// </summary>
/// <remarks>
/// <para>Input and output: any shape. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/regularization_layers/gaussian_dropout/</para>
/// </remarks>
/// <param name="rate">From 0 to below 1.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The rate is not between 0 and 1, or is 1.</exception>
public sealed class GaussianDropout(double rate, int? seed = null, string? name = null) : NoiseLayer(seed, name)
{
    /// <summary>The rate of the equivalent Dropout.</summary>
    public double Rate { get; } = rate < 1
        ? Check.Rate(rate, "GaussianDropout", nameof(rate))
        : throw Check.Option("GaussianDropout", nameof(rate), Check.Text(rate), "a number from 0 to below 1");

    private protected override SymbolicTensor? Noisy(SymbolicTensor x, Operators.RandomStream stream) =>
        Rate == 0 ? null : x * Ops.Make(new Operators.RandomNormal(stream, 1, (float)Math.Sqrt(Rate / (1 - Rate))), x);
}

/// <summary>
/// Dropout for networks with selu: in training, dropped elements take selu's lowest value, and the result is scaled to keep mean and variance (Klambauer et al.
/// 2017).
/// </summary>
/// <remarks>
/// <para><c>y = a (kept ? x : p) + b</c> with <c>p = -1.7581</c>, <c>a = ((1 - rate)(1 + rate p^2))^-0.5</c>, <c>b = -a p rate</c>.</para>
/// <para>Input and output: any shape. No weights. Keras: https://keras.io/api/layers/regularization_layers/alpha_dropout/</para>
/// </remarks>
/// <param name="rate">The fraction of elements dropped, from 0 to 1.</param>
/// <param name="noiseShape">The shape of the decisions, with 1 where one decision holds for the whole axis; the input's shape by default.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The rate is not between 0 and 1.</exception>
public sealed class AlphaDropout(double rate, Shape? noiseShape = null, int? seed = null, string? name = null) : NoiseLayer(seed, name)
{
    private const double Lowest = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946;

    /// <summary>The fraction of elements dropped.</summary>
    public double Rate { get; } = Check.Rate(rate, "AlphaDropout", nameof(rate));

    /// <summary>The shape of the dropout decisions, with 1 where one decision holds for the whole axis; the input's shape by default.</summary>
    public Shape? NoiseShape { get; } = noiseShape;

    private protected override SymbolicTensor? Noisy(SymbolicTensor x, Operators.RandomStream stream)
    {
        if (Rate == 0) return null;
        if (Rate == 1) return Ops.ZerosLike(x);
        var decisions = x;
        foreach (var axis in Ops.SharedNoiseAxes(NoiseShape, x)) decisions = Ops.Slice(decisions, axis, 0, 1);
        var kept = Ops.GreaterEqual(Ops.Make(new Operators.RandomUniform(stream, 0, 1), decisions), Rate);
        var scale = 1 / Math.Sqrt((1 - Rate) * (1 + (Rate * Lowest * Lowest)));
        return (Ops.Where(kept, x, (float)Lowest) * (float)scale) + (float)(-scale * Lowest * Rate);
    }
}
