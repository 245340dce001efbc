using System.Security.Cryptography;
using System.Text;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Visualization.Reports;

/// <summary>A page that needs nothing but itself: HTML, styles, script, pictures.</summary>
internal static class ReportPage
{
    // What layers compute is collected over so many samples; more change the numbers little and take time.
    private const int SamplesInside = 256;

    private static readonly Lazy<string> s_styles = new(() => Resource("report.css"));
    private static readonly Lazy<string> s_script = new(() => Resource("report.js"));

    /// <summary>The page.</summary>
    /// <exception cref="ModelException">The model is not built, or the data does not fit it.</exception>
    public static string Write(ReportSource source)
    {
        Check(source);
        var layers = LayerFacts.Of(source.Model);
        var numbers = new List<PredictedNumbers>();
        var sections = new List<ReportSection> { GraphSection.Of(source.Model), Curves(source) };
        if (!source.IsLive)
        {
            sections.Add(VerificationSection.Of(source.Verification));
            sections.AddRange(Outputs(source, numbers));
        }

        sections.Add(CostSection.Of(source.Model, layers, source.Profile));
        sections.Add(EnvironmentSection.Of());
        var title = source.IsLive ? $"Training of {source.Model.Name}" : $"Report of {source.Model.Name}";
        return Page(title, Overview(source), sections, PageData.Of(source, layers, Inside(source), numbers));
    }

    private static void Check(ReportSource source)
    {
        if (source.X is { } x) DataChecks.Build(source.Model, x);
        if (!source.Model.IsBuilt) throw source.Model.NotBuilt();
        if (source.Y is not null && source.X is null) throw new ModelException("y was given without x. Pass the inputs of the samples too.");
        if (source.Worst < 1) throw new ModelException($"worst is {source.Worst}; expected at least 1.");
        if (source.ClassNames is not null && source.Y is null)
            throw new ModelException("classNames was given without y. Pass the targets of the samples too.");
        if (source.X is { } data && DataChecks.Inputs(source.Model, data)[0].Count == 0) throw new ModelException("x holds no sample; expected at least one.");
    }

