namespace OnnxFunctional.Initializers;

/// <summary>All zeros.</summary>
public sealed class Zeros : Initializer
{
    /// <inheritdoc/>
    protected internal override void Fill(Shape shape, RandomNumbers random, Span<float> values) => values.Clear();
}

/// <summary>All ones.</summary>
public sealed class Ones : Initializer
{
    /// <inheritdoc/>
    protected internal override void Fill(Shape shape, RandomNumbers random, Span<float> values) => values.Fill(1);
}

/// <summary>The same value for all elements.</summary>
/// <param name="value">The value.</param>
/// <exception cref="ModelException">The value is not finite.</exception>
public sealed class Constant(double value = 0) : Initializer
{
    /// <summary>The value.</summary>
    public double Value { get; } = Check.Finite(value, nameof(Constant), nameof(value));

    /// <inheritdoc/>
    protected internal override void Fill(Shape shape, RandomNumbers random, Span<float> values) => values.Fill((float)Value);
}

/// <summary>An identity matrix times a factor.</summary>
/// <param name="gain">The value on the diagonal.</param>
/// <exception cref="ModelException">The value is not finite.</exception>
public sealed class IdentityInitializer(double gain = 1) : Initializer
{
    /// <summary>The value on the diagonal.</summary>
    public double Gain { get; } = Check.Finite(gain, "Identity", nameof(gain));

    /// <inheritdoc/>
    protected internal override void Fill(Shape shape, RandomNumbers random, Span<float> values)
    {
        if (shape.Rank != 2)
            throw new ModelException($"An identity matrix has two dimensions, but the weight has shape {shape}. Choose another initializer.");
        values.Clear();
        for (var i = 0; i < Math.Min(shape.Dims[0], shape.Dims[1]); i++) values[(i * shape.Dims[1]) + i] = (float)Gain;
    }
}

/// <summary>An initializer that draws random values, from its own seed if it has one, otherwise from the model's seed and the weight's name.</summary>
/// <param name="seed">The seed; by default the model's.</param>
public abstract class RandomInitializer(int? seed = null) : Initializer
{
    /// <summary>
    /// The seed, or <see langword="null"/> to use the model's. With a seed, all weights of the same shape get the same values, as in Keras.
    /// </summary>
    public int? Seed { get; } = seed;

    /// <inheritdoc/>
    protected internal sealed override void Fill(Shape shape, RandomNumbers random, Span<float> values) =>
        Draw(shape, Seed is { } seed ? new RandomNumbers(unchecked((ulong)seed), GetType().Name) : random, values);

    /// <summary>Fills a weight, row by row, with values drawn from <paramref name="random"/>.</summary>
    /// <param name="shape">The shape of the weight.</param>
    /// <param name="random">The source of random numbers.</param>
    /// <param name="values">Receives the elements, row by row.</param>
    protected abstract void Draw(Shape shape, RandomNumbers random, Span<float> values);
}

/// <summary>Uniform between two bounds.</summary>
/// <param name="minval">The lower bound, inclusive.</param>
/// <param name="maxval">The upper bound, exclusive.</param>
/// <param name="seed">The seed; by default the model's. With a seed, all weights of the same shape get the same values, as in Keras.</param>
/// <exception cref="ModelException">A bound is not finite.</exception>
public sealed class RandomUniform(double minval = -0.05, double maxval = 0.05, int? seed = null) : RandomInitializer(seed)
{
    /// <summary>The lower bound, inclusive.</summary>
    public double Minval { get; } = Check.Finite(minval, nameof(RandomUniform), nameof(minval));

    /// <summary>The upper bound, exclusive.</summary>
    public double Maxval { get; } = Check.Finite(maxval, nameof(RandomUniform), nameof(maxval));

    /// <inheritdoc/>
    protected override void Draw(Shape shape, RandomNumbers random, Span<float> values)
    {
        var (least, range) = ((float)Minval, (float)Maxval - (float)Minval);
        foreach (ref var value in values) value = least + (random.Uniform() * range);
    }
}

