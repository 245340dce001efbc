using System.Collections;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <summary>Data that is created on the fly, in a pipeline: <c>Dataset.From(files).Map(Read).Shuffle(1000).Batch(32).Prefetch(2)</c>.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
/// <remarks>
/// Each enumeration starts at the front. Fit passes the number of the epoch, so that each epoch may be shuffled differently and resumed training sees the same
/// orders.
/// </remarks>
public abstract class Dataset<T> : IEnumerable<T>
{
    /// <summary>Applies a function to every element.</summary>
    /// <param name="function">Makes an item of each item.</param>
    public Dataset<TResult> Map<TResult>(Func<T, TResult> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return Dataset.From(epoch => Once(Enumerate(epoch)).Select(function));
    }

    /// <summary>Shuffles elements: each is drawn from a buffer, where the next element replaces it.</summary>
    /// <remarks>
    /// With <paramref name="reshuffleEachIteration"/>, <see cref="Take"/> and <see cref="Skip"/> behind it choose other elements in each epoch, so samples that
    /// were held out come into training: hold out with <see cref="Split"/>, or shuffle in one order.
    /// </remarks>
    /// <param name="bufferSize">The number of elements in the buffer; all elements for a uniform shuffle.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="reshuffleEachIteration">Whether each epoch is shuffled differently.</param>
    /// <exception cref="ModelException">The size of the buffer is below 1.</exception>
    public Dataset<T> Shuffle(int bufferSize, ulong seed = 0, bool reshuffleEachIteration = true)
    {
        if (bufferSize < 1) throw new ModelException($"Shuffle has bufferSize {bufferSize}; expected at least 1.");
        return Dataset.From(epoch => Shuffled(Once(Enumerate(epoch)), bufferSize, seed, reshuffleEachIteration ? (uint)epoch : 0));
    }

    /// <summary>Splits the elements in two: no element is in both, in any epoch.</summary>
    /// <remarks>
    /// Elements are assigned by their position, at random: of each ten in a row the first part gets its share. The elements are those of the first epoch, so
    /// what is shuffled before keeps that one order: shuffle the parts. Needs elements that come in the same order whenever they are enumerated.
    /// </remarks>
    /// <param name="share">The share of the first part, between 0 and 1: 0.8 for training.</param>
    /// <param name="seed">The seed of the assignment.</param>
    /// <returns>The two parts, each in the order of this dataset.</returns>
    /// <exception cref="ModelException">The share is not between 0 and 1.</exception>
    /// <example><c>var (training, held) = Dataset.From(x, y).Split(0.8);</c></example>
    public (Dataset<T> First, Dataset<T> Second) Split(double share, ulong seed = 0)
    {
        if (share is not (> 0 and < 1)) throw new ModelException($"Split has a share of {share}; expected a number between 0 and 1.");
        return (Part(true), Part(false));

        Dataset<T> Part(bool first) =>
            Dataset.From(_ => Once(Enumerate(0)).Zip(DatasetSplit.Assignment(share, seed)).Where(pair => pair.Second == first).Select(pair => pair.First));
    }

    /// <summary>Creates the next elements in advance on another thread, while the current one is used.</summary>
    /// <param name="bufferSize">The largest number of elements created in advance.</param>
    /// <exception cref="ModelException">The size of the buffer is below 1.</exception>
    public Dataset<T> Prefetch(int bufferSize = 2)
    {
        if (bufferSize < 1) throw new ModelException($"Prefetch has bufferSize {bufferSize}; expected at least 1.");
        return Dataset.From(epoch => Prefetching.Ahead(Once(Enumerate(epoch)), bufferSize));
    }

    /// <summary>Creates elements once and keeps them in memory.</summary>
    public Dataset<T> Cache()
    {
        List<T>? kept = null;
        return Dataset.From(epoch => kept ?? Kept(epoch));

        IEnumerable<T> Kept(int epoch)
        {
            // Only a complete pass is kept.
            var all = new List<T>();
            foreach (var item in Once(Enumerate(epoch)))
            {
                all.Add(item);
                yield return item;
            }

            kept = all;
        }
    }

    /// <summary>Repeats the data; without a count, endlessly.</summary>
    /// <param name="count">How often; without end by default.</param>
    /// <exception cref="ModelException">The number is negative.</exception>
    public Dataset<T> Repeat(int? count = null)
    {
        if (count < 0) throw new ModelException($"Repeat has a count of {count}; expected at least 0.");
        return Dataset.From(Repeated);

        IEnumerable<T> Repeated(int epoch)
        {
            var round = count is { } times ? epoch * times : epoch;
            for (var i = 0; count is null || i < count; i++)
            {
                var any = false;
                foreach (var item in Once(Enumerate(unchecked(round + i))))
                {
                    any = true;
                    yield return item;
                }

                if (!any) yield break;
            }
        }
    }

    /// <summary>Keeps the first elements only: of an epoch, if they are shuffled for each.</summary>
    /// <param name="count">Their number.</param>
    /// <exception cref="ModelException">The number is negative.</exception>
    public Dataset<T> Take(int count)
    {
        if (count < 0) throw new ModelException($"Take has a count of {count}; expected at least 0.");
        return Dataset.From(epoch => Once(Enumerate(epoch)).Take(count));
    }

