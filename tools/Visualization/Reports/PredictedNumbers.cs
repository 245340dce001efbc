namespace OnnxFunctional.Visualization.Reports;

/// <summary>Predicted values of a regression beside the true ones.</summary>
/// <param name="Name">What is predicted.</param>
/// <param name="Truth">True values.</param>
/// <param name="Predicted">Predictions, in the same order.</param>
internal sealed record PredictedNumbers(string Name, double[] Truth, double[] Predicted)
{
    // Points beyond are ink over ink.
    private const int MostPoints = 1000;

    // Panels of further values are no page to read; the table has their scores.
    private const int MostCharts = 4;

    /// <summary>The values of an output: one entry for each value that a sample has.</summary>
    public static IReadOnlyList<PredictedNumbers> Of(JudgedOutput output)
    {
        var (truth, predicted) = (output.Truth.ToArray(), output.Predictions.ToArray());
        return
        [
            .. Enumerable.Range(0, output.Width).Select(column => new PredictedNumbers(
                output.Width == 1 ? output.Name : FormattableString.Invariant($"{output.Name}[{column}]"),
                Column(truth, column),
                Column(predicted, column))),
        ];

        double[] Column(float[] values, int column) => [.. values.Where((_, i) => i % output.Width == column).Select(value => (double)value)];
    }

    /// <summary>Writes scores and quantiles, and places for charts.</summary>
    /// <param name="all">The values.</param>
    /// <param name="first">The number of the first chart in the page.</param>
    /// <param name="html">The page.</param>
    /// <returns>What is drawn: at most as many points as one can tell apart.</returns>
    public static IReadOnlyList<PredictedNumbers> Add(IReadOnlyList<PredictedNumbers> all, int first, Html html)
    {
        List<PredictedNumbers> drawn = [.. all.Take(MostCharts).Select(numbers => numbers.Some())];
        html.Table(
            "Differences of predictions and true values",
            ["Value", "R squared", "Mean absolute", "Root mean square", "Least", "5 %", "Median", "95 %", "Greatest"],
            all.Select(numbers => numbers.Row()),
            1, 2, 3, 4, 5, 6, 7, 8);
        html.Paragraph("Differences are predictions minus true values.", "note");
        html.Markup("<div class=\"charts\">");
        for (var i = 0; i < drawn.Count; i++) html.Markup(FormattableString.Invariant($"<div data-numbers=\"{first + i}\" class=\"pair\"></div>"));
        html.Markup("</div>\n");
        if (drawn.Count > 0 && drawn[0].Truth.Length < all[0].Truth.Length)
            html.Paragraph(FormattableString.Invariant($"The charts show {drawn[0].Truth.Length} of {all[0].Truth.Length} samples, evenly taken."), "note");
        return drawn;
    }

    private string[] Row()
    {
        double[] residuals = [.. Predicted.Zip(Truth, (predicted, truth) => predicted - truth)];
        var sorted = residuals.Order().ToArray();
        var mean = Truth.Average();
        var around = Truth.Sum(value => (value - mean) * (value - mean));
        var squares = residuals.Sum(value => value * value);
        return
        [
            Name, around > 0 ? Html.Number(1 - squares / around) : "-", Html.Number(residuals.Average(Math.Abs)),
            Html.Number(Math.Sqrt(squares / residuals.Length)), Html.Number(sorted[0]), Html.Number(Quantile(sorted, 0.05)),
            Html.Number(Quantile(sorted, 0.5)), Html.Number(Quantile(sorted, 0.95)), Html.Number(sorted[^1]),
        ];
    }

    private static double Quantile(double[] sorted, double share)
    {
        var place = share * (sorted.Length - 1);
        var below = (int)place;
        return sorted[below] + (place - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]);
    }

    private PredictedNumbers Some()
    {
        if (Truth.Length <= MostPoints) return this;
        var places = Enumerable.Range(0, MostPoints).Select(i => (int)((long)i * Truth.Length / MostPoints)).ToArray();
        return new PredictedNumbers(Name, [.. places.Select(i => Truth[i])], [.. places.Select(i => Predicted[i])]);
    }
}
