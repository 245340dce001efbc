namespace OnnxFunctional.Training.Data;

/// <summary>Arrays of some samples, as a reader of files makes them or a user has them.</summary>
/// <param name="x">The data of the inputs.</param>
/// <param name="y">The targets of the outputs.</param>
/// <param name="sampleWeight">The weights.</param>
internal sealed class SampleBlock(NDArrays x, NDArrays y, NDArrays? sampleWeight)
{
    private readonly NDArray[] _arrays = [.. x, .. y, .. sampleWeight ?? []];
    private (object Reader, IReadOnlyList<NDArray>? Arrays)? _checked;

    /// <summary>The number of samples.</summary>
    public int Count => x.Count > 0 ? x[0].Count : y[0].Count;

    private int Inputs => x.Count;

    private int Targets => y.Count;

    /// <summary>Samples of the block.</summary>
    public Batch Take(ReadOnlySpan<int> rows) => new(x.Take(rows), y.Take(rows), sampleWeight?.Take(rows));

    /// <summary>A batch of samples of blocks that are alike.</summary>
    /// <param name="blocks">The block of each sample.</param>
    /// <param name="rows">The samples in them.</param>
    public static Batch Gather(ReadOnlySpan<SampleBlock> blocks, ReadOnlySpan<int> rows)
    {
        var first = blocks[0];
        var arrays = new NDArray[rows.Length];
        var gathered = new NDArray[first._arrays.Length];
        for (var array = 0; array < gathered.Length; array++)
        {
            for (var i = 0; i < rows.Length; i++) arrays[i] = blocks[i]._arrays[array];
            gathered[array] = NDArray.Gather(arrays, rows);
        }

        return first.Named(gathered);
    }

    /// <summary>Whether samples of both can be put together as they are.</summary>
    public bool IsLike(SampleBlock other)
    {
        if (_arrays.Length != other._arrays.Length || x.Count != other.Inputs || y.Count != other.Targets) return false;
        for (var i = 0; i < _arrays.Length; i++)
        {
            // Bytes stay bytes where blocks are joined.
            if (!_arrays[i].IsLike(other._arrays[i]) || _arrays[i].IsNarrow || other._arrays[i].IsNarrow) return false;
        }

        return true;
    }

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

    private Batch Named(NDArray[] arrays) => new(
        x.With(arrays[..x.Count]), y.With(arrays[x.Count..(x.Count + y.Count)]), sampleWeight?.With(arrays[(x.Count + y.Count)..]));
}

/// <summary>A sample: a row of a block.</summary>
/// <param name="Block">The arrays.</param>
/// <param name="Row">The position along their first axis.</param>
internal readonly record struct SampleRow(SampleBlock Block, int Row);
