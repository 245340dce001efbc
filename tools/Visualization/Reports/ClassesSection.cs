using System.Globalization;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Metrics;

namespace OnnxFunctional.Visualization.Reports;

/// <summary>The confusion matrix of an output, and how well each class is recognized.</summary>
internal static class ClassesSection
{
    // More columns are no table to read.
    private const int MostClasses = 50;
    private const int PairsShown = 10;

    /// <summary>Writes them.</summary>
    public static void Add(JudgedOutput output, Html html)
    {
        var (truth, predicted, names) = (output.TrueClasses(), output.PredictedClasses(), output.ClassNames);
        var counts = new int[names.Count, names.Count];
        foreach (var (t, p) in truth.Zip(predicted)) counts[t, p]++;
        var right = Enumerable.Range(0, names.Count).Sum(i => counts[i, i]);
        html.Paragraph(string.Create(
            CultureInfo.InvariantCulture, $"{right} of {truth.Length} samples are right, {right / (double)Math.Max(1, truth.Length):P2}."));
        if (names.Count <= MostClasses) Matrix(counts, names, html);
        else html.Paragraph($"A matrix of {names.Count} classes is no table to read; at most {MostClasses} are shown.", "missing");
        Pairs(counts, names, html);
        Scores(output, html);
    }

    private static void Matrix(int[,] counts, IReadOnlyList<string> names, Html html)
    {
        html.Table(
            "Confusion matrix: rows are true classes, columns predicted ones",
            ["truth \\ predicted", .. names],
            Enumerable.Range(0, names.Count).Select(row =>
            {
                var sum = Enumerable.Range(0, names.Count).Sum(column => counts[row, column]);
                var cells = Enumerable.Range(0, names.Count).Select(column => Shaded(counts[row, column], sum, row == column));
                return (Cell[])[new(Html.Encoded(names[row])), .. cells];
            }),
            [.. Enumerable.Range(1, names.Count)]);

        static Cell Shaded(int count, int sum, bool isRight) => new(
            count.ToString(CultureInfo.InvariantCulture),
            count == 0 ? " data-shade=\"none\"" : string.Create(
                CultureInfo.InvariantCulture, $" data-shade=\"{(isRight ? "right" : "wrong")}\" style=\"--share:{100.0 * count / sum:0.#}%\""));
    }

    private static void Pairs(int[,] counts, IReadOnlyList<string> names, Html html)
    {
        var pairs = new List<(int Truth, int Predicted, int Count)>();
        for (var i = 0; i < names.Count; i++)
        {
            for (var j = 0; j < names.Count; j++)
            {
                if (i != j && counts[i, j] > 0) pairs.Add((i, j, counts[i, j]));
            }
        }

        if (pairs.Count == 0) return;
        var most = pairs.OrderByDescending(pair => pair.Count).ThenBy(pair => (pair.Truth, pair.Predicted)).Take(PairsShown)
            .Select(pair => string.Create(CultureInfo.InvariantCulture, $"{names[pair.Truth]} as {names[pair.Predicted]} ({pair.Count})"));
        html.Paragraph($"Most often taken for another class: {string.Join(", ", most)}.");
    }

    private static void Scores(JudgedOutput output, Html html)
    {
        var matrix = new ConfusionMatrix(output.ClassNames.Count);
        matrix.Add(output.TrueClasses(), Decided(output));
        var report = matrix.Report(output.ClassNames);
        html.Markup("<details><summary>Precision, recall and F1 of each class</summary>\n").Table(
            "Scores of each class",
            ["Class", "Precision", "Recall", "F1", "Samples"],
            report.Classes.Append(report.Macro).Append(report.Weighted).Select(score => (string[])[
                score.Name, Share(score.Precision), Share(score.Recall), Share(score.F1), Html.Count(score.Support),
            ]),
            1, 2, 3, 4).Markup("</details>\n");
    }

    /// <summary>The matrix compares a single output with one half.</summary>
    private static NDArray Decided(JudgedOutput output) =>
        output.Width == 1
            ? NDArray.Create(Array.ConvertAll(output.PredictedClasses(), value => (float)value), [output.Predictions.Count, 1])
            : output.Predictions;

    private static string Share(double value) => value.ToString("F4", CultureInfo.InvariantCulture);
}
