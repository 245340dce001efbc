using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>What calibration data says of the inputs of products: means of their features, and sums of the products of each two.</summary>
internal sealed class InputStatistics
{
    // A matrix of 4096 inputs has a Gram matrix of 128 MB, and takes seconds to factor; wider ones are rounded to the nearest.
    private const int WidestGram = 4096;

    private readonly FoldedGraph _folded;
    private readonly NDArrays _x;
    private readonly int _batchSize;
    private readonly Dictionary<Value, (double[] Exact, double[] Stored)> _means = [];
    private readonly Dictionary<Value, double[]> _grams = [];

    /// <param name="folded">The graph.</param>
    /// <param name="products">The products whose inputs are looked at.</param>
    /// <param name="stored">An input as the file computes it: rounded, if it is stored in integers.</param>
    /// <param name="x">The calibration data.</param>
    /// <param name="options">What is needed.</param>
    public InputStatistics(
        FoldedGraph folded, IReadOnlyCollection<QuantizedProduct> products, Func<Value, Value> stored, NDArrays x, QuantizationOptions options)
    {
        (_folded, _x, _batchSize) = (folded, x, options.BatchSize);
        var inputs = products.Where(product => !product.IsTable && SizeOf(product.Input) > 0).ToLookup(product => product.Input);
        if (options.CorrectBias)
        {
            Value[] read = [.. inputs.Select(entry => entry.Key)];
            var means = Sums([.. read.Concat(read.Select(stored)).Select(value => Ops.Mean(Rows(value), [0]).Value)], areMeans: true);
            for (var i = 0; i < read.Length; i++) _means[read[i]] = (means[i], means[read.Length + i]);
        }

        if (options.Rounding != WeightRounding.Gptq) return;

        // One by one: each matrix takes memory, and many products share one.
        foreach (var input in inputs.Where(entry => SizeOf(entry.Key) <= WidestGram && entry.Any(product => product.IsMatrix)).Select(entry => entry.Key))
            _grams[input] = Sums([Ops.Make(new MatMul(TransposeLeft: true), Rows(input), Rows(input)).Value], areMeans: false)[0];
    }

    /// <summary>The mean of each feature, exactly and as the file computes it; null if it was not asked for.</summary>
    public (double[] Exact, double[] Stored)? Means(Value input) => _means.TryGetValue(input, out var means) ? means : null;

    /// <summary>The sums of the products of each two features; null if it was not asked for.</summary>
    public double[]? Gram(Value input) => _grams.GetValueOrDefault(input);

    private static int SizeOf(Value value) => value.Spec.Shape.Dims[^1];

    private static SymbolicTensor Rows(Value value) => Ops.Reshape(new SymbolicTensor(value), [-1, SizeOf(value)]);

    /// <summary>Values of each batch added up; means are weighed by the samples of their batches.</summary>
    private double[][] Sums(Value[] values, bool areMeans)
    {
        var sums = Array.ConvertAll(values, value => new double[value.Spec.Shape.ElementCount]);
        GraphRun.Batches(_folded.Model, _folded.Inputs, values, _x, _batchSize, (i, buffer, before) =>
        {
            var share = areMeans ? (double)Math.Min(_batchSize, _x[0].Count - before) / _x[0].Count : 1;
            for (var k = 0; k < sums[i].Length; k++) sums[i][k] += buffer.Floats[k] * share;
        });
        return sums;
    }
}
