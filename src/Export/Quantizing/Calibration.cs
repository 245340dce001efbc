using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>Finds the ranges of activations on data.</summary>
internal static class Calibration
{
    // 256 MB: what the values that are looked at may take for one batch.
    private const long MostElements = 1L << 26;

    /// <summary>The range of each group of values.</summary>
    /// <exception cref="ExportException">A value is not finite.</exception>
    public static Dictionary<Value, Quantum> Run(
        FoldedGraph folded, QuantizedValues values, IReadOnlyCollection<Value> stored, NDArrays x, QuantizationOptions options)
    {
        var order = folded.Graph.Nodes.SelectMany(node => node.Outputs).Concat(folded.Inputs).Distinct().Where(stored.Contains).ToList();
        var histograms = new Dictionary<Value, RangeHistogram>();
        foreach (var value in order) histograms.TryAdd(values.Group(value), new RangeHistogram());
        Pass((value, numbers) =>
        {
            if (!histograms[values.Group(value)].Extend(numbers))
            {
                throw new ExportException(
                    $"The calibration data makes {value.Origin} not finite. Leave such samples out; model.Debug(x) shows where it begins.");
            }
        });
        if (options.Method != CalibrationMethod.MinMax) Pass((value, numbers) => histograms[values.Group(value)].Count(numbers));
        return histograms.ToDictionary(entry => entry.Key, entry => Quantum.Of(entry.Value.Range(options)));

        void Pass(ReadNumbers read)
        {
            var batch = options.BatchSize;
            for (var next = 0; next < order.Count;)
            {
                // As many values at a time as fit; at least one.
                var size = 0L;
                var part = new List<Value>();
                for (; next < order.Count && (part.Count == 0 || size + Elements(order[next]) <= MostElements); next++)
                {
                    part.Add(order[next]);
                    size += Elements(order[next]);
                }

                GraphRun.Batches(folded.Model, folded.Inputs, part, x, batch, (i, buffer, _) => Read(part[i], buffer, read));
            }

            long Elements(Value value) => value.Spec.Shape.KnownElements * batch;
        }
    }

    private static void Read(Value value, ValueBuffer buffer, ReadNumbers read) => read(value, buffer.Floats);

    private delegate void ReadNumbers(Value value, ReadOnlySpan<float> numbers);
}
