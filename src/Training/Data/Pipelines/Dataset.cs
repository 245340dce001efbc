using System.Collections;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Distributing;

namespace OnnxFunctional.Training;

/// <summary>Data that is created on the fly, in a pipeline: <c>Dataset.From(files).Shuffle(1000).Map(Read, parallelism: 4).Batch(32)</c>.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
/// <remarks>
/// Each enumeration starts at the front. Fit passes the number of the epoch, so that each epoch may be shuffled differently and resumed training sees the same
/// orders. Elements are made when they are used: those that <see cref="Skip"/>, <see cref="Take"/> or <see cref="Split"/> leave out, that a resumed training
/// has seen, or that another process computes are not made, and <see cref="Shuffle"/> holds what they are made from.
/// TensorFlow: https://www.tensorflow.org/api_docs/python/tf/data/Dataset
/// </remarks>
public abstract class Dataset<T> : IEnumerable<T>
{
    private protected Dataset(Ahead ahead, StageCounts counts) => (Ahead, Counts) = (ahead, counts);

    /// <summary>Where the time went in all passes so far, and who waited for whom.</summary>
    public DatasetProfile Profile => AllCounts.Profile;

    /// <summary>How elements are made in advance.</summary>
    internal Ahead Ahead { get; }

    /// <summary>The counts of the stages, without the threads that make the elements of this one.</summary>
    internal StageCounts Counts { get; }

    /// <summary>The counts of all stages.</summary>
    internal StageCounts AllCounts => Ahead.Times is { } times ? Counts.With(times) : Counts;

    /// <summary>Applies a function to every element.</summary>
    /// <param name="function">Makes an item of each item. With parallelism, several threads call it at the same time.</param>
    /// <param name="parallelism">
    /// The number of threads that make elements in advance; 0 to make them when they are used, on the thread that uses them. Elements and their order do not
    /// depend on it.
    /// </param>
    /// <exception cref="ModelException">The parallelism is negative.</exception>
    public Dataset<TResult> Map<TResult>(Func<T, TResult> function, int parallelism = 0)
    {
        ArgumentNullException.ThrowIfNull(function);
        if (parallelism < 0) throw new ModelException($"Map has parallelism {parallelism}; expected at least 0.");
        var times = new StageTimes("Map");
        return new DeferredDataset<TResult>(
            epoch => Deferred(epoch).Select(item => (Deferred<TResult>)new Mapped<T, TResult>(item, function, times)),
            Ahead.With(Ahead.On(parallelism, parallelism)),
            Counts.With(times));
    }

    /// <summary>Keeps the elements that fulfil a condition.</summary>
    /// <param name="condition">Whether an element is kept.</param>
    public Dataset<T> Filter(Func<T, bool> condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var times = new StageTimes("Filter");
        return Dataset.Stage(epoch => Elements(epoch).Where(item =>
        {
            var begun = StageTimes.Now;
            var isKept = condition(item);
            times.Add(begun);
            return isKept;
        }), AllCounts.With(times));
    }

    /// <summary>Shuffles elements: each is drawn from a buffer, where the next element replaces it.</summary>
    /// <remarks>
    /// The buffer holds what elements are made from: positions in arrays, elements of a sequence, not what <see cref="Map"/> makes of them.
    /// With <paramref name="reshuffleEachIteration"/>, <see cref="Take"/> and <see cref="Skip"/> behind it choose other elements in each epoch, so samples that
    /// were held out come into training: hold out with <see cref="Split"/>, or shuffle in one order.
    /// </remarks>
    /// <param name="bufferSize">The number of elements in the buffer; all elements for a uniform shuffle.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="reshuffleEachIteration">Whether each epoch is shuffled differently.</param>
    /// <exception cref="ModelException">The size of the buffer is below 1.</exception>
    public Dataset<T> Shuffle(int bufferSize, ulong seed = 0, bool reshuffleEachIteration = true) => bufferSize < 1
        ? throw new ModelException($"Shuffle has bufferSize {bufferSize}; expected at least 1.")
        : Arranged(new ShuffleOrder(bufferSize, seed, reshuffleEachIteration));

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
    public (Dataset<T> First, Dataset<T> Second) Split(double share, ulong seed = 0) => share is > 0 and < 1
        ? (Arranged(new SplitOrder(share, seed, isFirst: true)), Arranged(new SplitOrder(share, seed, isFirst: false)))
        : throw new ModelException($"Split has a share of {share}; expected a number between 0 and 1.");

