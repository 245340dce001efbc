using System.Globalization;

namespace OnnxFunctional.Visualization.Reports;

/// <summary>What each layer costs: parameters, multiply-adds, memory, and time where it was measured.</summary>
internal static class CostSection
{
    /// <summary>The section.</summary>
    public static ReportSection Of(Model model, IReadOnlyList<LayerFacts> layers, IReadOnlyList<LayerTime> times)
    {
        var html = new Html();
        html.Paragraph("Multiply-adds and the memory of outputs are for one sample; a question mark stands for sizes that are open.", "note");
        var timeOf = times.DistinctBy(time => time.Path).ToDictionary(time => time.Path, StringComparer.Ordinal);
        List<string> header = ["Layer", "Class", "Output shape", "Parameters", "Multiply-adds", "Output memory"];
        if (times.Count > 0) header.AddRange(["Forward", "Backward", "Update"]);
        var most = new double[]
        {
            layers.Where(layer => layer.Depth == 0).Select(layer => (double)layer.Parameters).DefaultIfEmpty(0).Max(),
            Largest(layer => layer.MultiplyAdds),
            Largest(layer => layer.ActivationBytes),
        };
        html.Table(
            "Costs of each layer",
            header,
            layers.Select(layer => (IReadOnlyList<Cell>)
            [
                new(Html.Encoded(layer.Path), layer.Depth == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" style=\"--depth:{layer.Depth}\"")),
                new(Html.Encoded(layer.ClassName)),
                new(Html.Encoded(layer.Outputs)),
                Bar(Html.Count(layer.Parameters), layer.Parameters, most[0]),
                Bar(Html.Count(layer.MultiplyAdds), layer.MultiplyAdds, most[1]),
                Bar(Bytes(layer.ActivationBytes), layer.ActivationBytes, most[2]),
                .. times.Count == 0 ? [] : Times(timeOf.GetValueOrDefault(layer.Path)),
            ]).Append(
            [
                new("Whole model"), new(""), new(""),
                new(Html.Count(model.CountParams())),
                new(Html.Count(LayerCosts.MultiplyAddsOf(model))),
                new(Bytes(LayerCosts.ActivationBytesOf(model))),
                .. times.Count == 0 ? [] : Times(Sum(times)),
            ]),
            3, 4, 5, 6, 7, 8);
        return new ReportSection("costs", "Costs per layer", html.ToString());

        double Largest(Func<LayerFacts, double> of) =>
            layers.Where(layer => layer.Depth == 0).Select(of).Where(double.IsFinite).DefaultIfEmpty(0).Max();
    }

    /// <summary>Bytes with a unit.</summary>
    public static string Bytes(double bytes) => SummaryRows.Text(bytes, SummaryRows.Bytes);

    private static LayerTime Sum(IReadOnlyList<LayerTime> times) =>
        new("", times.Sum(time => time.Forward), times.Sum(time => time.Backward), times.Sum(time => time.Update));

    private static Cell Bar(string text, double value, double most) => new(
        Html.Encoded(text),
        value > 0 && most > 0 ? string.Create(CultureInfo.InvariantCulture, $" data-bar=\"\" style=\"--share:{100 * Math.Min(1, value / most):0.#}%\"") : "");

    private static Cell[] Times(LayerTime? time) => time is null
        ? [new("-"), new("-"), new("-")]
        : [new(Seconds(time.Forward)), new(Seconds(time.Backward)), new(Seconds(time.Update))];

    private static string Seconds(double seconds) => seconds switch
    {
        >= 1 => string.Create(CultureInfo.InvariantCulture, $"{seconds:F2} s"),
        >= 1e-3 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e3:F2} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e6:F1} us"),
    };
}
