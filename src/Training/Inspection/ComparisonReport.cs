using System.Globalization;
using OnnxFunctional.Notebooks;

namespace OnnxFunctional.Training;

/// <summary>Two models compared on the same data, layer by layer; prints as a table.</summary>
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public sealed class ComparisonReport : IHtml
{
    private static readonly string[] s_header = ["Layer", "Shape", "Largest value", "Difference", ""];

    internal ComparisonReport(IReadOnlyList<LayerDifference> layers, IReadOnlyList<string> onlyHere, IReadOnlyList<string> onlyThere) =>
        (Layers, OnlyHere, OnlyThere) = (layers, onlyHere, onlyThere);

    /// <summary>The layers that both models have, in the order in which the first computes them, and the models' outputs.</summary>
    public IReadOnlyList<LayerDifference> Layers { get; }

    /// <summary>Layers that the other model does not have.</summary>
    public IReadOnlyList<string> OnlyHere { get; }

    /// <summary>Layers that only the other model has.</summary>
    public IReadOnlyList<string> OnlyThere { get; }

    /// <summary>The first layer that is apart; <see langword="null"/> if none is.</summary>
    public LayerDifference? FirstDifference => Layers.FirstOrDefault(layer => !layer.IsWithinTolerance);

    /// <summary>The table.</summary>
    public override string ToString() =>
        string.Join(Environment.NewLine, TextTable.Lines([s_header, .. Layers.Select(Cells)], column => column is 2 or 3).Concat(Conclusion()));

    void IHtml.WriteHtml(HtmlWriter html)
    {
        html.Table(s_header, Layers.Select(Cells), numbers: [2, 3]);
        foreach (var line in Conclusion()) html.Paragraph(line);
    }

    private static string[] Cells(LayerDifference layer) =>
    [
        layer.Layer == layer.OtherLayer ? layer.Layer : $"{layer.Layer} / {layer.OtherLayer}",
        layer.Shape == layer.OtherShape ? layer.Shape.ToString() : $"{layer.Shape} / {layer.OtherShape}",
        layer.LargestValue.ToString("G4", CultureInfo.InvariantCulture),
        layer.LargestDifference.ToString("G3", CultureInfo.InvariantCulture),
        layer.IsWithinTolerance ? "ok" : "DIFFERS",
    ];

    private IEnumerable<string> Conclusion()
    {
        if (OnlyHere.Count > 0) yield return $"Not in the other model: {string.Join(", ", OnlyHere)}.";
        if (OnlyThere.Count > 0) yield return $"Only in the other model: {string.Join(", ", OnlyThere)}.";
        yield return FirstDifference is not { } first
            ? $"{Layers.Count} outputs agree."
            : string.Create(CultureInfo.InvariantCulture, $"The first that differs is '{first.Layer}', by {first.LargestDifference:G3}.");
    }
}
