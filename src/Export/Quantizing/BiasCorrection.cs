using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>
/// Biases that make up for the mean error of all that is rounded before them, one layer after the other
/// (empirical bias correction, arxiv.org/abs/1906.04721, appendix D).
/// </summary>
internal sealed class BiasCorrection
{
    // Each depth of the network takes a plan and a run of its own; means over places need few samples.
    private const int MostSamples = 64;

    private readonly FoldedGraph _folded;
    private readonly NDArrays _samples;
    private readonly int _batchSize;
    private readonly Dictionary<QuantizedProduct, double[]> _expected;
    private readonly Dictionary<Value, int> _depths = [];

    /// <param name="folded">The graph in float32.</param>
    /// <param name="products">What can be quantized.</param>
    /// <param name="x">The calibration data.</param>
    /// <param name="batchSize">The number of samples per batch.</param>
    public BiasCorrection(FoldedGraph folded, IReadOnlyList<QuantizedProduct> products, NDArrays x, int batchSize)
    {
        (_folded, _samples, _batchSize) = (folded, x.Spread(MostSamples), batchSize);
        QuantizedProduct[] biased =
            [.. products.Where(product => product.BiasValue is { } bias && bias.Spec.Shape.ElementCount == Result(product).Spec.Shape.Dims[^1])];
        _expected = biased.Zip(Means([.. biased.Select(Result)])).ToDictionary(pair => pair.First, pair => pair.Second);
        var results = biased.Select(Result).ToHashSet();
        foreach (var node in folded.Graph.Nodes)
        {
            var depth = node.Inputs.Select(input => _depths.GetValueOrDefault(input)).DefaultIfEmpty().Max();
            foreach (var output in node.Outputs) _depths[output] = results.Contains(output) ? depth + 1 : depth;
        }
    }

    /// <summary>Biases <c>b + mean(y) - mean(q)</c>, by the exact and the rounded results of each layer over all samples and places.</summary>
    /// <param name="products">The products that are quantized.</param>
    /// <param name="biases">The biases of the model.</param>
    /// <param name="quantized">The graph with other biases for some products.</param>
    public Dictionary<QuantizedProduct, float[]> Of(
        IReadOnlyCollection<QuantizedProduct> products,
        Func<Value, float[]> biases,
        Func<IReadOnlyDictionary<QuantizedProduct, float[]>, QuantizedGraph> quantized)
    {
        var corrected = new Dictionary<QuantizedProduct, float[]>();
        foreach (var level in products.Where(_expected.ContainsKey).GroupBy(product => _depths[Result(product)]).OrderBy(level => level.Key))
        {
            QuantizedProduct[] layers = [.. level];
            var graph = quantized(corrected);
            var means = Means([.. layers.Select(product => graph.Rewritten[Result(product)])]);
            foreach (var (product, mean) in layers.Zip(means))
            {
                var expected = _expected[product];
                corrected[product] = [.. biases(product.BiasValue!).Select((bias, i) => (float)(bias + expected[i] - mean[i]))];
            }
        }

        return corrected;
    }

    private static Value Result(QuantizedProduct product) => product.Bias!.Value.Node.Outputs[0];

    /// <summary>The mean of each channel over all samples and places.</summary>
    private double[][] Means(Value[] values)
    {
        var means = Array.ConvertAll(values, value => new double[value.Spec.Shape.Dims[^1]]);
        Value[] read = [.. values.Zip(means, (value, mean) => Ops.Mean(Ops.Reshape(new SymbolicTensor(value), [-1, mean.Length]), [0]).Value)];
        GraphRun.Batches(_folded.Model, _folded.Inputs, read, _samples, _batchSize, (i, buffer, share) =>
        {
            for (var k = 0; k < means[i].Length; k++) means[i][k] += buffer.Floats[k] * share;
        });
        return means;
    }
}