    /// <summary>Makes the next elements in advance on another thread, while the current one is used.</summary>
    /// <param name="bufferSize">The largest number of elements made in advance.</param>
    /// <param name="maxBytes">
    /// No further element is begun while those that are ready take so many bytes together; null for any number. Bytes are counted of batches and arrays.
    /// </param>
    /// <exception cref="ModelException">The size of the buffer or of memory is below 1, or elements are of a type whose bytes are not counted.</exception>
    public Dataset<T> Prefetch(int bufferSize = 2, long? maxBytes = null)
    {
        if (bufferSize < 1) throw new ModelException($"Prefetch has bufferSize {bufferSize}; expected at least 1.");
        if (maxBytes < 1) throw new ModelException($"Prefetch has maxBytes {maxBytes}; expected at least 1.");
        if (maxBytes is not null && !ElementBytes.AreCounted(typeof(T)))
            throw new ModelException($"Prefetch counts bytes of Batch, NDArrays and NDArray, not of {typeof(T).Name}. Give a bufferSize, or prefetch batches.");
        return MadeAhead(Ahead.With(Ahead.On(1, bufferSize, maxBytes ?? long.MaxValue)) with { Buffer = bufferSize });
    }

    /// <summary>Creates elements once and keeps them in memory.</summary>
    public Dataset<T> Cache()
    {
        List<T>? kept = null;
        return Dataset.Stage(epoch => kept ?? Kept(epoch), AllCounts);

        IEnumerable<T> Kept(int epoch)
        {
            // Only a complete pass is kept.
            var all = new List<T>();
            foreach (var item in Elements(epoch))
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
    public Dataset<T> Repeat(int? count = null) =>
        count < 0 ? throw new ModelException($"Repeat has a count of {count}; expected at least 0.") : Arranged(new RepeatOrder(count));

    /// <summary>Keeps the first elements only: of an epoch, if they are shuffled for each.</summary>
    /// <param name="count">Their number.</param>
    /// <exception cref="ModelException">The number is negative.</exception>
    public Dataset<T> Take(int count) =>
        count < 0 ? throw new ModelException($"Take has a count of {count}; expected at least 0.") : Arranged(new TakeOrder(count));

    /// <summary>Skips the first elements: of an epoch, if they are shuffled for each.</summary>
    /// <param name="count">Their number.</param>
    /// <exception cref="ModelException">The number is negative.</exception>
    public Dataset<T> Skip(int count) =>
        count < 0 ? throw new ModelException($"Skip has a count of {count}; expected at least 0.") : Arranged(new SkipOrder(count));

    /// <summary>The elements, and then those of another dataset.</summary>
    /// <param name="other">What follows.</param>
    public Dataset<T> Concatenate(Dataset<T> other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Joined(other) ?? new DeferredDataset<T>(
            epoch => Deferred(epoch).Concat(other.Deferred(epoch)), Ahead.With(other.Ahead), Counts.With(other.Counts));
    }

    /// <summary>Pairs the elements with those of another dataset, up to the end of the shorter one.</summary>
    /// <param name="other">The other sequence; the shorter one ends both.</param>
    public Dataset<(T First, TOther Second)> Zip<TOther>(Dataset<TOther> other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new DeferredDataset<(T, TOther)>(
            epoch => Deferred(epoch).Zip(other.Deferred(epoch), (first, second) => (Deferred<(T, TOther)>)new Paired<T, TOther>(first, second)),
            Ahead.With(other.Ahead),
            Counts.With(other.Counts));
    }

    /// <summary>
    /// Makes a dataset of each element and takes turns: some elements of the first, some of the second, and so on; the next element replaces one that ends.
    /// </summary>
    /// <param name="function">Makes a dataset of an element, as the samples of a file of its name.</param>
    /// <param name="cycleLength">The number of datasets that take turns.</param>
    /// <param name="blockLength">The elements of a turn.</param>
    /// <exception cref="ModelException">A length is below 1.</exception>
    public Dataset<TResult> Interleave<TResult>(Func<T, Dataset<TResult>> function, int cycleLength, int blockLength = 1)
    {
        ArgumentNullException.ThrowIfNull(function);
        if (cycleLength < 1 || blockLength < 1)
            throw new ModelException($"Interleave has cycleLength {cycleLength} and blockLength {blockLength}; expected at least 1 of each.");
        return Dataset.Stage(epoch => Turns.Of(Elements(epoch), item => Opened(item, epoch), cycleLength, blockLength), AllCounts);

        IEnumerable<TResult> Opened(T item, int epoch) =>
            (function(item) ?? throw new ModelException("The function of Interleave returned null; expected a dataset.")).Elements(epoch);
    }

    /// <summary>Groups elements that follow each other: <c>[0 1 2], [1 2 3], ...</c> with a size of 3 and a shift of 1.</summary>
    /// <param name="size">The elements of a window.</param>
    /// <param name="shift">How many elements further the next window begins; by default its size.</param>
    /// <param name="stride">How many elements lie from one element of a window to the next.</param>
    /// <param name="dropRemainder">Whether windows at the end that have fewer elements are left out.</param>
    /// <exception cref="ModelException">A number is below 1.</exception>
    public Dataset<IReadOnlyList<T>> Window(int size, int? shift = null, int stride = 1, bool dropRemainder = false)
    {
        if (size < 1 || shift < 1 || stride < 1)
            throw new ModelException($"Window has size {size}, shift {shift ?? size} and stride {stride}; expected at least 1 of each.");
        return new DeferredDataset<IReadOnlyList<T>>(
            epoch => Windows.Of(Deferred(epoch), size, shift ?? size, stride, dropRemainder),
            Ahead.Grouped(size),
            Counts);
    }

    /// <summary>The elements of an epoch, as Fit sees them: each may be shuffled differently.</summary>
    /// <param name="number">The epoch, from 0.</param>
    public IEnumerable<T> Epoch(int number) => Elements(number);

    /// <summary>Enumerates the data as in the first epoch.</summary>
    public IEnumerator<T> GetEnumerator() => Elements(0).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The elements of an epoch, not yet made.</summary>
    internal abstract IEnumerable<Deferred<T>> Deferred(int epoch);

    /// <summary>The elements of an epoch.</summary>
    internal IEnumerable<T> Elements(int epoch) => Elements(epoch, Share.Whole);

    /// <summary>The elements of an epoch, of which batches hold the samples of a share.</summary>
    internal IEnumerable<T> Elements(int epoch, Share share) => Made(epoch, share).Select(made => made.Value);

    /// <summary>The elements of an epoch with what they were made of, which the reader may release.</summary>
    internal IEnumerable<Made<T>> Made(int epoch, Share share)
    {
        var items = share.Size == 1 ? Deferred(epoch) : Deferred(epoch).Select(item => item.For(share));
        return Ahead.Threads == 0 ? items.Select(item => new Made<T>(item.Make(), item)) : AheadPass<T>.Of(items, Ahead);
    }

    /// <summary>The same elements in another order.</summary>
    internal abstract Dataset<T> Arranged(Order order);

    /// <summary>The same elements, made in advance in another way.</summary>
    internal abstract Dataset<T> MadeAhead(Ahead ahead);

    /// <summary>These elements and those of another dataset, if both are of the same kind.</summary>
    internal virtual Dataset<T>? Joined(Dataset<T> other) => null;
}