/// <summary>Normal with a given mean and standard deviation.</summary>
/// <param name="mean">The mean.</param>
/// <param name="stddev">The standard deviation.</param>
/// <param name="seed">The seed; by default the model's. With a seed, all weights of the same shape get the same values, as in Keras.</param>
/// <exception cref="ModelException">Mean or standard deviation is not finite.</exception>
public sealed class RandomNormal(double mean = 0, double stddev = 0.05, int? seed = null) : RandomInitializer(seed)
{
    /// <summary>The mean.</summary>
    public double Mean { get; } = Check.Finite(mean, nameof(RandomNormal), nameof(mean));

    /// <summary>The standard deviation.</summary>
    public double Stddev { get; } = Check.Finite(stddev, nameof(RandomNormal), nameof(stddev));

    /// <inheritdoc/>
    protected override void Draw(Shape shape, RandomNumbers random, Span<float> values)
    {
        var (mean, stddev) = ((float)Mean, (float)Stddev);
        foreach (ref var value in values) value = mean + (random.Normal() * stddev);
    }
}

/// <summary>Normal with a given mean and standard deviation; values beyond two standard deviations are redrawn.</summary>
/// <param name="mean">The mean.</param>
/// <param name="stddev">The standard deviation before truncation.</param>
/// <param name="seed">The seed; by default the model's. With a seed, all weights of the same shape get the same values, as in Keras.</param>
/// <exception cref="ModelException">Mean or standard deviation is not finite.</exception>
public sealed class TruncatedNormal(double mean = 0, double stddev = 0.05, int? seed = null) : RandomInitializer(seed)
{
    /// <summary>The mean.</summary>
    public double Mean { get; } = Check.Finite(mean, nameof(TruncatedNormal), nameof(mean));

    /// <summary>The standard deviation before truncation.</summary>
    public double Stddev { get; } = Check.Finite(stddev, nameof(TruncatedNormal), nameof(stddev));

    /// <inheritdoc/>
    protected override void Draw(Shape shape, RandomNumbers random, Span<float> values)
    {
        var (mean, stddev) = ((float)Mean, (float)Stddev);
        foreach (ref var value in values) value = mean + (random.TruncatedNormal() * stddev);
    }
}

/// <summary>Orthogonal rows or columns (Saxe et al. 2014): the Q of a random matrix with the signs of R's diagonal.</summary>
/// <param name="gain">The factor on all values.</param>
/// <param name="seed">The seed; by default the model's. With a seed, all weights of the same shape get the same values, as in Keras.</param>
/// <exception cref="ModelException">The factor is not finite.</exception>
public sealed class Orthogonal(double gain = 1, int? seed = null) : RandomInitializer(seed)
{
    /// <summary>The factor on all values.</summary>
    public double Gain { get; } = Check.Finite(gain, nameof(Orthogonal), nameof(gain));

    /// <inheritdoc/>
    protected override void Draw(Shape shape, RandomNumbers random, Span<float> values)
    {
        if (shape.Rank < 2)
            throw new ModelException($"Orthogonal needs at least two dimensions, but the weight has shape {shape}. Choose another initializer.");
        var columns = shape.Dims[^1];
        var rows = values.Length / columns;
        var (length, count) = (Math.Max(rows, columns), Math.Min(rows, columns));
        var basis = new double[count][];
        for (var i = 0; i < count; i++)
        {
            var vector = new double[length];
            for (var j = 0; j < length; j++) vector[j] = random.Normal();

            // Twice, because one pass of Gram-Schmidt loses orthogonality to rounding. Gram-Schmidt always gives a positive diagonal of R.
            for (var pass = 0; pass < 2; pass++)
            {
                for (var k = 0; k < i; k++)
                {
                    var dot = 0.0;
                    for (var j = 0; j < length; j++) dot += vector[j] * basis[k][j];
                    for (var j = 0; j < length; j++) vector[j] -= dot * basis[k][j];
                }
            }

            var norm = 0.0;
            foreach (var element in vector) norm += element * element;
            norm = Math.Sqrt(norm);
            for (var j = 0; j < length; j++) vector[j] /= norm;
            basis[i] = vector;
        }

        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
                values[(row * columns) + column] = (float)(Gain * (rows >= columns ? basis[column][row] : basis[row][column]));
        }
    }
}
