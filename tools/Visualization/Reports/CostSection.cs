using System.Globalization;
using OnnxFunctional.Training;

namespace OnnxFunctional.Visualization.Reports;

/// <summary>What each layer costs: parameters, multiply-adds, memory, and time where it was measured.</summary>
internal static class CostSection
{
    /// <summary>The section.</summary>
    public static ReportSection Of(Model model, IReadOnlyList<LayerFacts> layers, ProfileReport? profile)
    {
        var html = new Html();
        html.Paragraph("Multiply-adds and the memory of outputs are for one sample; a question mark stands for sizes that are open.", "note");
        if (profile is null) html.Paragraph("Times were not measured: pass profile, what trainer.Profile or model.Profile returned.", "note");
        else html.Paragraph(profile.Totals[0], "note");
        List<string> header = ["Layer", "Class", "Output shape", "Parameters", "Multiply-adds", "Output memory"];
        var phases = Enum.GetValues<ProfilePhase>().Where(phase => profile?.Kernels.Any(kernel => kernel.Phase == phase) == true).ToArray();
        header.AddRange(phases.Select(phase => phase.ToString()));
        var most = new double[]
        {
            layers.Where(layer => layer.Depth == 0).Select(layer => (double)layer.Parameters).DefaultIfEmpty(0).Max(),
            Largest(layer => layer.MultiplyAdds),
            Largest(layer => layer.ActivationBytes),
        };
        var paths = layers.Select(layer => layer.Path).ToList();
        var rows = layers.Select(layer => (IReadOnlyList<Cell>)
        [
            new(Html.Encoded(layer.Path), layer.Depth == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" style=\"--depth:{layer.Depth}\"")),
            new(Html.Encoded(layer.ClassName)),
            new(Html.Encoded(layer.Outputs)),
            Bar(Html.Count(layer.Parameters), layer.Parameters, most[0]),
            Bar(Html.Count(layer.MultiplyAdds), layer.MultiplyAdds, most[1]),
            Bar(Bytes(layer.ActivationBytes), layer.ActivationBytes, most[2]),
            .. Times(time => IsWithin(time.Layer, layer.Path)),
        ]).ToList();

        // What no layer does: loss, metrics, optimizer.
        rows.AddRange((profile?.Layers ?? []).Where(time => !paths.Exists(path => IsWithin(time.Layer, path))).Select(time => (IReadOnlyList<Cell>)
            [new(Html.Encoded(time.Layer)), new(""), new(""), new(""), new(""), new(""), .. Times(other => other == time)]));
        rows.Add(
        [
            new("Whole model"), new(""), new(""),
            new(Html.Count(model.CountParams())),
            new(Html.Count(LayerCosts.MultiplyAddsOf(model))),
            new(Bytes(LayerCosts.ActivationBytesOf(model))),
            .. Times(_ => true),
        ]);
        html.Table("Costs of each layer", header, rows, 3, 4, 5, 6, 7, 8);
        return new ReportSection("costs", "Costs per layer", html.ToString());

        double Largest(Func<LayerFacts, double> of) =>
            layers.Where(layer => layer.Depth == 0).Select(of).Where(double.IsFinite).DefaultIfEmpty(0).Max();

        IEnumerable<Cell> Times(Func<LayerProfile, bool> isOfRow) =>
            phases.Select(phase => new Cell(Time(profile!.Layers.Where(isOfRow).Sum(time => time.MillisecondsOf(phase)))));
    }

    /// <summary>Whether a layer is the one of a path, a call of it, or inside it.</summary>
    private static bool IsWithin(string layer, string path) =>
        layer == path || (layer.StartsWith(path, StringComparison.Ordinal) && layer[path.Length] == '/');

    /// <summary>Bytes with a unit.</summary>
    public static string Bytes(double bytes) => SummaryRows.Text(bytes, SummaryRows.Bytes);

    private static Cell Bar(string text, double value, double most) => new(
        Html.Encoded(text),
        value > 0 && most > 0 ? string.Create(CultureInfo.InvariantCulture, $" data-bar=\"\" style=\"--share:{100 * Math.Min(1, value / most):0.#}%\"") : "");

    private static string Time(double milliseconds) => milliseconds switch
    {
        0 => "-",
        >= 1000 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000:F2} s"),
        >= 1 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds:F2} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{milliseconds * 1000:F1} us"),
    };
}
