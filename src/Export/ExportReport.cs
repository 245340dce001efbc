using System.Globalization;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Notebooks;

namespace OnnxFunctional.Export;

/// <summary>The result of exporting a model: the file, and the differences between ONNX Runtime and the engine on every layer.</summary>
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public sealed class ExportReport : IHtml
{
    internal ExportReport(string path, int opset, long fileBytes, Verification verification, bool verified)
    {
        Path = path;
        Opset = opset;
        FileBytes = fileBytes;
        (Layers, Reduced) = (verification.Layers, verification.Reduced);
        IsVerified = verified;
    }

    /// <summary>The path of the file.</summary>
    public string Path { get; }

    /// <summary>The operator set of the file.</summary>
    public int Opset { get; }

    /// <summary>The size of the file, with its external data.</summary>
    public long FileBytes { get; }

    /// <summary>The second file, which holds the weights and belongs beside the first; <see langword="null"/> if all is in one.</summary>
    public string? ExternalDataPath { get; internal init; }

    /// <summary>
    /// Whether a file that was verified again is as it was written, by the digest at its end and those of its external data; <see langword="null"/> if it has
    /// none.
    /// </summary>
    public bool? IsSealIntact { get; internal init; }

    /// <summary>What was compared when the file was written, as JSON; <see langword="null"/> if it does not say.</summary>
    public string? Recorded { get; internal init; }

    /// <summary>What the graph consists of; <see langword="null"/> for a file that was verified again.</summary>
    public GraphSummary? Graph { get; internal init; }

    /// <summary>
    /// The nodes that the target's provider leaves to the processor (<see cref="ExportTarget.CpuFallback"/>), a sentence each; empty if all run there.
    /// </summary>
    public IReadOnlyList<string> OnCpu { get; internal init; } = [];

    /// <summary>Whether the file was verified; a file that fails verification is not written.</summary>
    public bool IsVerified { get; }

    /// <summary>One row per layer output, in the order of computation; empty if the file was not verified.</summary>
    public IReadOnlyList<LayerDifference> Layers { get; }

    /// <summary>What was compared on fewer samples than asked for, to bound memory; <see langword="null"/> if all was compared as asked for.</summary>
    public string? Reduced { get; }

    /// <summary>
    /// Why <see cref="ModelFile.Load"/> cannot rebuild the model from the file, such as a custom function in it; <see langword="null"/> if it can.
    /// </summary>
    public string? RebuildProblem { get; internal init; }

    /// <summary>Whether the file was verified, every layer is within tolerance, and the file is as it was written.</summary>
    public bool Passed => IsVerified && FirstFailure is null && IsSealIntact is not false;

    /// <summary>The largest difference over all values of all layers.</summary>
    public float LargestDifference => Layers.Count == 0 ? 0 : Layers.Max(layer => layer.LargestDifference);

    /// <summary>The first layer out of tolerance, or <see langword="null"/> if there is none.</summary>
    public LayerDifference? FirstFailure => Layers.FirstOrDefault(layer => !layer.IsWithinTolerance);

    /// <summary>The comparison as a table.</summary>
    public override string ToString()
    {
        var table = IsVerified ? Environment.NewLine + LayerDifference.Table(Layers) : "";
        return Title + table + string.Join(Environment.NewLine, Conclusions());
    }

    void IHtml.WriteHtml(HtmlWriter html)
    {
        html.Paragraph(Title);
        if (IsVerified) LayerDifference.WriteHtml(Layers, html);
        foreach (var line in Conclusions()) html.Paragraph(line);
    }

    private string Title => string.Create(
        CultureInfo.InvariantCulture,
        $"{Path}: ai.onnx opset {Opset}, {FileBytes:N0} bytes{(IsVerified ? "" : ", not verified")}");

    private IEnumerable<string> Conclusions()
    {
        if (!IsVerified) yield break;
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"ONNX Runtime and the engine agree on {Layers.Count} layers; largest difference {LargestDifference:0.0e+00}");
        if (Reduced is not null) yield return Reduced;
        if (Recorded is not null) yield return "Compared when it was written: " + FileSummary.Plain(Recorded);
        if (IsSealIntact is { } intact)
            yield return intact ? "The file is as it was written (SHA-256)." : "The file was changed after it was written: its SHA-256 digest is another.";
        if (RebuildProblem is not null) yield return "The file runs everywhere, but Model.Load cannot rebuild the model from it: " + RebuildProblem;
    }
}
