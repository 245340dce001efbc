using System.Text;
using OnnxFunctional.Notebooks;

namespace OnnxFunctional.Training;

/// <summary>What <c>trainer.Diagnose</c> found; prints as a list.</summary>
/// <example><code>
/// var report = trainer.Diagnose(x, y, validationData: (x, y));
/// foreach (var finding in report.Findings) Console.WriteLine($"{finding.Kind} at {finding.Where}: {finding.Sentence}");
/// </code></example>
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public sealed class Diagnosis : IHtml
{
    internal Diagnosis(IReadOnlyList<Finding> findings, IReadOnlyList<string> checks, IReadOnlyList<SkippedCheck> notChecked) =>
        (Findings, Checked, NotChecked) = (findings, checks, notChecked);

    /// <summary>The faults, causes before what follows from them; empty if none was found.</summary>
    public IReadOnlyList<Finding> Findings { get; }

    /// <summary>What was checked.</summary>
    public IReadOnlyList<string> Checked { get; }

    /// <summary>What was not checked, or not for every output, and why.</summary>
    public IReadOnlyList<SkippedCheck> NotChecked { get; }

    /// <summary>The faults, or that there is none; then what was checked, and what was not.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Headline);
        foreach (var finding in Findings) text.Append("\n- ").Append(finding);
        text.Append("\nChecked: ").Append(CheckedText);
        if (NotChecked.Count > 0) text.Append("\nNot checked:");
        foreach (var skipped in NotChecked) text.Append("\n- ").Append(skipped);
        return text.ToString();
    }

    private string Headline => Findings.Count switch
    {
        0 => "No fault was found.",
        1 => "1 fault was found:",
        var count => $"{count} faults were found:",
    };

    private string CheckedText => Checked.Count == 0 ? "nothing." : string.Join(", ", Checked) + ".";

    void IHtml.WriteHtml(HtmlWriter html)
    {
        html.Paragraph(Headline);
        if (Findings.Count > 0)
            html.Table(["Kind", "Where", "Fault"], Findings.Select(found => (string[])[$"{found.Kind}", found.Where, found.Sentence]), numbers: []);
        html.Paragraph($"Checked: {CheckedText}");
        if (NotChecked.Count > 0)
            html.Table(["Not checked", "Why"], NotChecked.Select(skipped => (string[])[skipped.Check, skipped.Reason]), numbers: []);
    }
}