    /// <summary>Skips the first elements: of an epoch, if they are shuffled for each.</summary>
    /// <param name="count">Their number.</param>
    /// <exception cref="ModelException">The number is negative.</exception>
    public Dataset<T> Skip(int count)
    {
        if (count < 0) throw new ModelException($"Skip has a count of {count}; expected at least 0.");
        return Dataset.From(epoch => Once(Enumerate(epoch)).Skip(count));
    }

    /// <summary>Pairs the elements with those of another dataset, up to the end of the shorter one.</summary>
    /// <param name="other">The other sequence; the shorter one ends both.</param>
    public Dataset<(T First, TOther Second)> Zip<TOther>(Dataset<TOther> other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Dataset.From(epoch => Once(Enumerate(epoch)).Zip(Dataset<TOther>.Once(other.Enumerate(epoch))));
    }

    /// <summary>Enumerates the data as in the first epoch.</summary>
    public IEnumerator<T> GetEnumerator() => Enumerate(0);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal abstract IEnumerator<T> Enumerate(int epoch);

    /// <summary>The remaining elements of an enumerator.</summary>
    internal static IEnumerable<T> Once(IEnumerator<T> items)
    {
        using (items)
        {
            while (items.MoveNext()) yield return items.Current;
        }
    }

    private static IEnumerable<T> Shuffled(IEnumerable<T> items, int size, ulong seed, uint epoch)
    {
        var buffer = new List<T>();
        var draws = 0u;
        foreach (var item in items)
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

        int Draw(int below) => (int)(((ulong)Philox.Block(draws++, epoch, 0x4453_5346, 0, seed).X * (ulong)below) >> 32);
    }
}

/// <summary>Creates datasets, and batches of their samples.</summary>
public static partial class Dataset
{
    /// <summary>A dataset of the elements of a sequence, which is enumerated from the front each time.</summary>
    /// <param name="items">The items, which can be enumerated again for each epoch.</param>
    public static Dataset<T> From<T>(IEnumerable<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return new FromFunction<T>(_ => items);
    }

    /// <summary>A dataset of the elements that a function returns for an epoch, counted from 0.</summary>
    /// <param name="function">Makes the items of an epoch, which is counted from 0.</param>
    public static Dataset<T> From<T>(Func<int, IEnumerable<T>> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FromFunction<T>(function);
    }

    /// <summary>A dataset of the samples of arrays, one by one.</summary>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="y">The targets of the outputs.</param>
    /// <param name="sampleWeight">A weight per sample: one array for all outputs, or one per output, in order or by name.</param>
    /// <exception cref="ModelException">The numbers of samples differ.</exception>
    public static Dataset<Batch> From(NDArrays x, NDArrays y, NDArrays? sampleWeight = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        var count = x.Concat(y).First().Count;
        if (x.Concat(y).Concat(sampleWeight ?? []).Any(array => array.Count != count))
        {
            var counts = string.Join(", ", x.Concat(y).Select(array => array.Count));
            throw new ModelException($"All arrays must have the same number of samples, but they have {counts}.");
        }

        return From(_ => Enumerable.Range(0, count).Select(i => new Batch(x.Take([i]), y.Take([i]), sampleWeight?.Take([i]))));
    }

    /// <summary>Groups samples into batches.</summary>
    /// <param name="samples">Batches of one or several samples.</param>
    /// <param name="batchSize">How many of them make a new batch.</param>
    /// <param name="dropRemainder">Whether a smaller last batch is left out.</param>
    /// <exception cref="ModelException">The size of a batch is below 1.</exception>
    public static Dataset<Batch> Batch(this Dataset<Batch> samples, int batchSize, bool dropRemainder = false)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (batchSize < 1) throw new ModelException($"Batch has batchSize {batchSize}; expected at least 1.");
        return From(epoch =>
            Dataset<Batch>.Once(samples.Enumerate(epoch)).Chunk(batchSize).Where(chunk => !dropRemainder || chunk.Length == batchSize).Select(Together));
    }

    private static Batch Together(Batch[] samples)
    {
        var weights = samples.Select(sample => sample.SampleWeight).OfType<NDArrays>().ToArray();
        if (weights.Length != 0 && weights.Length != samples.Length)
            throw new ModelException("Some samples of a batch have a weight and some have none. Give a weight to all of them or to none.");
        return new Batch(
            NDArrays.Concatenate([.. samples.Select(sample => sample.X)]),
            NDArrays.Concatenate([.. samples.Select(sample => sample.Y)]),
            weights.Length == 0 ? null : NDArrays.Concatenate(weights));
    }

    private sealed class FromFunction<T>(Func<int, IEnumerable<T>> function) : Dataset<T>
    {
        internal override IEnumerator<T> Enumerate(int epoch) =>
            (function(epoch) ?? throw new ModelException("The function of a dataset returned null; expected a sequence.")).GetEnumerator();
    }
}
