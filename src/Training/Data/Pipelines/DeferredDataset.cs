namespace OnnxFunctional.Training.Data;

/// <summary>A dataset of elements that are made when they are used.</summary>
/// <param name="items">The elements of an epoch, in its order.</param>
/// <param name="ahead">How they are made in advance.</param>
/// <param name="counts">The counts of the stages.</param>
internal sealed class DeferredDataset<T>(Func<int, IEnumerable<Deferred<T>>> items, Ahead ahead, StageCounts counts) : Dataset<T>(ahead, counts)
{
    internal override IEnumerable<Deferred<T>> Deferred(int epoch) => items(epoch);

    internal override Dataset<T> Arranged(Order order) => new DeferredDataset<T>(epoch => order.Of(items, epoch), Ahead, Counts);

    internal override Dataset<T> MadeAhead(Ahead ahead) => new DeferredDataset<T>(items, ahead, Counts);
}
