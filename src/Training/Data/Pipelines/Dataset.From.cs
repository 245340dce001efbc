using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <summary>Creates datasets, and batches of their samples.</summary>
public static partial class Dataset
{
    /// <summary>A dataset of the elements of a sequence, which is enumerated from the front each time.</summary>
    /// <param name="items">The items, which can be enumerated again for each epoch.</param>
    public static Dataset<T> From<T>(IEnumerable<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return items is IReadOnlyCollection<T> ? Stage(_ => items, StageCounts.None) : Timed(_ => items, "From");
    }

    /// <summary>A dataset of the elements that a function returns for an epoch, counted from 0.</summary>
    /// <param name="function">Makes the items of an epoch, which is counted from 0.</param>
    /// <exception cref="ModelException">The function returned null, once elements are read.</exception>
    public static Dataset<T> From<T>(Func<int, IEnumerable<T>> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return Timed(epoch => function(epoch) ?? throw new ModelException("The function of a dataset returned null; expected a sequence."), "From");
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

        var block = new SampleBlock(x, y, sampleWeight);
        return new SampleDataset<int>(_ => Enumerable.Range(0, count), row => new SampleRow(block, row), Ahead.None, StageCounts.None);
    }

    /// <summary>A dataset of the samples of blocks.</summary>
    /// <param name="blocks">The blocks of an epoch.</param>
    /// <param name="ahead">How samples are made in advance.</param>
    /// <param name="counts">What is counted of how they are made.</param>
    internal static Dataset<Batch> Samples(Func<int, IEnumerable<SampleBlock>> blocks, Ahead ahead, StageCounts counts) =>
        new SampleDataset<SampleRow>(epoch => Rows(blocks(epoch)), row => row, ahead, counts);

    /// <summary>A dataset of elements that are made when they are used.</summary>
    /// <param name="items">The elements of an epoch, in its order.</param>
    /// <param name="ahead">How they are made in advance.</param>
    /// <param name="counts">What is counted of how they are made.</param>
    internal static Dataset<T> Deferring<T>(Func<int, IEnumerable<Deferred<T>>> items, Ahead ahead, StageCounts counts) =>
        new DeferredDataset<T>(items, ahead, counts);

    /// <summary>A dataset of elements that are made one after the other.</summary>
    /// <param name="items">The elements of an epoch.</param>
    /// <param name="counts">What is counted of how they are made.</param>
    internal static Dataset<T> Stage<T>(Func<int, IEnumerable<T>> items, StageCounts counts) =>
        Deferring(epoch => items(epoch).Select(item => (Deferred<T>)new Given<T>(item)), Ahead.None, counts);

    /// <summary>A dataset of elements that are made one after the other, whose time is counted.</summary>
    /// <param name="items">The elements of an epoch.</param>
    /// <param name="name">The name of the stage.</param>
    internal static Dataset<T> Timed<T>(Func<int, IEnumerable<T>> items, string name)
    {
        var times = new StageTimes(name);
        return Stage(epoch => Of(items(epoch)), StageCounts.None.With(times));

        IEnumerable<T> Of(IEnumerable<T> source)
        {
            using var enumerator = source.GetEnumerator();
            while (true)
            {
                var begun = StageTimes.Now;
                if (!enumerator.MoveNext()) yield break;
                var item = enumerator.Current;
                times.Add(begun);
                yield return item;
            }
        }
    }

    private static IEnumerable<SampleRow> Rows(IEnumerable<SampleBlock> blocks)
    {
        foreach (var block in blocks)
        {
            for (var row = 0; row < block.Count; row++) yield return new SampleRow(block, row);
        }
    }
}
