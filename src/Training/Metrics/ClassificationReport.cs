using System.Globalization;
using System.Text;
using OnnxFunctional.Notebooks;

namespace OnnxFunctional.Training.Metrics;

/// <summary>How well one class is recognized.</summary>
/// <param name="Name">The class.</param>
/// <param name="Precision">The share of the samples predicted as this class that belong to it.</param>
/// <param name="Recall">The share of its samples that were predicted as this class.</param>
/// <param name="F1">The harmonic mean of both.</param>
/// <param name="Support">How many samples it has.</param>
public sealed record ClassScore(string Name, double Precision, double Recall, double F1, double Support);

/// <summary>Precision, recall and F1 of each class and their means, like scikit-learn's classification_report.</summary>
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public sealed class ClassificationReport : IHtml
{
    internal ClassificationReport(ConfusionMatrix matrix, IReadOnlyList<string>? names)
    {
        if (names is not null && names.Count != matrix.NumClasses)
            throw new ModelException($"{names.Count} names were given for {matrix.NumClasses} classes; pass one per class.");
        var scores = new ClassScore[matrix.NumClasses];
        for (var i = 0; i < scores.Length; i++)
        {
            var (truth, predicted) = (0.0, 0.0);
            for (var j = 0; j < scores.Length; j++)
            {
                truth += matrix[i, j];
                predicted += matrix[j, i];
            }

            var (precision, recall) = (Counts.Ratio(matrix[i, i], predicted), Counts.Ratio(matrix[i, i], truth));
            var f1 = Counts.Ratio(2 * precision * recall, precision + recall);
            scores[i] = new(names?[i] ?? i.ToString(CultureInfo.InvariantCulture), precision, recall, f1, truth);
        }

        Classes = scores;
        Accuracy = matrix.Accuracy;
        Macro = Mean("macro average", _ => 1);
        Weighted = Mean("weighted average", score => score.Support);
    }

    /// <summary>The scores of each class.</summary>
    public IReadOnlyList<ClassScore> Classes { get; }

    /// <summary>The share of samples whose class was predicted correctly.</summary>
    public double Accuracy { get; }

    /// <summary>The mean over classes.</summary>
    public ClassScore Macro { get; }

    /// <summary>The mean over classes, weighted by their numbers of samples.</summary>
    public ClassScore Weighted { get; }

    /// <summary>A table.</summary>
    public override string ToString()
    {
        var width = Math.Max(16, Classes.Max(score => score.Name.Length));
        var text = new StringBuilder();
        text.Append(' ', width).Append("  precision  recall      f1  support");
        foreach (var score in Classes.Append(Macro).Append(Weighted))
        {
            text.Append('\n').Append(score.Name.PadLeft(width));
            text.Append(CultureInfo.InvariantCulture, $"  {score.Precision,9:F4}  {score.Recall,6:F4}  {score.F1,6:F4}  {score.Support,7:0.##}");
        }

        return text.Append(CultureInfo.InvariantCulture, $"\n{"accuracy".PadLeft(width)}  {Accuracy:F4}").ToString();
    }

    void IHtml.WriteHtml(HtmlWriter html)
    {
        html.Table(
            ["", "precision", "recall", "f1", "support"],
            Classes.Append(Macro).Append(Weighted).Select(score => new[]
            {
                score.Name, Share(score.Precision), Share(score.Recall), Share(score.F1), score.Support.ToString("0.##", CultureInfo.InvariantCulture),
            }),
            numbers: [1, 2, 3, 4]);
        html.Paragraph("accuracy: " + Share(Accuracy));

        static string Share(double value) => value.ToString("F4", CultureInfo.InvariantCulture);
    }

    private ClassScore Mean(string name, Func<ClassScore, double> weight)
    {
        var all = Classes.Sum(weight);
        return new(name, Of(score => score.Precision), Of(score => score.Recall), Of(score => score.F1), Classes.Sum(score => score.Support));

        double Of(Func<ClassScore, double> measure) => Counts.Ratio(Classes.Sum(score => weight(score) * measure(score)), all);
    }
}
