using System.Numerics;
using System.Numerics.Tensors;

namespace OnnxFunctional.Training.Data;

/// <summary>At which end something is done.</summary>
public enum SequenceEnd
{
    /// <summary>At the front.</summary>
    Front,

    /// <summary>At the back.</summary>
    Back,
}

/// <summary>Small helpers to bring data into shape, as keras.utils has them.</summary>
public static class DataPreparation
{
    /// <summary>Class numbers as one-hot rows.</summary>
    /// <remarks>https://keras.io/api/utils/python_utils/#to_categorical-function</remarks>
    /// <param name="y">Class numbers (...) or (..., 1).</param>
    /// <param name="numClasses">How many classes there are; one more than the largest number if none is given.</param>
    /// <returns>(..., classes), 1 at the class and 0 elsewhere.</returns>
    /// <exception cref="ModelException">A number is no class.</exception>
    public static Tensor<float> ToCategorical(NDArray y, int? numClasses = null)
    {
        ArgumentNullException.ThrowIfNull(y);
        var numbers = y.AsFloats();
        var count = numClasses ?? (numbers.Length == 0 ? 0 : checked((int)TensorPrimitives.Max(numbers) + 1));
        var result = new float[checked(numbers.Length * count)];
        for (var i = 0; i < numbers.Length; i++)
        {
            if (!float.IsInteger(numbers[i]) || numbers[i] < 0 || numbers[i] >= count) throw new ModelException($"Element {i} is {numbers[i]}; expected a class number from 0 to {count - 1}.");
            result[(i * count) + (int)numbers[i]] = 1;
        }

        var shape = y.Shape.Rank > 1 && y.Shape.Dims[^1] == 1 ? y.Shape.Slice(0, y.Shape.Rank - 1) : y.Shape;
        return Tensor.Create(result, [.. shape.Dims.ToArray().Select(dim => (nint)dim), count]);
    }

    /// <summary>Sequences of different lengths as rows of one length.</summary>
    /// <remarks>https://keras.io/api/data_loading/timeseries/#pad_sequences-function</remarks>
    /// <param name="sequences">The sequences.</param>
    /// <param name="maxLength">The length; that of the longest if none is given.</param>
    /// <param name="padding">Where short ones are filled.</param>
    /// <param name="truncating">Where long ones are cut.</param>
    /// <param name="value">What they are filled with.</param>
    /// <returns>(sequences, length).</returns>
    public static Tensor<T> PadSequences<T>(IEnumerable<IReadOnlyList<T>> sequences, int? maxLength = null, SequenceEnd padding = SequenceEnd.Front, SequenceEnd truncating = SequenceEnd.Front, T value = default)
        where T : unmanaged, INumber<T>
    {
        ArgumentNullException.ThrowIfNull(sequences);
        var all = sequences.ToArray();
        var length = maxLength ?? all.Select(sequence => sequence.Count).DefaultIfEmpty().Max();
        if (length < 0) throw new ModelException($"maxLength is {length}; expected at least 0.");
        var result = new T[checked(all.Length * length)];
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

    /// <summary>Windows of a time series with their targets, in batches; made while they are used.</summary>
    /// <remarks>https://keras.io/api/data_loading/timeseries/#timeseries_dataset_from_array-function</remarks>
    /// <param name="data">(time, ...).</param>
    /// <param name="targets">The target of the window that begins at each time.</param>
    /// <param name="sequenceLength">Times of a window.</param>
    /// <param name="sequenceStride">Times from the beginning of one window to the next.</param>
    /// <param name="samplingRate">Times from one element of a window to the next.</param>
    /// <param name="batchSize">Windows of a batch.</param>
    /// <param name="shuffle">Whether each epoch has an order of its own.</param>
    /// <param name="seed">What the orders are drawn from.</param>
    /// <param name="startIndex">The first time that is used.</param>
    /// <param name="endIndex">The time from which on none is used; the end if none is given.</param>
    /// <returns>Batches of x (windows, sequenceLength, ...) and y (windows, ...).</returns>
    /// <exception cref="ModelException">A number is out of range, or no window fits.</exception>
    public static Dataset<Batch> TimeseriesDataset(
        NDArray data, NDArray targets, int sequenceLength, int sequenceStride = 1, int samplingRate = 1, int batchSize = 128, bool shuffle = false, ulong seed = 0, int startIndex = 0, int? endIndex = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(targets);
        if (sequenceLength < 1 || sequenceStride < 1 || samplingRate < 1 || batchSize < 1)
            throw new ModelException($"TimeseriesDataset takes numbers from 1 on, but sequenceLength is {sequenceLength}, sequenceStride {sequenceStride}, samplingRate {samplingRate}, batchSize {batchSize}.");
        var end = Math.Min(endIndex ?? data.Count, data.Count);
        if (startIndex < 0 || startIndex >= end) throw new ModelException($"TimeseriesDataset begins at {startIndex} and ends at {end}; expected times within {data.Count}.");
        var last = Math.Min(end - ((sequenceLength - 1) * samplingRate), startIndex + targets.Count);
        if (last <= startIndex) throw new ModelException($"No window of {sequenceLength} elements, {samplingRate} apart, fits between {startIndex} and {end}.");
        var beginnings = Dataset.From(Enumerable.Range(0, (last - startIndex + sequenceStride - 1) / sequenceStride).Select(i => startIndex + (i * sequenceStride)));
        if (shuffle) beginnings = beginnings.Shuffle(int.MaxValue, seed);
        return Dataset.From(epoch => Dataset<int>.Once(beginnings.Enumerate(epoch)).Chunk(batchSize).Select(chunk =>
        {
            var times = new int[chunk.Length * sequenceLength];
            for (var i = 0; i < times.Length; i++) times[i] = chunk[i / sequenceLength] + (i % sequenceLength * samplingRate);
            var x = data.Take(times);
            return new Batch(x.Reshape(x.Shape.With(0, sequenceLength).Insert(0, chunk.Length)), targets.Take(chunk.Select(time => time - startIndex).ToArray()));
        }));
    }
}
