namespace OnnxFunctional.Training.Data;

/// <summary>Brings samples that are sequences to other lengths.</summary>
internal static class StepPadding
{
    /// <summary>The positions of the inputs that are sequences.</summary>
    public static IEnumerable<int> Inputs(Batch sample, LengthBuckets buckets) =>
        buckets.Inputs.Count == 0 ? Enumerable.Range(0, sample.X.Count) : buckets.Inputs;

    /// <summary>Pads each array to the longest of all samples.</summary>
    public static IEnumerable<Batch> ToLongest(IReadOnlyList<Batch> samples, LengthBuckets buckets)
    {
        var inputs = Inputs(samples[0], buckets).ToDictionary(i => i, i => samples.Max(sample => Sequence(sample.X, i, "input").Shape.Dim(1)));
        var targets = buckets.Targets.ToDictionary(i => i, i => samples.Max(sample => Sequence(sample.Y, i, "target").Shape.Dim(1)));
        return samples.Select(sample => Of(sample, buckets, i => inputs[i], i => targets[i]));
    }

    /// <summary>A sample whose inputs and targets that are sequences have other lengths.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="buckets">What is padded, and with what.</param>
    /// <param name="inputLength">The length of an input.</param>
    /// <param name="targetLength">The length of a target.</param>
    public static Batch Of(Batch sample, LengthBuckets buckets, Func<int, int> inputLength, Func<int, int> targetLength)
    {
        var x = sample.X;
        foreach (var position in Inputs(sample, buckets))
            x = x.With(position, Sequence(x, position, "input").WithSteps(inputLength(position), buckets.PaddingValue, buckets.PadFront));
        var (y, weights) = (sample.Y, sample.SampleWeight);
        foreach (var position in buckets.Targets)
        {
            var length = targetLength(position);
            y = y.With(position, Sequence(y, position, "target").WithSteps(length, buckets.TargetPaddingValue, buckets.PadFront));

            // A weight per step belongs to a target with steps; a single array holds the weights of all targets.
            var place = weights?.Count == 1 ? 0 : position;
            if (weights is not null && place < weights.Count && weights[place].Shape.Rank > 1)
                weights = weights.With(place, weights[place].WithSteps(length, 0, buckets.PadFront));
        }

        return new Batch(x, y, weights);
    }

    /// <summary>The array at a position, which has steps.</summary>
    /// <exception cref="ModelException">There is none, or it has no steps.</exception>
    public static NDArray Sequence(NDArrays arrays, int position, string what)
    {
        if (position < 0 || position >= arrays.Count)
            throw new ModelException($"LengthBuckets names {what} {position}, but a sample has {arrays.Count} of them; the first is 0.");
        return arrays[position].Shape.Rank > 1
            ? arrays[position]
            : throw new ModelException(
                $"A sample's {what} {position} has shape {arrays[position].Shape}, without steps; expected (1, steps, ...). "
                + $"Name those that are sequences in LengthBuckets.{(what == "input" ? "Inputs" : "Targets")}.");
    }
}
