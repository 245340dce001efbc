namespace OnnxFunctional.Training.Data;

/// <summary>An operation of a dataset that chooses and arranges elements without looking at them, whatever stands for them.</summary>
internal abstract class Order
{
    /// <summary>The items of an epoch.</summary>
    /// <param name="source">The items of each epoch.</param>
    /// <param name="epoch">The epoch, from 0.</param>
    public abstract IEnumerable<TItem> Of<TItem>(Func<int, IEnumerable<TItem>> source, int epoch);
}

/// <summary>The first items.</summary>
internal sealed class TakeOrder(int count) : Order
{
    public override IEnumerable<TItem> Of<TItem>(Func<int, IEnumerable<TItem>> source, int epoch) => source(epoch).Take(count);
}

/// <summary>All but the first items.</summary>
internal sealed class SkipOrder(int count) : Order
{
    public override IEnumerable<TItem> Of<TItem>(Func<int, IEnumerable<TItem>> source, int epoch) => source(epoch).Skip(count);
}

/// <summary>One of the two parts of <see cref="DatasetSplit"/>, always in the order of the first epoch.</summary>
internal sealed class SplitOrder(double share, ulong seed, bool isFirst) : Order
{
    public override IEnumerable<TItem> Of<TItem>(Func<int, IEnumerable<TItem>> source, int epoch) =>
        source(0).Zip(DatasetSplit.Assignment(share, seed)).Where(pair => pair.Second == isFirst).Select(pair => pair.First);
}

/// <summary>The items of several epochs, one after the other.</summary>
internal sealed class RepeatOrder(int? count) : Order
{
    public override IEnumerable<TItem> Of<TItem>(Func<int, IEnumerable<TItem>> source, int epoch)
    {
        var round = count is { } times ? epoch * times : epoch;
        for (var i = 0; count is null || i < count; i++)
        {
            var any = false;
            foreach (var item in source(unchecked(round + i)))
            {
                any = true;
                yield return item;
            }

            if (!any) yield break;
        }
    }
}

/// <summary>Each item is drawn from a buffer, where the next one replaces it.</summary>
internal sealed class ShuffleOrder(int size, ulong seed, bool reshuffles) : Order
{
    private const uint Stream = 0x4453_5346;

    public override IEnumerable<TItem> Of<TItem>(Func<int, IEnumerable<TItem>> source, int epoch)
    {
        var round = reshuffles ? (uint)epoch : 0;
        var buffer = new List<TItem>();
        var draws = 0u;
        foreach (var item in source(epoch))
        {
            if (buffer.Count < size)
            {
                buffer.Add(item);
                continue;
            }

            var place = Draw(size);
            yield return buffer[place];
            buffer[place] = item;
        }

        while (buffer.Count > 0)
        {
            var place = Draw(buffer.Count);
            yield return buffer[place];
            buffer[place] = buffer[^1];
            buffer.RemoveAt(buffer.Count - 1);
        }

        int Draw(int below) => (int)(((ulong)Philox.Block(draws++, round, Stream, 0, seed).X * (ulong)below) >> 32);
    }
}
