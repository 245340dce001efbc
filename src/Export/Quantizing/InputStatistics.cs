using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>The sums of the products of each two features of the inputs of matrices, on calibration data.</summary>
internal sealed class InputStatistics
{
    // A matrix of 4096 inputs has a Gram matrix of 128 MB, and takes seconds to factor; wider ones are rounded to the nearest.
    private const int WidestGram = 4096;

    private readonly Dictionary<Value, double[]> _grams = [];

    /// <param name="folded">The graph.</param>
    /// <param name="products">The products whose inputs are looked at.</param>
    /// <param name="x">The calibration data.</param>
    /// <param name="options">What is needed.</param>
    public InputStatistics(FoldedGraph folded, IReadOnlyCollection<QuantizedProduct> products, NDArrays x, QuantizationOptions options)
    {
        if (options.Rounding != WeightRounding.Gptq) return;

        // One by one: each matrix takes memory, and many products share one.
        foreach (var input in products.Where(product => product.IsMatrix).Select(product => product.Input).Distinct())
        {
            if (input.Spec.Shape.Dims[^1] is not (var features and > 0 and <= WidestGram)) continue;
            var rows = Ops.Reshape(new SymbolicTensor(input), [-1, features]);
            var sums = _grams[input] = new double[features * features];
            GraphRun.Batches(folded.Model, folded.Inputs, [Ops.Make(new MatMul(TransposeLeft: true), rows, rows).Value], x, options.BatchSize, (_, buffer, _) =>
            {
                for (var i = 0; i < sums.Length; i++) sums[i] += buffer.Floats[i];
            });
        }
    }

    /// <summary>The sums for a value; null if they were not asked for.</summary>
    public double[]? Gram(Value input) => _grams.GetValueOrDefault(input);
}
