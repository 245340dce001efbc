using System.Globalization;

namespace OnnxFunctional.Training;

/// <summary>Compares the gradient of a model's loss with finite differences.</summary>
public static class GradientCheck
{
    /// <summary>Compares some elements of every weight's gradient with <c>(loss(w + h) - loss(w - h)) / 2h</c>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="x">Input data; a few samples are enough.</param>
    /// <param name="y">Targets.</param>
    /// <param name="step">The step h.</param>
    /// <param name="tolerance">The largest difference allowed, relative to the larger of both values and to a hundredth of the largest gradient.</param>
    /// <returns>The largest relative difference found.</returns>
    /// <exception cref="ModelException">A difference exceeds the tolerance; the message names the weight, the element and both values.</exception>
    public static double Run(Model model, Loss loss, NDArrays x, NDArrays y, float step = 1e-2f, double tolerance = 0.05)
    {
        ArgumentNullException.ThrowIfNull(model);
        var trainer = model.Compile(new Sgd(), loss);
        var gradients = trainer.ComputeGradients(x, y);
        var largest = gradients.Values.SelectMany(gradient => gradient.ToArray()).Select(Math.Abs).DefaultIfEmpty().Max();
        var worst = 0.0;
        foreach (var (path, weight) in model.WeightPaths())
        {
            if (!gradients.TryGetValue(path, out var gradient)) continue;
            var expected = gradient.ToArray();
            var stride = Math.Max(1, weight.Length / 7);
            for (var i = 0; i < weight.Length; i += stride)
            {
                var kept = weight.Storage[i];
                weight.Storage[i] = kept + step;
                var above = trainer.TrainingLoss(x, y);
                weight.Storage[i] = kept - step;
                var below = trainer.TrainingLoss(x, y);
                weight.Storage[i] = kept;
                var numeric = (above - below) / (2.0 * step);
                var difference = Math.Abs(numeric - expected[i]) / Math.Max(Math.Max(Math.Abs(numeric), Math.Abs(expected[i])), Math.Max(1e-6, largest * 0.01));
                worst = Math.Max(worst, difference);
                if (difference > tolerance)
                {
                    var found = string.Create(
                        CultureInfo.InvariantCulture,
                        $"{expected[i]}, but finite differences give {numeric} (relative difference {difference:F3}, tolerance {tolerance})");
                    throw new ModelException($"The gradient of '{path}' at element {i} is {found}. Near a kink of relu or max pooling, try another step.");
                }
            }
        }

        return worst;
    }
}
