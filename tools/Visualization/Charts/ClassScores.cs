using OnnxFunctional.Training;

namespace OnnxFunctional.Visualization;

/// <summary>True classes and predicted scores of samples, read from the arrays that training and prediction use.</summary>
/// <param name="Truth">The class of each sample.</param>
/// <param name="Scores">For each sample, a score for each class.</param>
/// <param name="Names">The names of the classes.</param>
internal sealed record ClassScores(int[] Truth, double[][] Scores, IReadOnlyList<string> Names)
{
    public int Classes => Names.Count;

    /// <summary>The class with the highest score of each sample.</summary>
    public int[] Predicted => [.. Scores.Select(scores => Array.IndexOf(scores, scores.Max()))];

    /// <summary>Reads integers or one-hot rows, and probabilities of one or several outputs.</summary>
    /// <param name="yTrue">(samples), (samples, 1) of class numbers, or (samples, classes) with one 1 per row.</param>
    /// <param name="yPred">(samples), (samples, 1) of the probability of class 1, or (samples, classes).</param>
    /// <param name="classNames">The names of the classes; null for their numbers.</param>
    /// <exception cref="ModelException">Lengths differ, a class is out of range, or a score is not finite.</exception>
    public static ClassScores Of(NDArray yTrue, NDArray yPred, IReadOnlyList<string>? classNames)
    {
        ArgumentNullException.ThrowIfNull(yTrue);
        ArgumentNullException.ThrowIfNull(yPred);
        if (yTrue.Count != yPred.Count || yTrue.Count == 0)
            throw new ModelException($"yTrue has {yTrue.Count} samples and yPred {yPred.Count}; expected the same number, at least one.");
        var (truth, predicted) = (Rows(yTrue, "yTrue"), Rows(yPred, "yPred"));
        var scores = predicted[0].Length == 1 ? [.. predicted.Select(row => (double[])[1 - row[0], row[0]])] : predicted;
        var classes = scores[0].Length;
        if (classNames is not null && classNames.Count != classes)
            throw new ModelException($"classNames has {classNames.Count} names, and the scores are of {classes} classes.");
        var names = classNames ?? [.. Enumerable.Range(0, classes).Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture))];
        return new ClassScores([.. truth.Select((row, i) => ClassOf(row, classes, i))], scores, names);
    }

    /// <summary>The samples of an array with one row per sample.</summary>
    /// <exception cref="ModelException">It has more axes, or a number is not finite.</exception>
    public static double[][] Rows(NDArray array, string what)
    {
        if (array.Shape.Rank is 0 or > 2) throw new ModelException($"{what} has the shape {array.Shape}; expected (samples) or (samples, values).");
        var values = array.To(DType.Float32, what).ToArray();
        if (!values.All(float.IsFinite)) throw new ModelException($"{what} has numbers that are not finite.");
        var width = values.Length / array.Count;
        return [.. values.Chunk(width).Select(row => Array.ConvertAll(row, value => (double)value))];
    }

    private static int ClassOf(double[] row, int classes, int sample)
    {
        if (row.Length == 1 && row[0] >= 0 && row[0] < classes && row[0] == Math.Floor(row[0])) return (int)row[0];
        if (row.Length == classes && row.Count(value => value == 1) == 1 && row.Count(value => value == 0) == classes - 1) return Array.IndexOf(row, 1.0);
        throw new ModelException(
            $"yTrue of sample {sample} is [{string.Join(", ", row.Take(5))}]; expected a class from 0 to {classes - 1}, or {classes} numbers with one 1.");
    }
}
