using System.Globalization;

namespace OnnxFunctional.Training;

/// <summary>Compares the gradient of a model's loss with finite differences.</summary>
public static class GradientCheck
{
    /// <summary>Checks some elements of every weight: <c>(loss(w + h) - loss(w - h)) / 2h</c> against the gradient.</summary>
    /// <param name="model">The model.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="x">Data of the inputs; a few samples are enough.</param>
    /// <param name="y">Targets.</param>
    /// <param name="step">The step h.</param>
    /// <param name="tolerance">The largest difference, relative to the larger of both and of a hundredth of the largest gradient.</param>
    /// <returns>The largest difference found.</returns>
    /// <exception cref="ModelException">A difference is larger; the message names the weight, the element and both numbers.</exception>
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
                    throw new ModelException(string.Create(
                        CultureInfo.InvariantCulture,
                        $"The gradient of '{path}' at element {i} is {expected[i]}, but finite differences give {numeric} (relative difference {difference:F3}, tolerance {tolerance}). Near a kink of relu or max pooling, another step may agree."));
                }
            }
        }

        return worst;
    }
}
