using System.Globalization;
using System.Text;

namespace OnnxFunctional;

/// <summary>How many numbers of a weight are zero.</summary>
/// <param name="Path">The weight's full name: <c>dense/kernel</c>.</param>
/// <param name="Zeros">Zeros in it.</param>
/// <param name="Count">Numbers in it.</param>
public sealed record WeightSparsity(string Path, int Zeros, int Count)
{
    /// <summary>The share of zeros.</summary>
    public double Share => Count == 0 ? 0 : (double)Zeros / Count;
}

/// <summary>The zeros in the kernels of a model; prints as a table.</summary>
public sealed class Sparsity
{
    private Sparsity(IReadOnlyList<WeightSparsity> weights) => Weights = weights;

    /// <summary>A row for each kernel, in the order of the layers.</summary>
    public IReadOnlyList<WeightSparsity> Weights { get; }

    /// <summary>The share of zeros in all of them.</summary>
    public double Share => Weights.Sum(weight => (long)weight.Count) is var count and > 0 ? (double)Weights.Sum(weight => (long)weight.Zeros) / count : 0;

    /// <summary>Counts the zeros in the kernels of a model.</summary>
    public static Sparsity Of(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new([.. model.WeightPaths().Where(named => IsKernel(named.Weight)).Select(named => new WeightSparsity(named.Path, named.Weight.Storage.AsSpan().Count(0), named.Weight.Length))]);
    }

    /// <summary>Whether a weight is one that single numbers can be taken out of: a trained matrix or filter. Not biases and normalizations, nor depthwise kernels, which have few numbers and no others to stand in for them.</summary>
    internal static bool IsKernel(Weight weight) =>
        weight.Trainable && weight.Shape.Rank >= 2 && weight.Owner is not Layers.DepthwiseConvolution && weight.Name.EndsWith("kernel", StringComparison.Ordinal) && weight.Name != "depthwise_kernel";

    /// <summary>The zeros of each kernel and of all.</summary>
    public override string ToString()
    {
        var name = Weights.Select(weight => weight.Path.Length).Append(6).Max();
        var text = new StringBuilder();
        foreach (var weight in Weights) text.Append(weight.Path.PadRight(name)).AppendLine(CultureInfo.InvariantCulture, $"  {weight.Zeros,11:N0} of {weight.Count,11:N0}  {weight.Share,7:P1}");
        return text.Append("all".PadRight(name)).Append(CultureInfo.InvariantCulture, $"  {Share:P1} zeros").ToString();
    }
}
