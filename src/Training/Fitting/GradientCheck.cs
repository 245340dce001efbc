using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <summary>Compares the gradient of a model's loss with finite differences.</summary>
/// <remarks>
/// <para>
/// Differences of a loss in float32 are uncertain by its rounding, divided by the step; by its curvature; and by kinks, such as those of relu and max pooling,
/// within the step. Rounding is measured (Moré and Wild 2011, https://doi.org/10.1137/100786125), the others are what both sides differ by. Of several steps
/// the most certain counts. Where it is less certain than the tolerance, the element is skipped and counted.
/// </para>
/// </remarks>
/// <example><code>
/// var report = GradientCheck.Run(model, Loss.MeanSquaredError, x, y);
/// Console.WriteLine($"{report.Passed}: {report}");
/// </code></example>
public static class GradientCheck
{
    // Times the magnitude of the weights; beside larger ones lie kinks, below smaller ones only rounding.
    private static readonly double[] s_steps = [1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-2];

    /// <summary>Compares some elements of every weight's gradient: those with the largest gradients, and others spread over the weight.</summary>
    /// <param name="model">The model; its weights are moved and put back.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="x">Input data; a few samples are enough.</param>
    /// <param name="y">Targets.</param>
    /// <param name="elements">How many elements of each weight are compared, at most.</param>
    /// <param name="tolerance">The difference allowed, relative to the larger of both values and to a hundredth of the largest gradient.</param>
    /// <returns>What was compared, weight by weight; its text is a table.</returns>
    /// <exception cref="ModelException">The data do not fit the model, or the number of elements or the tolerance is not positive.</exception>
    public static GradientReport Run(Model model, Loss loss, NDArrays x, NDArrays y, int elements = 8, double tolerance = 0.05)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (elements < 1) throw new ModelException($"{nameof(elements)} is {elements}; expected 1 or more.");
        if (!(tolerance > 0)) throw new ModelException($"{nameof(tolerance)} is {tolerance}; expected a positive number.");
        var trainer = model.Compile(new Sgd(), loss);
        var gradients = trainer.ComputeGradients(x, y).ToDictionary(entry => entry.Key, entry => entry.Value.ToArray());
        var largest = gradients.Values.SelectMany(gradient => gradient).Select(value => (double)Math.Abs(value)).DefaultIfEmpty().Max();
        var slopes = new LossSlopes(model, () => trainer.TrainingLoss(x, y));
        var rows = new List<GradientComparison>();
        foreach (var (path, weight) in model.WeightPaths())
        {
            if (!gradients.TryGetValue(path, out var gradient)) continue;
            rows.Add(Compare(path, weight, gradient));
        }

        return new GradientReport(rows, tolerance);

        GradientComparison Compare(string path, Weight weight, float[] gradient)
        {
            var (agreeing, kinks, noisy, worst) = (0, 0, 0, default(GradientDifference));
            foreach (var element in Chosen(gradient, elements))
            {
                var found = Slope(weight, element, gradient[element]);
                if (found.Uncertainty > Allowed(found.Value, gradient[element]))
                {
                    _ = found.IsKinked ? kinks++ : noisy++;
                    continue;
                }

                var isWrong = found.Excess(gradient[element], Allowed(found.Value, gradient[element])) > 0;
                if (isWrong && !IsWrongNearby(weight, element, gradient[element], found))
                {
                    kinks++;
                    continue;
                }

                if (!isWrong) agreeing++;
                var difference = new GradientDifference(element, gradient[element], found.Value, Relative(found.Value, gradient[element]), isWrong);
                if (worst is null || (difference.IsWrong, difference.Relative).CompareTo((worst.IsWrong, worst.Relative)) > 0) worst = difference;
            }

            return new GradientComparison(path, weight.Shape, agreeing, kinks, noisy, worst);
        }

        // The most certain of the steps; the first that is certain and agrees is enough.
        LossSlope Slope(Weight weight, int element, double gradient)
        {
            LossSlope? best = null;
            LossSlope? before = null;
            foreach (var step in s_steps)
            {
                var slope = slopes.Of(weight, element, step);
                var paired = before is { } last ? slope.Beside(last) : (LossSlope?)null;
                before = slope;
                if (paired is not { } candidate) continue;
                if (best is null || candidate.Uncertainty < best.Value.Uncertainty) best = candidate;
                var allowed = Allowed(best.Value.Value, gradient);
                if (best.Value.Uncertainty <= allowed / 4 && best.Value.Excess(gradient, allowed) <= 0) break;
            }

            return best!.Value;
        }

        // Kinks that lie alike on both sides of two steps leave the smallest steps at which rounding still lets the difference be seen.
        bool IsWrongNearby(Weight weight, int element, double gradient, LossSlope found)
        {
            if (LossSlope.StayApart([.. s_steps.Order().Select(step => slopes.Of(weight, element, step))])) return false;
            var smallest = 4 * slopes.Rounding / Math.Abs(found.Value - gradient) / Math.Max(1, Math.Abs(weight.Storage[element]));
            return new[] { 1, 1.7, 3 }.All(factor =>
            {
                var slope = slopes.Of(weight, element, smallest * factor);
                return slope.Excess(gradient, Allowed(slope.Value, gradient)) > 0;
            });
        }

        double Scale(double numeric, double gradient) => Math.Max(Math.Max(Math.Abs(numeric), Math.Abs(gradient)), Math.Max(1e-6, largest * 0.01));

        double Allowed(double numeric, double gradient) => tolerance * Scale(numeric, gradient);

        double Relative(double numeric, double gradient) => Math.Abs(numeric - gradient) / Scale(numeric, gradient);
    }

    /// <summary>Half of them the largest, the others spread evenly.</summary>
    private static IEnumerable<int> Chosen(float[] gradient, int count)
    {
        if (gradient.Length <= count) return Enumerable.Range(0, gradient.Length);
        var large = Enumerable.Range(0, gradient.Length).OrderByDescending(i => Math.Abs(gradient[i])).Take(count / 2);
        return large.Concat(EvenSpread.Of(gradient.Length, count)).Distinct().Take(count);
    }
}
