using System.Globalization;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Visualization.Reports;

/// <summary>The samples with the highest loss: pictures where inputs are images, else their values.</summary>
internal static class WorstSection
{
    private const int ValuesShown = 8;

    /// <summary>Writes them.</summary>
    public static void Add(ReportSource source, JudgedOutput output, Html html)
    {
        string kind;
        IReadOnlyList<(int Sample, float Loss)> worst;
        try
        {
            (kind, worst) = WorstSamples.Of(output, source.Worst);
        }
        catch (ModelException refusal)
        {
            html.Paragraph(refusal.Message, "missing");
            return;
        }

        html.Paragraph($"The {worst.Count} samples with the highest {kind}, highest first. Samples are counted from 0.");
        var inputs = source.Model.InputNames.Zip(DataChecks.Inputs(source.Model, source.X!)).ToList();
        var pictures = inputs.Where(input => SamplePicture.IsImage(input.Second)).ToList();
        var (truth, predicted) = output.Kind == OutputKind.Classes ? (output.TrueClasses(), output.PredictedClasses()) : ([], []);
        if (pictures.Count == 0)
        {
            html.Table(
                "Samples with the highest loss",
                ["Sample", "Loss", "Truth", "Prediction", .. inputs.Select(input => input.First)],
                worst.Select(entry => (string[])[
                    entry.Sample.ToString(CultureInfo.InvariantCulture), Html.Number(entry.Loss), Truth(entry.Sample), Predicted(entry.Sample),
                    .. inputs.Select(input => Values(input.Second, entry.Sample)),
                ]),
                0, 1);
            return;
        }

        html.Markup("<ul class=\"worst\">\n");
        foreach (var (sample, loss) in worst)
        {
            var words = $"truth {Truth(sample)}, predicted {Predicted(sample)}";
            html.Markup("<li>");
            foreach (var (name, array) in pictures)
            {
                var alternative = string.Create(CultureInfo.InvariantCulture, $"Sample {sample} of {name}: {words}");
                html.Markup($"<img alt=\"{Html.Encoded(alternative)}\" src=\"{SamplePicture.Draw(array, sample)}\"/>");
            }

            html.Markup("<span class=\"note\">").Text(string.Create(CultureInfo.InvariantCulture, $"sample {sample}")).Markup("</span><span>");
            html.Text(words).Markup("</span><span class=\"note\">").Text($"loss {Html.Number(loss)}").Markup("</span></li>\n");
        }

        html.Markup("</ul>\n");

        string Truth(int sample) => truth.Length > 0 ? output.ClassNames[truth[sample]] : JudgedOutput.Text(output.Truth, sample);

        string Predicted(int sample) => predicted.Length > 0
            ? $"{output.ClassNames[predicted[sample]]} ({Html.Number(output.Score(sample, predicted[sample]))})"
            : JudgedOutput.Text(output.Predictions, sample);
    }

    private static string Values(NDArray array, int sample)
    {
        var width = (int)(array.Shape.ElementCount / Math.Max(1, array.Count));
        var shown = Enumerable.Range(sample * width, Math.Min(width, ValuesShown))
            .Select(place => array.DType == DType.String ? array.TextAt(place) : Html.Number(array.ElementAt(place)));
        return string.Join(", ", shown) + (width > ValuesShown ? ", ..." : "");
    }
}
