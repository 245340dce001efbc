using System.Globalization;
using System.Text;
using OnnxFunctional.Notebooks;

namespace OnnxFunctional.Training;

/// <summary>One element of a gradient, computed and measured.</summary>
/// <param name="Element">Its position in the weight.</param>
/// <param name="Gradient">The computed gradient.</param>
/// <param name="Numeric">The finite difference.</param>
/// <param name="Relative">Their difference, relative to the larger of both and to a hundredth of the largest gradient of the model.</param>
/// <param name="IsWrong">Whether it is beyond the tolerance and what rounding and kinks explain.</param>
public sealed record GradientDifference(int Element, double Gradient, double Numeric, double Relative, bool IsWrong);

/// <summary>The comparison of one weight's gradient with finite differences.</summary>
/// <param name="Weight">The path of the weight.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Agreeing">How many elements agree.</param>
/// <param name="Kinks">How many were skipped because the loss has a kink there: the slopes on both sides differ by more than the tolerance.</param>
/// <param name="Noisy">How many were skipped because rounding hides what the tolerance allows.</param>
/// <param name="Worst">The element that differs most; <see langword="null"/> if all were skipped.</param>
public sealed record GradientComparison(string Weight, Shape Shape, int Agreeing, int Kinks, int Noisy, GradientDifference? Worst);

/// <summary>The gradients of a model compared with finite differences; prints as a table.</summary>
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public sealed class GradientReport : IHtml
{
    internal GradientReport(IReadOnlyList<GradientComparison> weights, double tolerance) => (Weights, Tolerance) = (weights, tolerance);

    /// <summary>One row per trainable weight, in the order of the model.</summary>
    public IReadOnlyList<GradientComparison> Weights { get; }

    /// <summary>The relative difference that was allowed.</summary>
    public double Tolerance { get; }

    /// <summary>Whether no element was found wrong.</summary>
    public bool Passed => Weights.All(weight => weight.Worst is not { IsWrong: true });

    /// <summary>The largest relative difference of an element that was not skipped.</summary>
    public double LargestDifference => Weights.Select(weight => weight.Worst?.Relative ?? 0).DefaultIfEmpty().Max();

    /// <summary>The comparison as a table.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        var width = Weights.Select(weight => weight.Weight.Length).Append(6).Max();
        text.AppendLine($"{"Weight".PadRight(width)}  Agreeing  Kinks  Noisy  Worst element: gradient, finite difference, relative difference");
        foreach (var (weight, _, agreeing, kinks, noisy, worst) in Weights)
        {
            text.Append(CultureInfo.InvariantCulture, $"{weight.PadRight(width)}  {agreeing,8}  {kinks,5}  {noisy,5}");
            if (worst is not null)
                text.Append(CultureInfo.InvariantCulture, $"  {worst.Element}: {worst.Gradient:G5}, {worst.Numeric:G5}, {worst.Relative:F4}");
            text.AppendLine(worst is { IsWrong: true } ? " WRONG" : "");
        }

        return text.Append(Conclusion()).ToString();
    }

    void IHtml.WriteHtml(HtmlWriter html)
    {
        html.Table(
            ["Weight", "Agreeing", "Kinks", "Noisy", "Worst element", "Gradient", "Finite difference", "Relative difference", ""],
            Weights.Select(weight => (string[])
            [
                weight.Weight, Number(weight.Agreeing), Number(weight.Kinks), Number(weight.Noisy),
                .. weight.Worst is not { } worst
                    ? (string[])["", "", "", "", ""]
                    : [Number(worst.Element), Number(worst.Gradient), Number(worst.Numeric), Number(worst.Relative), worst.IsWrong ? "WRONG" : "ok"],
            ]),
            numbers: [1, 2, 3, 4, 5, 6, 7]);
        html.Paragraph(Conclusion());

        static string Number(double value) => value.ToString("G5", CultureInfo.InvariantCulture);
    }

    private string Conclusion()
    {
        var wrong = Weights.Count(weight => weight.Worst is { IsWrong: true });
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{(wrong == 0 ? "No gradient is wrong" : $"{wrong} of {Weights.Count} gradients are wrong")} (tolerance {Tolerance}); ")
            + string.Create(
                CultureInfo.InvariantCulture,
                $"{Weights.Sum(weight => weight.Agreeing)} elements agree, {Weights.Sum(weight => weight.Kinks)} lie at kinks, ")
            + string.Create(CultureInfo.InvariantCulture, $"{Weights.Sum(weight => weight.Noisy)} are below the rounding of the loss.");
    }
}
