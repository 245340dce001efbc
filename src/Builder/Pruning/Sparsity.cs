using System.Globalization;
using System.Text;

namespace OnnxFunctional;

/// <summary>The zeros of one weight.</summary>
/// <param name="Path">The full name of the weight: <c>dense/kernel</c>.</param>
/// <param name="Zeros">The number of zeros.</param>
/// <param name="Count">The number of elements.</param>
public sealed record WeightSparsity(string Path, int Zeros, int Count)
{
    /// <summary>The fraction of zeros.</summary>
    public double Share => Count == 0 ? 0 : (double)Zeros / Count;
}

/// <summary>The zeros in the kernels of a model; prints as a table.</summary>
public sealed class Sparsity
{
    private Sparsity(IReadOnlyList<WeightSparsity> weights) => Weights = weights;

    /// <summary>One entry per kernel, in the order of the layers.</summary>
    public IReadOnlyList<WeightSparsity> Weights { get; }

    /// <summary>The fraction of zeros in all kernels.</summary>
    public double Share => Weights.Sum(weight => (long)weight.Count) is var count and > 0 ? (double)Weights.Sum(weight => (long)weight.Zeros) / count : 0;

    /// <summary>Counts the zeros in the kernels of a model.</summary>
    /// <param name="model">The model.</param>
    public static Sparsity Of(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var kernels = model.WeightPaths().Where(named => IsKernel(named.Weight));
        return new([.. kernels.Select(named => new WeightSparsity(named.Path, named.Weight.Storage.AsSpan().Count(0), named.Weight.Length))]);
    }

    /// <summary>
    /// Whether magnitude pruning applies to a weight: trainable matrices and filters. Not biases, normalizations and depthwise kernels, whose few elements
    /// nothing else can replace.
    /// </summary>
    internal static bool IsKernel(Weight weight) =>
        weight.Trainable
        && weight.Shape.Rank >= 2
        && (weight.IsKernelOfNode
            || (weight.Owner is not Layers.DepthwiseConvolution
                && weight.Name.EndsWith("kernel", StringComparison.Ordinal)
                && weight.Name != "depthwise_kernel"));

    /// <summary>A table of the zeros of each kernel and of all.</summary>
    public override string ToString()
    {
        var name = Weights.Select(weight => weight.Path.Length).Append(6).Max();
        var text = new StringBuilder();
        foreach (var weight in Weights)
        {
            text.Append(weight.Path.PadRight(name));
            text.AppendLine(CultureInfo.InvariantCulture, $"  {weight.Zeros,11:N0} of {weight.Count,11:N0}  {weight.Share,7:P1}");
        }

        return text.Append("all".PadRight(name)).Append(CultureInfo.InvariantCulture, $"  {Share:P1} zeros").ToString();
    }
}
