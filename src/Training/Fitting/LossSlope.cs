namespace OnnxFunctional.Training;

/// <summary>A difference quotient of a loss.</summary>
/// <param name="Value">The slope.</param>
/// <param name="Rounding">How far rounding may have moved it.</param>
/// <param name="Bend">Half of what the slopes on both sides differ by: curvature, and kinks within the step.</param>
internal readonly record struct LossSlope(double Value, double Rounding, double Bend)
{
    public double Uncertainty => Rounding + Bend;

    /// <summary>Whether kinks or curvature, not rounding, make it uncertain.</summary>
    public bool IsKinked => Bend > Rounding;

    /// <summary>This slope, as uncertain as a second one of another step shows: kinks that lie alike on both sides are seen by two steps only.</summary>
    public LossSlope Beside(LossSlope other)
    {
        var better = Uncertainty <= other.Uncertainty ? this : other;
        return better with { Bend = better.Bend + Math.Max(0, Math.Abs(Value - other.Value) - Rounding - other.Rounding) };
    }

    /// <summary>Whether what both sides differ by stays while steps shrink, as at a kink; where only curvature parts them, it shrinks too.</summary>
    /// <param name="byStep">Slopes of steps of which each is three times or more the one before.</param>
    public static bool StayApart(IReadOnlyList<LossSlope> byStep) =>
        byStep.Zip(byStep.Skip(1)).Any(pair => pair.First.IsKinked && pair.First.Bend > pair.Second.Bend / 2);

    /// <summary>How far a gradient is beyond what is allowed and uncertain; not positive if it agrees.</summary>
    public double Excess(double gradient, double allowed)
    {
        var difference = Math.Abs(gradient - Value);
        return double.IsNaN(difference) ? double.PositiveInfinity : difference - allowed - Uncertainty;
    }
}

/// <summary>Slopes of a loss along single elements of weights.</summary>
internal sealed class LossSlopes
{
    // Rounding is a few times its standard deviation at most.
    private const double Deviations = 4;

    // Differences up to this order show rounding: those of a smooth function vanish.
    private const int Order = 6;

    // A few units in the last place of a weight.
    private const float SmallStep = 1f / (1 << 20);

    // Half a unit in the last place of 1.
    private const double HalfUlp = 1.0 / (1 << 24);

    private readonly Func<double> _loss;
    private readonly double _here;

    /// <param name="model">The model whose weights are moved.</param>
    /// <param name="loss">The loss with the present weights.</param>
    public LossSlopes(Model model, Func<float> loss)
    {
        _loss = () => loss();
        _here = _loss();
        Rounding = Deviations * Measured(model);
    }

    /// <summary>How far rounding may move the loss.</summary>
    public double Rounding { get; }

    /// <summary>The slope at one element.</summary>
    /// <param name="weight">The weight.</param>
    /// <param name="element">The element.</param>
    /// <param name="step">The step, relative to the element where that is above 1.</param>
    public LossSlope Of(Weight weight, int element, double step)
    {
        var kept = weight.Storage[element];
        var size = (float)(step * Math.Max(1, Math.Abs(kept)));
        var (above, below) = (Moved(kept + size), Moved(kept - size));
        weight.Storage[element] = kept;
        var (right, left) = ((above.Loss - _here) / above.Step, (below.Loss - _here) / below.Step);
        return new LossSlope((right + left) / 2, Rounding / size, Math.Abs(right - left) / 2);

        (double Loss, double Step) Moved(float value)
        {
            weight.Storage[element] = value;
            return (_loss(), (double)value - kept);
        }
    }

    /// <summary>The standard deviation of the loss's rounding: from the differences of its values at steps so small that nothing else changes it.</summary>
    private double Measured(Model model)
    {
        Weight[] weights = [.. model.Weights.Where(weight => weight.Trainable)];
        var kept = weights.Select(weight => weight.Storage.ToArray()).ToArray();
        var random = new RandomNumbers(0, nameof(GradientCheck));
        var directions = kept.Select(values => values.Select(_ => random.Uniform() < 0.5f ? -1f : 1f).ToArray()).ToArray();
        var values = new double[Order + 1];
        try
        {
            for (var i = 0; i < values.Length; i++)
            {
                for (var w = 0; w < weights.Length; w++)
                {
                    var storage = weights[w].Storage;
                    for (var j = 0; j < storage.Length; j++) storage[j] = kept[w][j] * (1 + (directions[w][j] * i * SmallStep));
                }

                values[i] = _loss();
            }
        }
        finally
        {
            for (var w = 0; w < weights.Length; w++) kept[w].CopyTo(weights[w].Storage, 0);
        }

        // Differences of order k of independent errors have (2k)! / (k!)^2 times their variance.
        var (variance, factor) = (0.0, 1.0);
        for (var k = 1; k <= Order; k++)
        {
            for (var i = 0; i + k < values.Length; i++) values[i] = values[i + 1] - values[i];
            factor *= (2.0 * k) * ((2.0 * k) - 1) / ((double)k * k);
            var count = values.Length - k;
            var mean = values.Take(count).Sum(value => value * value) / count;
            if (k >= 3) variance = Math.Max(variance, mean / factor);
        }

        // A loss is itself a float32 number.
        return Math.Sqrt(variance) + (Math.Abs(_here) * HalfUlp);
    }
}