    private static string Page(string title, string overview, List<ReportSection> sections, string data)
    {
        // Only this script runs, and nothing is asked for from anywhere but the page's own server, if it has one.
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(s_script.Value)));
        var policy = $"default-src 'none'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; script-src 'sha256-{hash}'; base-uri 'none'; "
            + "form-action 'none'";
        var html = new Html();
        html.Markup("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
        html.Markup($"<meta http-equiv=\"Content-Security-Policy\" content=\"{Html.Encoded(policy)}\"/>\n");
        html.Markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<link rel=\"icon\" href=\"data:,\"/>\n<title>").Text(title);
        html.Markup("</title>\n<style>").Markup(s_styles.Value).Markup("</style>\n</head>\n<body>\n");
        html.Markup("<a class=\"skip\" href=\"#content\">Skip to the content</a>\n");
        html.Markup("<header><h1>").Text(title).Markup("</h1><button id=\"theme\" type=\"button\" aria-pressed=\"false\">Dark</button></header>\n");
        html.Markup("<nav aria-label=\"Parts\"><ul>");
        foreach (var section in sections) html.Markup($"<li><a href=\"#{section.Id}\">").Text(section.Title).Markup("</a></li>");
        html.Markup("</ul></nav>\n<main id=\"content\" tabindex=\"-1\">\n").Markup(overview);
        html.Markup("<noscript><p class=\"missing\">Curves and the numbers of layers need JavaScript, which is off.</p></noscript>\n");
        foreach (var section in sections)
        {
            html.Markup($"<section id=\"{section.Id}\" aria-labelledby=\"{section.Id}-title\"><h2 id=\"{section.Id}-title\">").Text(section.Title);
            html.Markup("</h2>\n").Markup(section.Content).Markup("</section>\n");
        }

        html.Markup("</main>\n<script type=\"application/json\" id=\"data\">").Markup(data).Markup("</script>\n<script>");
        return html.Markup(s_script.Value).Markup("</script>\n</body>\n</html>\n").ToString();
    }

    private static ReportSection Curves(ReportSource source)
    {
        var html = new Html();
        if (source.IsLive)
        {
            html.Markup("<p id=\"status\" role=\"status\" class=\"note\">Waiting for the first epoch.</p><p id=\"step\" class=\"note\"></p>\n");
            html.Markup("<div class=\"charts\" id=\"steps\"></div>\n");
        }
        else if (source.History is null) html.Paragraph("No history was given: pass history, what Fit returned.", "missing");
        else if (source.History.Epochs.Count == 0) html.Paragraph("The history has no epoch: nothing was trained.", "missing");
        html.Markup("<div class=\"charts\" id=\"curve-charts\"></div>\n");
        html.Markup("<details id=\"curve-numbers\" hidden=\"hidden\"><summary>The numbers as a table</summary><div id=\"curve-table\"></div></details>\n");
        return new ReportSection("curves", "Curves", html.ToString());
    }

    private static IEnumerable<ReportSection> Outputs(ReportSource source, List<PredictedNumbers> numbers)
    {
        if (source.X is null || source.Y is null)
        {
            const string Missing = "No samples with targets were given: pass x and y.";
            yield return new ReportSection("predictions", "Predictions", new Html().Paragraph(Missing, "missing").ToString());
            yield return new ReportSection("worst", "Worst examples", new Html().Paragraph(Missing, "missing").ToString());
            yield break;
        }

        var outputs = JudgedOutput.Of(source);
        foreach (var (i, output) in outputs.Index())
        {
            var (suffix, of) = outputs.Count == 1 ? ("", "") : (FormattableString.Invariant($"-{i}"), $" of {output.Name}");
            var (predictions, worst) = (new Html(), new Html());
            switch (output.Kind)
            {
                case OutputKind.Classes:
                    ClassesSection.Add(output, predictions);
                    break;
                case OutputKind.Numbers:
                    numbers.AddRange(PredictedNumbers.Add(PredictedNumbers.Of(output), numbers.Count, predictions));
                    break;
                default:
                    predictions.Paragraph(
                        $"Output '{output.Name}' has the shape {output.Predictions.Shape} for targets of {output.Truth.Shape}; "
                        + "this part is for one class, or for numbers, per sample.",
                        "missing");
                    break;
            }

            WorstSection.Add(source, output, worst);
            var title = output.Kind == OutputKind.Classes ? "Confusion matrix" : "Predictions";
            yield return new ReportSection("predictions" + suffix, title + of, predictions.ToString());
            yield return new ReportSection("worst" + suffix, "Worst examples" + of, worst.ToString());
        }
    }

    private static string Overview(ReportSource source)
    {
        var facts = new List<(string Name, string Value)> { ("parameters", Html.Count(source.Model.CountParams())) };
        if (source.X is { } x)
        {
            facts.Add(("samples", Html.Count(DataChecks.Inputs(source.Model, x)[0].Count)));
            if (source.Trainer is { } judge && source.Y is not null)
                facts.AddRange(judge.Evaluate(x, source.Y, source.BatchSize, verbose: 0).Select(score => (score.Key, Html.Number(score.Value))));
        }

        if (source.History is { } history) facts.Add(("epochs", Html.Count(history.Epochs.Count)));

        // A trainer that made no step was compiled to judge only.
        if (source.Trainer is { Iterations: > 0 } trainer)
            facts.AddRange([("optimizer", trainer.Optimizer.GetType().Name), ("steps", Html.Count(trainer.Iterations))]);
        if (source.Verification is { IsVerified: true } verified)
            facts.Add(("largest difference of ONNX Runtime", VerificationSection.Difference(verified.LargestDifference)));
        var html = new Html().Markup("<dl class=\"facts\">");
        foreach (var (name, value) in facts) html.Markup("<div><dt>").Text(name).Markup("</dt><dd>").Text(value).Markup("</dd></div>");
        return html.Markup("</dl>\n").ToString();
    }

    /// <summary>What layers compute for the first samples.</summary>
    private static DebugReport? Inside(ReportSource source)
    {
        if (source.X is null) return null;
        var data = DataChecks.Inputs(source.Model, source.X);
        var count = Math.Min(data[0].Count, Math.Max(1, SamplesInside / source.BatchSize) * source.BatchSize);
        return source.Model.Debug(NDArrays.Create([.. data.Select(array => array.Slice(0, count))]), Math.Min(source.BatchSize, count));
    }

    private static string Resource(string name)
    {
        using var stream = typeof(ReportPage).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
