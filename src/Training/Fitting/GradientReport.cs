using System.Globalization;
using System.Text;

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
public sealed class GradientReport
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

        var wrong = Weights.Count(weight => weight.Worst is { IsWrong: true });
        text.Append(
            CultureInfo.InvariantCulture,
            $"{(wrong == 0 ? "No gradient is wrong" : $"{wrong} of {Weights.Count} gradients are wrong")} (tolerance {Tolerance}); ");
        text.Append(
            CultureInfo.InvariantCulture,
            $"{Weights.Sum(weight => weight.Agreeing)} elements agree, {Weights.Sum(weight => weight.Kinks)} lie at kinks, ");
        text.Append(CultureInfo.InvariantCulture, $"{Weights.Sum(weight => weight.Noisy)} are below the rounding of the loss.");
        return text.ToString();
    }
}
