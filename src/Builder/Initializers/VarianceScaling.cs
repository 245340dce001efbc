namespace OnnxFunctional.Initializers;

/// <summary>The number of connections that the variance is divided by.</summary>
public enum FanMode
{
    /// <summary>The inputs of a unit.</summary>
    FanIn,

    /// <summary>The outputs of a unit.</summary>
    FanOut,

    /// <summary>The mean of both.</summary>
    FanAvg,
}

/// <summary>The distribution of random values.</summary>
public enum RandomDistribution
{
    /// <summary>Normal; values beyond two standard deviations are redrawn.</summary>
    TruncatedNormal,

    /// <summary>Normal.</summary>
    UntruncatedNormal,

    /// <summary>Uniform within a limit.</summary>
    Uniform,
}

/// <summary>Random values whose variance is <c>scale / max(1, fan)</c>, so that signals keep their size from layer to layer.</summary>
/// <param name="scale">The factor on the variance.</param>
/// <param name="mode">The number of connections that divides the variance.</param>
/// <param name="distribution">The distribution.</param>
/// <param name="seed">The seed; by default the model's. With a seed, all weights of the same shape get the same values, as in Keras.</param>
/// <param name="inputAxes">The axes that count as inputs of a unit; Keras' rule for kernels by default.</param>
/// <param name="outputAxes">The axes that count as outputs of a unit; Keras' rule for kernels by default.</param>
/// <exception cref="ModelException">The factor is not finite.</exception>
public class VarianceScaling(
    double scale = 1,
    FanMode mode = FanMode.FanIn,
    RandomDistribution distribution = RandomDistribution.TruncatedNormal,
    int? seed = null,
    IntValues? inputAxes = null,
    IntValues? outputAxes = null)
    : RandomInitializer(seed)
{
    // The standard deviation of a standard normal distribution truncated at -2 and 2.
    private const double TruncatedDeviation = 0.87962566103423978;

    /// <summary>The factor on the variance.</summary>
    public double Scale { get; } = Check.Finite(scale, nameof(VarianceScaling), nameof(scale));

    /// <summary>The number of connections that divides the variance.</summary>
    public FanMode Mode { get; } = mode;

    /// <summary>The distribution.</summary>
    public RandomDistribution Distribution { get; } = distribution;

    /// <summary>The axes that count as inputs of a unit; default: Keras' rule for kernels.</summary>
    public IntValues? InputAxes { get; } = inputAxes;

    /// <summary>The axes that count as outputs of a unit; default: Keras' rule for kernels.</summary>
    public IntValues? OutputAxes { get; } = outputAxes;

    /// <inheritdoc/>
    protected override void Draw(Shape shape, RandomNumbers random, Span<float> values)
    {
        var (fanIn, fanOut) = InputAxes is { } inputs && OutputAxes is { } outputs
            ? (Product(shape, inputs), Product(shape, outputs))
            : Fans(shape);
        var fan = Mode switch { FanMode.FanIn => fanIn, FanMode.FanOut => fanOut, _ => (fanIn + fanOut) / 2 };
        var variance = Scale / Math.Max(1, fan);
        switch (Distribution)
        {
            case RandomDistribution.Uniform:
                var limit = (float)Math.Sqrt(3 * variance);
                foreach (ref var value in values) value = limit * ((2 * random.Uniform()) - 1);
                break;
            case RandomDistribution.UntruncatedNormal:
                foreach (ref var value in values) value = (float)Math.Sqrt(variance) * random.Normal();
                break;
            default:
                foreach (ref var value in values) value = (float)(Math.Sqrt(variance) / TruncatedDeviation) * random.TruncatedNormal();
                break;
        }
    }

    private static double Product(Shape shape, IntValues axes) => axes.Aggregate(1.0, (product, axis) => product * shape.Dim(axis));
}

