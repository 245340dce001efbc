using System.Globalization;
using OnnxFunctional.Export;

namespace OnnxFunctional.Visualization.Reports;

/// <summary>How far ONNX Runtime on the file is from the engine, layer by layer.</summary>
internal static class VerificationSection
{
    /// <summary>The section.</summary>
    /// <param name="report">What an export or <see cref="OnnxFile.Verify"/> returned; null if there is none.</param>
    public static ReportSection Of(ExportReport? report)
    {
        var html = new Html();
        if (report is null) html.Paragraph("No verification was given: pass verification, what ExportOnnx or OnnxFile.Verify returned.", "missing");
        else if (!report.IsVerified)
            html.Paragraph($"{Path.GetFileName(report.Path)} was exported with Verify = false. OnnxFile.Verify compares it.", "missing");
        else Add(report, html);
        return new ReportSection("verification", "Verification", html.ToString());
    }

    private static void Add(ExportReport report, Html html)
    {
        html.Paragraph(string.Create(
            CultureInfo.InvariantCulture, $"{Path.GetFileName(report.Path)}: ai.onnx opset {report.Opset}, {report.FileBytes:N0} bytes."));
        var conclusion = report.FirstFailure is { } failure
            ? $"Layer {failure.Layer} is out of tolerance: {failure.Where}"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"ONNX Runtime and the engine agree on {report.Layers.Count} layers; the largest difference is {Difference(report.LargestDifference)}.");
        html.Paragraph(conclusion, report.Passed ? "good" : "bad");
        if (report.Reduced is { } reduced) html.Paragraph(reduced, "note");
        html.Table(
            "Differences between ONNX Runtime and the engine",
            ["Layer", "Output shape", "Largest value", "Largest difference", "Result"],
            report.Layers.Select(layer => (string[])[
                layer.Layer, layer.Shape.ToString(), Html.Number(layer.LargestValue), Difference(layer.LargestDifference),
                !layer.IsWithinTolerance ? "out of tolerance" : layer.IsRounding ? "rounding" : "ok",
            ]),
            2, 3);
    }

    /// <summary>A difference as text.</summary>
    public static string Difference(float value) => value == 0 ? "0" : value.ToString("0.0e+00", CultureInfo.InvariantCulture);
}
