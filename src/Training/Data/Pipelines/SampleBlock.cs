namespace OnnxFunctional.Training.Data;

/// <summary>Arrays of some samples, as a reader of files makes them or a user has them.</summary>
/// <param name="x">The data of the inputs.</param>
/// <param name="y">The targets of the outputs.</param>
/// <param name="sampleWeight">The weights.</param>
internal sealed class SampleBlock(NDArrays x, NDArrays y, NDArrays? sampleWeight)
{
    private (object Reader, IReadOnlyList<NDArray>? Arrays)? _checked;

    /// <summary>The number of samples.</summary>
    public int Count => x.Count > 0 ? x[0].Count : y[0].Count;

    /// <summary>Samples of the block.</summary>
    public Batch Take(ReadOnlySpan<int> rows) => new(x.Take(rows), y.Take(rows), sampleWeight?.Take(rows));

    /// <summary>The arrays of a step, which a reader makes of the block once; null if a sample is refused, which may be one that is never read.</summary>
    /// <param name="reader">Who reads.</param>
    /// <param name="check">Checks arrays and brings them into order.</param>
    public IReadOnlyList<NDArray>? For(object reader, Func<Batch, IReadOnlyList<NDArray>> check)
    {
        if (_checked is { } known && known.Reader == reader) return known.Arrays;
        IReadOnlyList<NDArray>? arrays;
        try
        {
            arrays = check(new Batch(x, y, sampleWeight));
        }
        catch (ModelException)
        {
            arrays = null;
        }

        _checked = (reader, arrays);
        return arrays;
    }
}

/// <summary>A sample: a row of a block.</summary>
/// <param name="Block">The arrays.</param>
/// <param name="Row">The position along their first axis.</param>
internal readonly record struct SampleRow(SampleBlock Block, int Row);
