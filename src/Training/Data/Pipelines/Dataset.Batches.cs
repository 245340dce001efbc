using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <content>Batches.</content>
public static partial class Dataset
{
    /// <summary>Groups samples into batches.</summary>
    /// <remarks>
    /// Fit copies the samples of arrays, <see cref="From(NDArrays, NDArrays, NDArrays?)"/>, straight to where a step reads them: no batch is made. If threads
    /// make the samples in advance (<see cref="Dataset{T}.Map"/> with a parallelism), they share the samples of one batch before they begin the next.
    /// </remarks>
    /// <param name="samples">Batches of one or several samples.</param>
    /// <param name="batchSize">How many of them make a new batch.</param>
    /// <param name="dropRemainder">Whether a smaller last batch is left out.</param>
    /// <exception cref="ModelException">The size of a batch is below 1.</exception>
    public static Dataset<Batch> Batch(this Dataset<Batch> samples, int batchSize, bool dropRemainder = false)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (batchSize < 1) throw new ModelException($"Batch has batchSize {batchSize}; expected at least 1.");
        if (samples is SampleDataset rows) return rows.Batches(batchSize, dropRemainder);
        var times = new StageTimes("Batch");
        var inParts = samples.Ahead.Threads > 1;
        return Deferring(
            epoch => Chunks(samples, epoch, batchSize, dropRemainder).Select(chunk => (Deferred<Batch>)new BatchOf(chunk, inParts, times)),
            samples.Ahead.Grouped(batchSize),
            samples.Counts.With(times));
    }

    /// <summary>Groups sequences of any length into batches, in each of which they are padded to the longest.</summary>
    /// <remarks>The engine makes a plan for each shape; <see cref="BatchByLength"/> makes few shapes and pads less.</remarks>
    /// <param name="samples">Batches of one sample each: (1, steps, ...).</param>
    /// <param name="batchSize">How many of them make a new batch.</param>
    /// <param name="inputs">The positions of the inputs that are sequences; by default all.</param>
    /// <param name="targets">The positions of the targets that have a value per step; by default none.</param>
    /// <param name="paddingValue">The value of padded steps of inputs.</param>
    /// <param name="targetPaddingValue">The value of padded steps of targets. Sample weights per step are padded with 0.</param>
    /// <param name="padFront">Whether padding comes before the steps.</param>
    /// <param name="dropRemainder">Whether a smaller last batch is left out.</param>
    /// <exception cref="ModelException">The size of a batch is below 1; or, while samples are read: one has no steps.</exception>
    public static Dataset<Batch> PaddedBatch(
        this Dataset<Batch> samples,
        int batchSize,
        IntValues inputs = default,
        IntValues targets = default,
        float paddingValue = 0,
        float targetPaddingValue = 0,
        bool padFront = false,
        bool dropRemainder = false)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (batchSize < 1) throw new ModelException($"PaddedBatch has batchSize {batchSize}; expected at least 1.");
        var padding = new LengthBuckets
        {
            Lengths = 1,
            Inputs = inputs,
            Targets = targets,
            PaddingValue = paddingValue,
            TargetPaddingValue = targetPaddingValue,
            PadFront = padFront,
        };
        var times = new StageTimes("PaddedBatch");
        return Deferring(
            epoch => Chunks(samples, epoch, batchSize, dropRemainder).Select(chunk => (Deferred<Batch>)new Mapped<IReadOnlyList<Batch>, Batch>(
                new Listed<Batch>(chunk), made => Batches.Together([.. StepPadding.ToLongest(made, padding)]), times)),
            samples.Ahead.Grouped(batchSize),
            samples.Counts.With(times));
    }

    private static IEnumerable<Deferred<Batch>[]> Chunks(Dataset<Batch> samples, int epoch, int size, bool dropRemainder) =>
        samples.Deferred(epoch).Chunk(size).Where(chunk => !dropRemainder || chunk.Length == size);
}
