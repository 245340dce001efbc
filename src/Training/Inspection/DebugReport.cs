using System.Globalization;
using OnnxFunctional.Notebooks;

namespace OnnxFunctional.Training;

/// <summary>What every layer computes for given data; prints as a table.</summary>
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public sealed class DebugReport : IHtml
{
    private static readonly string[] s_header = ["Layer (type)", "Shape", "Minimum", "Maximum", "Mean", "Deviation", "Zeros", "NaN", "Infinite"];

    internal DebugReport(IReadOnlyList<LayerStatistics> layers) => Layers = layers;

    /// <summary>The outputs in the order in which they are computed; of models in the model, the inner layers first.</summary>
    public IReadOnlyList<LayerStatistics> Layers { get; }

    /// <summary>The first output with a number that is not finite; <see langword="null"/> if all are finite.</summary>
    public LayerStatistics? FirstBad => Layers.FirstOrDefault(layer => !layer.IsFinite);

    /// <summary>The table.</summary>
    public override string ToString() =>
        string.Join(Environment.NewLine, TextTable.Lines([s_header, .. Layers.Select(Cells)], column => column >= 2).Append(Conclusion()));

    void IHtml.WriteHtml(HtmlWriter html)
    {
        html.Table(s_header, Layers.Select(Cells), numbers: [2, 3, 4, 5, 6, 7, 8]);
        html.Paragraph(Conclusion());
    }

    private static string[] Cells(LayerStatistics layer) =>
    [
        $"{layer.Layer} ({layer.ClassName})", layer.Shape.ToString(), Number(layer.Minimum), Number(layer.Maximum), Number(layer.Mean),
        Number(layer.StandardDeviation), layer.Zeros.ToString("P1", CultureInfo.InvariantCulture), layer.NaNs.ToString(CultureInfo.InvariantCulture),
        layer.Infinities.ToString(CultureInfo.InvariantCulture),
    ];

    private static string Number(double value) => double.IsNaN(value) ? "-" : value.ToString("G4", CultureInfo.InvariantCulture);

    private string Conclusion() => FirstBad is not { } bad
        ? $"All numbers of {Layers.Count} outputs are finite."
        : string.Create(
            CultureInfo.InvariantCulture,
            $"The first output that is not finite is that of '{bad.Layer}' ({bad.ClassName}): {bad.NaNs} NaN and {bad.Infinities} infinite numbers.");
}