/// <summary>Uniform within <c>sqrt(6 / (fan_in + fan_out))</c> of zero.</summary>
/// <param name="seed">The seed; by default the model's. With a seed, all weights of the same shape get the same values, as in Keras.</param>
/// <param name="inputAxes">The axes that count as inputs of a unit; Keras' rule for kernels by default.</param>
/// <param name="outputAxes">The axes that count as outputs of a unit; Keras' rule for kernels by default.</param>
public sealed class GlorotUniform(int? seed = null, IntValues? inputAxes = null, IntValues? outputAxes = null)
    : VarianceScaling(1, FanMode.FanAvg, RandomDistribution.Uniform, seed, inputAxes, outputAxes);

/// <summary>Truncated normal with variance <c>2 / (fan_in + fan_out)</c>.</summary>
/// <param name="seed">The seed; by default the model's. With a seed, all weights of the same shape get the same values, as in Keras.</param>
/// <param name="inputAxes">The axes that count as inputs of a unit; Keras' rule for kernels by default.</param>
/// <param name="outputAxes">The axes that count as outputs of a unit; Keras' rule for kernels by default.</param>
public sealed class GlorotNormal(int? seed = null, IntValues? inputAxes = null, IntValues? outputAxes = null)
    : VarianceScaling(1, FanMode.FanAvg, RandomDistribution.TruncatedNormal, seed, inputAxes, outputAxes);

/// <summary>Uniform within <c>sqrt(6 / fan_in)</c> of zero.</summary>
/// <param name="seed">The seed; by default the model's. With a seed, all weights of the same shape get the same values, as in Keras.</param>
/// <param name="inputAxes">The axes that count as inputs of a unit; Keras' rule for kernels by default.</param>
/// <param name="outputAxes">The axes that count as outputs of a unit; Keras' rule for kernels by default.</param>
public sealed class HeUniform(int? seed = null, IntValues? inputAxes = null, IntValues? outputAxes = null)
    : VarianceScaling(2, FanMode.FanIn, RandomDistribution.Uniform, seed, inputAxes, outputAxes);

/// <summary>Truncated normal with variance <c>2 / fan_in</c>.</summary>
/// <param name="seed">The seed; by default the model's. With a seed, all weights of the same shape get the same values, as in Keras.</param>
/// <param name="inputAxes">The axes that count as inputs of a unit; Keras' rule for kernels by default.</param>
/// <param name="outputAxes">The axes that count as outputs of a unit; Keras' rule for kernels by default.</param>
public sealed class HeNormal(int? seed = null, IntValues? inputAxes = null, IntValues? outputAxes = null)
    : VarianceScaling(2, FanMode.FanIn, RandomDistribution.TruncatedNormal, seed, inputAxes, outputAxes);

/// <summary>Uniform within <c>sqrt(3 / fan_in)</c> of zero.</summary>
/// <param name="seed">The seed; by default the model's. With a seed, all weights of the same shape get the same values, as in Keras.</param>
/// <param name="inputAxes">The axes that count as inputs of a unit; Keras' rule for kernels by default.</param>
/// <param name="outputAxes">The axes that count as outputs of a unit; Keras' rule for kernels by default.</param>
public sealed class LecunUniform(int? seed = null, IntValues? inputAxes = null, IntValues? outputAxes = null)
    : VarianceScaling(1, FanMode.FanIn, RandomDistribution.Uniform, seed, inputAxes, outputAxes);

/// <summary>Truncated normal with variance <c>1 / fan_in</c>.</summary>
/// <param name="seed">The seed; by default the model's. With a seed, all weights of the same shape get the same values, as in Keras.</param>
/// <param name="inputAxes">The axes that count as inputs of a unit; Keras' rule for kernels by default.</param>
/// <param name="outputAxes">The axes that count as outputs of a unit; Keras' rule for kernels by default.</param>
public sealed class LecunNormal(int? seed = null, IntValues? inputAxes = null, IntValues? outputAxes = null)
    : VarianceScaling(1, FanMode.FanIn, RandomDistribution.TruncatedNormal, seed, inputAxes, outputAxes);
