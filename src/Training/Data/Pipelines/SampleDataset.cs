namespace OnnxFunctional.Training.Data;

/// <summary>A dataset of samples in arrays, which are shuffled and put into batches as rows, without an object for each.</summary>
internal abstract class SampleDataset(Ahead ahead, StageCounts counts) : Dataset<Batch>(ahead, counts)
{
    /// <summary>Batches of these samples.</summary>
    public Dataset<Batch> Batches(int size, bool dropRemainder) => new SampleBatches(Rows, size, dropRemainder, Ahead.Grouped(size), Counts);

    /// <summary>The samples of an epoch, in its order.</summary>
    public abstract IEnumerable<SampleRow> Rows(int epoch);

    internal override IEnumerable<Deferred<Batch>> Deferred(int epoch) => Rows(epoch).Select(row => (Deferred<Batch>)new BatchOfRows([row]));

    internal override Dataset<Batch>? Joined(Dataset<Batch> other) => other is SampleDataset samples
        ? new SampleDataset<SampleRow>(epoch => Rows(epoch).Concat(samples.Rows(epoch)), row => row, Ahead.With(other.Ahead), Counts.With(other.Counts))
        : null;
}

/// <summary>Samples that are arranged by what stands for them: positions in one block, which hold no reference for the collector to follow, or rows.</summary>
/// <param name="keys">What stands for the samples of an epoch, in its order.</param>
/// <param name="row">The sample.</param>
/// <param name="ahead">How they are made in advance.</param>
/// <param name="counts">The counts of the stages.</param>
internal sealed class SampleDataset<TKey>(Func<int, IEnumerable<TKey>> keys, Func<TKey, SampleRow> row, Ahead ahead, StageCounts counts)
    : SampleDataset(ahead, counts)
{
    public override IEnumerable<SampleRow> Rows(int epoch) => keys(epoch).Select(row);

    internal override Dataset<Batch> Arranged(Order order) => new SampleDataset<TKey>(epoch => order.Of(keys, epoch), row, Ahead, Counts);

    internal override Dataset<Batch> MadeAhead(Ahead ahead) => new SampleDataset<TKey>(keys, row, ahead, Counts);
}

/// <summary>Batches of samples in arrays. Who trains on them copies rows from the arrays to where a step reads them.</summary>
/// <param name="rows">The samples of an epoch, in its order.</param>
/// <param name="size">The samples of a batch.</param>
/// <param name="dropRemainder">Whether a smaller last batch is left out.</param>
/// <param name="ahead">How they are made in advance.</param>
/// <param name="counts">The counts of the stages.</param>
internal sealed class SampleBatches(Func<int, IEnumerable<SampleRow>> rows, int size, bool dropRemainder, Ahead ahead, StageCounts counts)
    : Dataset<Batch>(ahead, counts)
{
    /// <summary>The samples of a batch, but for the last one.</summary>
    public int Size => size;

    /// <summary>Whether a smaller last batch is left out.</summary>
    public bool DropsRemainder => dropRemainder;

    /// <summary>The samples of an epoch.</summary>
    public IEnumerable<SampleRow> Rows(int epoch) => rows(epoch);

    internal override IEnumerable<Deferred<Batch>> Deferred(int epoch) => rows(epoch)
        .Chunk(size)
        .Where(chunk => !dropRemainder || chunk.Length == size)
        .Select(chunk => (Deferred<Batch>)new BatchOfRows(chunk));

    internal override Dataset<Batch> Arranged(Order order) => new DeferredDataset<Batch>(epoch => order.Of(Deferred, epoch), Ahead, Counts);

    internal override Dataset<Batch> MadeAhead(Ahead ahead) => new SampleBatches(rows, size, dropRemainder, ahead, Counts);
}
