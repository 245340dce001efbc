using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>What calibration data says of the inputs of products: means of their features, and sums of the products of each two.</summary>
internal sealed class InputStatistics
{
    // A matrix of 4096 inputs has a Gram matrix of 128 MB, and takes seconds to factor; wider ones are rounded to the nearest.
    private const int WidestGram = 4096;

    private readonly Dictionary<Value, double[]> _means = [];
    private readonly Dictionary<Value, double[]> _grams = [];

    /// <param name="folded">The graph.</param>
    /// <param name="products">The products whose inputs are looked at.</param>
    /// <param name="x">The calibration data.</param>
    /// <param name="options">What is needed.</param>
    public InputStatistics(FoldedGraph folded, IReadOnlyCollection<QuantizedProduct> products, NDArrays x, QuantizationOptions options)
    {
        // Inputs one by one: each may have a Gram matrix, and many products share one.
        foreach (var inputs in products.Where(product => !product.IsTable).GroupBy(product => product.Input))
        {
            var input = inputs.Key;
            var size = input.Spec.Shape.Dims[^1];
            if (size < 1) continue;
            var takesGram = options.Rounding == WeightRounding.Gptq && size <= WidestGram && inputs.Any(product => product.IsMatrix);
            if (!takesGram && !options.CorrectBias) continue;
            var tensor = Ops.Reshape(new SymbolicTensor(input), [-1, size]);
            var values = new List<Value> { Ops.Mean(tensor, [0]).Value };
            if (takesGram) values.Add(Ops.Make(new MatMul(TransposeLeft: true), tensor, tensor).Value);
            var (mean, gram, samples) = (new double[size], takesGram ? new double[size * size] : [], 0);
            GraphRun.Batches(folded.Model, folded.Inputs, values, x, options.BatchSize, (i, buffer, before) =>
            {
                // Means of batches of different sizes are weighed by them.
                var count = Math.Min(options.BatchSize, x[0].Count - before);
                if (i == 0) samples += count;
                var sums = i == 0 ? mean : gram;
                for (var k = 0; k < sums.Length; k++) sums[k] += buffer.Floats[k] * (double)(i == 0 ? count : 1);
            });
            _means[input] = Array.ConvertAll(mean, sum => sum / samples);
            if (takesGram) _grams[input] = gram;
        }
    }

    /// <summary>The mean of each feature; null if it was not asked for.</summary>
    public double[]? Means(Value input) => _means.GetValueOrDefault(input);

    /// <summary>The sums of the products of each two features; null if it was not asked for.</summary>
    public double[]? Gram(Value input) => _grams.GetValueOrDefault(input);
}
