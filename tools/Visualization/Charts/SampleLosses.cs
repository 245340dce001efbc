using System.Globalization;
using OnnxFunctional.Training;

namespace OnnxFunctional.Visualization;

/// <summary>How wrong each prediction is, and how to say so.</summary>
/// <param name="Losses">The loss of each sample.</param>
/// <param name="Truth">What is true, in words or numbers.</param>
/// <param name="Predicted">What was predicted.</param>
/// <param name="Wrong">The number of samples whose class was taken for another; null for numbers.</param>
internal sealed record SampleLosses(double[] Losses, string[] Truth, string[] Predicted, bool[]? Wrong)
{
    // Keras' epsilon: a probability of 0 has a finite loss.
    private const double Epsilon = 1e-7;

    /// <summary>What the losses are.</summary>
    public string Kind => Wrong is null ? "absolute error" : "cross-entropy";

    /// <summary>
    /// Cross-entropies of classes, or absolute errors of numbers: several scores with class numbers or one-hot rows, and one probability with 0 and 1, are
    /// of classes.
    /// </summary>
    /// <exception cref="ModelException">The arrays do not fit each other.</exception>
    public static SampleLosses Of(NDArray yTrue, NDArray yPred, IReadOnlyList<string>? classNames)
    {
        if (yTrue.Count != yPred.Count || yTrue.Count == 0)
            throw new ModelException($"yTrue has {yTrue.Count} samples and yPred {yPred.Count}; expected the same number, at least one.");
        var (truth, predicted) = (ClassScores.Rows(yTrue, "yTrue"), ClassScores.Rows(yPred, "yPred"));
        return IsOfClasses(truth, predicted) ? OfClasses(ClassScores.Of(yTrue, yPred, classNames)) : OfNumbers(truth, predicted, classNames);
    }

    private static bool IsOfClasses(double[][] truth, double[][] predicted)
    {
        var width = truth[0].Length;
        if (predicted[0].Length == 1)
            return width == 1 && truth.All(row => row[0] is 0 or 1) && predicted.All(row => row[0] is >= 0 and <= 1);
        return width == 1 || truth.All(row => row.Count(value => value == 1) == 1 && row.Count(value => value == 0) == width - 1);
    }

    private static SampleLosses OfClasses(ClassScores scores)
    {
        var predicted = scores.Predicted;
        var areProbabilities = scores.Scores.All(row => row.All(score => score is >= 0 and <= 1) && Math.Abs(row.Sum() - 1) < 1e-3);
        return new SampleLosses(
            [.. scores.Scores.Zip(scores.Truth, (row, truth) => areProbabilities ? -Math.Log(Math.Max(row[truth], Epsilon)) : LogSum(row) - row[truth])],
            [.. scores.Truth.Select(truth => scores.Names[truth])],
            [.. scores.Scores.Zip(predicted, (row, best) => scores.Names[best] + " " + row[best].ToString("0.00", CultureInfo.InvariantCulture))],
            [.. scores.Truth.Zip(predicted, (truth, best) => truth != best)]);
    }

    private static SampleLosses OfNumbers(double[][] truth, double[][] predicted, IReadOnlyList<string>? classNames)
    {
        if (truth[0].Length != predicted[0].Length)
            throw new ModelException($"yTrue has {truth[0].Length} values per sample and yPred {predicted[0].Length}; expected the same number, or classes.");
        if (classNames is not null)
        {
            throw new ModelException(
                "classNames are given, but yTrue and yPred are numbers of a regression: expected class numbers or one-hot rows, and probabilities.");
        }

        return new SampleLosses(
            [.. truth.Zip(predicted, (expected, got) => expected.Zip(got, (a, b) => Math.Abs(a - b)).Average())],
            [.. truth.Select(Numbers)],
            [.. predicted.Select(Numbers)],
            null);
    }

    private static string Numbers(double[] values) =>
        string.Join(" ", values.Take(3).Select(value => value.ToString("G4", CultureInfo.InvariantCulture))) + (values.Length > 3 ? " ..." : "");

    private static double LogSum(double[] row)
    {
        var greatest = row.Max();
        return greatest + Math.Log(row.Sum(value => Math.Exp(value - greatest)));
    }
}
