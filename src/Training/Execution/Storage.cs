using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Execution;

/// <summary>A piece of memory that several buffers may share. The plan sets it: constants once, arenas when they change, weights before each run.</summary>
internal sealed class Storage
{
    private NativeSlice? _slice;

    /// <summary>The elements as floats, whatever their type; they do not move.</summary>
    public Memory<float> Memory { get; set; }

    /// <summary>The elements of text, which lie outside the plan's memory; null for numbers.</summary>
    public string[]? Strings { get; init; }

    /// <summary>Gives it a piece of a block. Doing so again, with the same size, allocates nothing.</summary>
    public void Place(NativeBlock block, long offset, int floats)
    {
        if (_slice?.Floats != floats)
        {
            _slice = new NativeSlice(floats);
            Memory = _slice.Whole;
        }

        _slice.Point(block, offset);
    }
}
