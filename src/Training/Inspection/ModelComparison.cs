using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>Finds the layers that two models share, and how far they are apart.</summary>
internal static class ModelComparison
{
    public static ComparisonReport Run(Model model, Model other, NDArrays x, double tolerance, int batchSize)
    {
        if (model.Outputs.Count != other.Outputs.Count)
        {
            throw new ModelException(
                $"Model '{model.Name}' has {model.Outputs.Count} outputs, and '{other.Name}' has {other.Outputs.Count}. Compare models with the same outputs.");
        }

        var (here, there) = (InspectedLayers.Of(model), InspectedLayers.Of(other));
        var pairs = Pairs(here, there);
        var ofOutputs = model.Outputs.Zip(other.Outputs, (a, b) => (Here: Find(here, a.Value), There: Find(there, b.Value)));
        List<(InspectedLayer Here, InspectedLayer There)> all = [.. pairs, .. ofOutputs.Except(pairs)];
        var sums = all.Select(_ => new DifferenceSum()).ToArray();
        var placesHere = all.Select((pair, i) => (pair.Here, i)).ToLookup(entry => entry.Here, entry => entry.i);
        var placesThere = all.Select((pair, i) => (pair.There, i)).ToLookup(entry => entry.There, entry => entry.i);
        using var held = WeightGate.Hold(model.Weights.Union(other.Weights));
        var batches = InspectedLayers.Batches(model, x, batchSize).Zip(InspectedLayers.Batches(other, x, batchSize));
        foreach (var (batch, batchThere) in batches)
        {
            InspectedLayers.Compute(model, here, batch.Data, (layer, buffer) =>
            {
                foreach (var i in placesHere[here[layer]]) sums[i].Here(buffer);
            });
            InspectedLayers.Compute(other, there, batchThere.Data, (layer, buffer) =>
            {
                foreach (var i in placesThere[there[layer]]) sums[i].There(buffer);
            });
        }

        var (paired, pairedThere) = (all.Select(pair => pair.Here).ToHashSet(), all.Select(pair => pair.There).ToHashSet());
        return new ComparisonReport(
            [.. all.Zip(sums, (pair, sum) => sum.Result(pair.Here.Path, pair.There.Path, tolerance))],
            [.. here.Where(layer => !paired.Contains(layer)).Select(layer => layer.Path)],
            [.. there.Where(layer => !pairedThere.Contains(layer)).Select(layer => layer.Path)]);
    }

    private static InspectedLayer Find(IReadOnlyList<InspectedLayer> layers, Value output) => layers.Last(layer => layer.Value == output);

    private static List<(InspectedLayer Here, InspectedLayer There)> Pairs(IReadOnlyList<InspectedLayer> here, IReadOnlyList<InspectedLayer> there)
    {
        // The same network built twice has names of its own, but the same classes.
        if (here.Select(layer => layer.ClassName).SequenceEqual(there.Select(layer => layer.ClassName))) return [.. here.Zip(there)];
        var byName = there.GroupBy(layer => layer.Path).ToDictionary(group => group.Key, group => group.First());
        return [.. here.DistinctBy(layer => layer.Path).Where(layer => byName.ContainsKey(layer.Path)).Select(layer => (layer, byName[layer.Path]))];
    }

    /// <summary>The difference of one pair over all batches.</summary>
    private sealed class DifferenceSum
    {
        private Shape _here, _there;
        private float[]? _values;
        private string[]? _texts;
        private double _largest, _difference;

        public void Here(ValueBuffer buffer)
        {
            _here = buffer.Shape;
            (_values, _texts) = Read(buffer);
            foreach (var value in _values ?? [])
            {
                if (float.IsFinite(value)) _largest = Math.Max(_largest, Math.Abs(value));
            }
        }

        public void There(ValueBuffer buffer)
        {
            _there = buffer.Shape;
            var (others, texts) = Read(buffer);
            if (_there != _here || (others is null) != (_values is null) || (texts is not null && !texts.SequenceEqual(_texts!)))
            {
                _difference = double.PositiveInfinity;
                return;
            }

            for (var i = 0; i < (others?.Length ?? 0); i++)
            {
                if (_values![i].Equals(others![i])) continue;
                var difference = Math.Abs((double)_values[i] - others[i]);
                _difference = Math.Max(_difference, double.IsNaN(difference) ? double.PositiveInfinity : difference);
            }
        }

        private static (float[]? Numbers, string[]? Texts) Read(ValueBuffer buffer)
        {
            if (buffer.Spec.Type == DType.String) return (null, buffer.Strings.ToArray());
            var numbers = new float[buffer.Length];
            Prediction.CopyAsFloats(buffer, numbers);
            return (numbers, null);
        }

        public LayerDifference Result(string path, string otherPath, double tolerance) =>
            new(path, otherPath, _here, _there, _largest, _difference, _difference <= tolerance * Math.Max(_largest, 1e-6));
    }
}
