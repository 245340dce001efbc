using OnnxFunctional.Training;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>Finds the ranges of activations on data.</summary>
internal static class Calibration
{
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
            foreach (var part in GraphRun.Parts(order, value => value.Spec.Shape.KnownElements * options.BatchSize))
                GraphRun.Batches(folded.Model, folded.Inputs, part, x, options.BatchSize, (i, buffer, _) => read(part[i], buffer.Floats));
        }
    }

    private delegate void ReadNumbers(Value value, ReadOnlySpan<float> numbers);
}
