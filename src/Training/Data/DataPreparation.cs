using System.Numerics;
using System.Numerics.Tensors;

namespace OnnxFunctional.Training.Data;

/// <summary>An end of a sequence.</summary>
public enum SequenceEnd
{
    /// <summary>The start: Keras' "pre".</summary>
    Front,

    /// <summary>The end: Keras' "post".</summary>
    Back,
}

/// <summary>Helpers to prepare data, like those of keras.utils.</summary>
/// <example><code>
/// var padded = DataPreparation.PadSequences([[1, 2, 3], [4]], maxLength: 3);
/// var oneHot = DataPreparation.ToCategorical(new int[] { 0, 2, 1 });
/// </code></example>
public static class DataPreparation
{
    /// <summary>Turns class indices into one-hot rows.</summary>
    /// <remarks>https://keras.io/api/utils/python_utils/#to_categorical-function</remarks>
    /// <param name="y">Class indices (...) or (..., 1).</param>
    /// <param name="numClasses">The number of classes; default: one more than the largest index.</param>
    /// <returns>(..., classes), 1 at the class and 0 elsewhere.</returns>
    /// <exception cref="ModelException">A value is not a class index.</exception>
    public static Tensor<float> ToCategorical(NDArray y, int? numClasses = null)
    {
        ArgumentNullException.ThrowIfNull(y);
        var numbers = y.AsFloats();
        var largest = numbers.Length == 0 ? -1 : TensorPrimitives.Max(numbers);
        if (!(largest < int.MaxValue)) throw new ModelException($"The largest class index is {largest}; expected less than {int.MaxValue:N0}.");
        var count = numClasses ?? (int)largest + 1;
        var result = new float[Sizes.Count(Shape.Of(numbers.Length, count), "The one-hot rows", "Use integers as targets, with a sparse loss.")];
        for (var i = 0; i < numbers.Length; i++)
        {
            if (!float.IsInteger(numbers[i]) || numbers[i] < 0 || numbers[i] >= count)
                throw new ModelException($"Element {i} is {numbers[i]}; expected a class index from 0 to {count - 1}.");
            result[(i * count) + (int)numbers[i]] = 1;
        }

        var shape = y.Shape.Rank > 1 && y.Shape.Dims[^1] == 1 ? y.Shape.Slice(0, y.Shape.Rank - 1) : y.Shape;
        return Tensor.Create(result, [.. shape.Dims.ToArray().Select(dim => (nint)dim), count]);
    }

    /// <summary>Turns sequences of different lengths into rows of one length.</summary>
    /// <remarks>https://keras.io/api/data_loading/timeseries/#pad_sequences-function</remarks>
    /// <param name="sequences">The sequences.</param>
    /// <param name="maxLength">The length; default: that of the longest sequence.</param>
    /// <param name="padding">The end at which short sequences are padded.</param>
    /// <param name="truncating">The end at which long sequences are truncated.</param>
    /// <param name="value">The padding value.</param>
    /// <returns>(sequences, length).</returns>
    /// <exception cref="ModelException">The length is negative.</exception>
    public static Tensor<T> PadSequences<T>(
        IEnumerable<IReadOnlyList<T>> sequences,
        int? maxLength = null,
        SequenceEnd padding = SequenceEnd.Front,
        SequenceEnd truncating = SequenceEnd.Front,
        T value = default)
        where T : unmanaged, INumber<T>
    {
        ArgumentNullException.ThrowIfNull(sequences);
        var all = sequences.ToArray();
        var length = maxLength ?? all.Select(sequence => sequence.Count).DefaultIfEmpty().Max();
        if (length < 0) throw new ModelException($"maxLength is {length}; expected at least 0.");
        var result = new T[Sizes.Count(Shape.Of(all.Length, length), "The padded sequences", "Choose a smaller maxLength, or pad by batches.")];
        Array.Fill(result, value);
        for (var i = 0; i < all.Length; i++)
        {
            var count = Math.Min(length, all[i].Count);
            var from = truncating == SequenceEnd.Front ? all[i].Count - count : 0;
            var to = (i * length) + (padding == SequenceEnd.Front ? length - count : 0);
            for (var j = 0; j < count; j++) result[to + j] = all[i][from + j];
        }

        return Tensor.Create(result, [all.Length, length]);
    }

    /// <summary>Windows of a time series with their targets, in batches that are created on the fly.</summary>
    /// <remarks>https://keras.io/api/data_loading/timeseries/#timeseries_dataset_from_array-function</remarks>
    /// <param name="data">(time, ...).</param>
    /// <param name="targets">The target of the window that starts at each time step.</param>
    /// <param name="sequenceLength">The number of elements of a window.</param>
    /// <param name="sequenceStride">The time steps from the start of one window to that of the next.</param>
    /// <param name="samplingRate">The time steps from one element of a window to the next.</param>
    /// <param name="batchSize">The number of windows per batch.</param>
    /// <param name="shuffle">Whether windows are shuffled before each epoch.</param>
    /// <param name="seed">The seed of shuffling.</param>
    /// <param name="startIndex">The first time step to use.</param>
    /// <param name="endIndex">The time step after the last one to use; default: the end.</param>
    /// <returns>Batches of x (windows, sequenceLength, ...) and y (windows, ...).</returns>
    /// <exception cref="ModelException">An argument is out of range, or no window fits.</exception>
    public static Dataset<Batch> TimeseriesDataset(
        NDArray data,
        NDArray targets,
        int sequenceLength,
        int sequenceStride = 1,
        int samplingRate = 1,
        int batchSize = 128,
        bool shuffle = false,
        ulong seed = 0,
        int startIndex = 0,
        int? endIndex = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(targets);
        if (sequenceLength < 1 || sequenceStride < 1 || samplingRate < 1 || batchSize < 1)
        {
            throw new ModelException(
                $"TimeseriesDataset has sequenceLength {sequenceLength}, sequenceStride {sequenceStride}, samplingRate {samplingRate} "
                + $"and batchSize {batchSize}; expected at least 1 of each.");
        }

        var end = Math.Min(endIndex ?? data.Count, data.Count);
        if (startIndex < 0 || startIndex >= end)
            throw new ModelException($"TimeseriesDataset starts at {startIndex} and ends at {end}; expected time steps within {data.Count}.");
        var last = Math.Min(end - ((sequenceLength - 1) * samplingRate), startIndex + targets.Count);
        if (last <= startIndex)
        {
            throw new ModelException(
                $"No window of {sequenceLength} elements, {samplingRate} apart, fits between {startIndex} and {end}. Use shorter windows or more data.");
        }

        var windows = (last - startIndex + sequenceStride - 1) / sequenceStride;
        var starts = Dataset.From(Enumerable.Range(0, windows).Select(i => startIndex + (i * sequenceStride)));
        if (shuffle) starts = starts.Shuffle(int.MaxValue, seed);
        return Dataset.From(epoch => starts.Elements(epoch).Chunk(batchSize).Select(chunk =>
        {
            var times = new int[chunk.Length * sequenceLength];
            for (var i = 0; i < times.Length; i++) times[i] = chunk[i / sequenceLength] + (i % sequenceLength * samplingRate);
            var x = data.Take(times);
            var y = targets.Take(chunk.Select(time => time - startIndex).ToArray());
            return new Batch(x.Reshape(x.Shape.With(0, sequenceLength).Insert(0, chunk.Length)), y);
        }));
    }
}
