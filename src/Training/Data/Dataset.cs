using System.Collections;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <summary>Data that is made while it is used, step by step: <c>Dataset.From(files).Map(Read).Shuffle(1000).Batch(32).Prefetch(2)</c>.</summary>
/// <typeparam name="T">What it is made of.</typeparam>
/// <remarks>Going through it again begins at the front; Fit says which epoch it is, so that each has an order of its own and a resumed run the same ones.</remarks>
public abstract class Dataset<T> : IEnumerable<T>
{
    /// <summary>Every element as a function makes it.</summary>
    public Dataset<TResult> Map<TResult>(Func<T, TResult> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return Dataset.From(epoch => Once(Enumerate(epoch)).Select(function));
    }

    /// <summary>Elements in an order of chance: each is drawn from those in a buffer, whose place the next one takes.</summary>
    /// <param name="bufferSize">Elements held at a time; all of them for an even shuffle.</param>
    /// <param name="seed">What is drawn from; each epoch has an order of its own.</param>
    public Dataset<T> Shuffle(int bufferSize, ulong seed = 0)
    {
        if (bufferSize < 1) throw new ModelException($"Shuffle has a buffer of {bufferSize}; expected at least 1.");
        return Dataset.From(epoch => Shuffled(Once(Enumerate(epoch)), bufferSize, seed, (uint)epoch));
    }

    /// <summary>The next elements are made ahead on a thread of their own, while the present one is used.</summary>
    /// <param name="bufferSize">Elements made ahead at most.</param>
    public Dataset<T> Prefetch(int bufferSize = 2)
    {
        if (bufferSize < 1) throw new ModelException($"Prefetch has a count of {bufferSize}; expected at least 1.");
        return Dataset.From(epoch => Prefetching.Ahead(Once(Enumerate(epoch)), bufferSize));
    }

    /// <summary>Elements are made once and kept in memory from then on.</summary>
    public Dataset<T> Cache()
    {
        List<T>? kept = null;
        return Dataset.From(epoch => kept ?? Kept(epoch));

        IEnumerable<T> Kept(int epoch)
        {
            // Only a whole pass is kept; one that was left early would lack the rest.
            var all = new List<T>();
            foreach (var item in Once(Enumerate(epoch)))
            {
                all.Add(item);
                yield return item;
            }

            kept = all;
        }
    }

    /// <summary>The data several times over, or without end if no count is given.</summary>
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

    /// <summary>The first elements.</summary>
    public Dataset<T> Take(int count) => Dataset.From(epoch => Once(Enumerate(epoch)).Take(count));

    /// <summary>All elements but the first.</summary>
    public Dataset<T> Skip(int count) => Dataset.From(epoch => Once(Enumerate(epoch)).Skip(count));

    /// <summary>Pairs of elements of this and another, as long as both have any.</summary>
    public Dataset<(T First, TOther Second)> Zip<TOther>(Dataset<TOther> other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Dataset.From(epoch => Once(Enumerate(epoch)).Zip(Dataset<TOther>.Once(other.Enumerate(epoch))));
    }

    /// <summary>Goes through the data as in the first epoch.</summary>
    public IEnumerator<T> GetEnumerator() => Enumerate(0);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal abstract IEnumerator<T> Enumerate(int epoch);

    /// <summary>What an enumerator has left.</summary>
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

/// <summary>Makes datasets, and batches of their samples.</summary>
public static class Dataset
{
    /// <summary>Whatever can be gone through, from the front each time.</summary>
    public static Dataset<T> From<T>(IEnumerable<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return new FromFunction<T>(_ => items);
    }

    /// <summary>What a function makes for an epoch, counted from 0.</summary>
    public static Dataset<T> From<T>(Func<int, IEnumerable<T>> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FromFunction<T>(function);
    }

    /// <summary>The samples of arrays, one by one.</summary>
    /// <param name="x">Data of the inputs.</param>
    /// <param name="y">Targets of the outputs.</param>
    /// <param name="sampleWeight">A weight for each sample: one array for all outputs, or one for each, in order or by name.</param>
    /// <exception cref="ModelException">The numbers of samples differ.</exception>
    public static Dataset<Batch> From(NDArrays x, NDArrays y, NDArrays? sampleWeight = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        var count = x.Concat(y).First().Count;
        if (x.Concat(y).Concat(sampleWeight ?? []).Any(array => array.Count != count))
            throw new ModelException($"All arrays have the same number of samples, but they have {string.Join(", ", x.Concat(y).Select(array => array.Count))}.");
        return From(_ => Enumerable.Range(0, count).Select(i => new Batch(x.Take([i]), y.Take([i]), sampleWeight?.Take([i]))));
    }

    /// <summary>Samples together in batches.</summary>
    /// <param name="samples">Batches of one sample or several.</param>
    /// <param name="batchSize">How many of them make a batch.</param>
    /// <param name="dropRemainder">Whether a last batch that is smaller is left out.</param>
    public static Dataset<Batch> Batch(this Dataset<Batch> samples, int batchSize, bool dropRemainder = false)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (batchSize < 1) throw new ModelException($"Batch has a size of {batchSize}; expected at least 1.");
        return From(epoch => Dataset<Batch>.Once(samples.Enumerate(epoch)).Chunk(batchSize).Where(chunk => !dropRemainder || chunk.Length == batchSize).Select(Together));
    }

    private static Batch Together(Batch[] samples)
    {
        var weights = samples.Select(sample => sample.SampleWeight).OfType<NDArrays>().ToArray();
        if (weights.Length != 0 && weights.Length != samples.Length) throw new ModelException("Of the samples of one batch, some have a weight and some have none; give all of them one.");
        return new Batch(
            NDArrays.Concatenate([.. samples.Select(sample => sample.X)]),
            NDArrays.Concatenate([.. samples.Select(sample => sample.Y)]),
            weights.Length == 0 ? null : NDArrays.Concatenate(weights));
    }

    private sealed class FromFunction<T>(Func<int, IEnumerable<T>> function) : Dataset<T>
    {
        internal override IEnumerator<T> Enumerate(int epoch) => (function(epoch) ?? throw new ModelException("The function of a dataset gave nothing.")).GetEnumerator();
    }
}
