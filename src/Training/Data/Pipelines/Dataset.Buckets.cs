using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <content>Batches of sequences of similar length.</content>
public static partial class Dataset
{
    /// <summary>Groups samples of similar length into batches and pads each to one of a few lengths.</summary>
    /// <remarks>A batch is passed on once its bucket is full; at the end of the data the rest follows, the shortest first.</remarks>
    /// <param name="samples">Batches of one sample each, as <see cref="From(NDArrays, NDArrays, NDArrays?)"/> makes them: (1, steps, ...).</param>
    /// <param name="buckets">Lengths, sizes, and what is padded.</param>
    /// <exception cref="ModelException">
    /// BatchSize holds neither one size nor one per length; or, while samples are read: one is longer than all lengths, or has no steps.
    /// </exception>
    public static Dataset<Batch> BatchByLength(this Dataset<Batch> samples, LengthBuckets buckets)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(buckets);
        if (buckets.BatchSize.Count != 1 && buckets.BatchSize.Count != buckets.Lengths.Count)
        {
            throw new ModelException(
                $"BatchSize {buckets.BatchSize} has {buckets.BatchSize.Count} sizes for {buckets.Lengths.Count} lengths {buckets.Lengths}; "
                + "expected one for all lengths, or one for each.");
        }

        return Stage(epoch => Bucketed(samples.Elements(epoch), buckets), samples.AllCounts);
    }

    private static IEnumerable<Batch> Bucketed(IEnumerable<Batch> samples, LengthBuckets buckets)
    {
        var waiting = buckets.Lengths.Select(_ => new List<Batch>()).ToArray();
        var count = 0;
        foreach (var sample in samples)
        {
            var bucket = BucketOf(sample, buckets, count++);
            waiting[bucket].Add(StepPadding.Of(sample, buckets, _ => buckets.Lengths[bucket], _ => buckets.Lengths[bucket]));
            if (waiting[bucket].Count < buckets.BatchSize[buckets.BatchSize.Count == 1 ? 0 : bucket]) continue;
            yield return Batches.Together([.. waiting[bucket]]);
            waiting[bucket].Clear();
        }

        if (buckets.DropRemainder) yield break;
        foreach (var rest in waiting)
        {
            if (rest.Count > 0) yield return Batches.Together([.. rest]);
        }
    }

    private static int BucketOf(Batch sample, LengthBuckets buckets, int number)
    {
        var position = buckets.Inputs.Count == 0 ? 0 : buckets.Inputs[0];
        var length = StepPadding.Sequence(sample.X, position, "input").Shape.Dim(1);
        for (var i = 0; i < buckets.Lengths.Count; i++)
        {
            if (length <= buckets.Lengths[i]) return i;
        }

        if (buckets.Truncate) return buckets.Lengths.Count - 1;
        throw new ModelException(
            $"Sample {number} has {length} steps, but the longest bucket holds {buckets.Lengths[^1]}. Add a length, or set Truncate.");
    }
}
