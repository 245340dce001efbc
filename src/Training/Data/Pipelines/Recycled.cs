using System.Collections.Concurrent;

namespace OnnxFunctional.Training.Data;

/// <summary>
/// Memory of batches that were used, for later ones: the system takes longer to give a megabyte of new memory than a core takes to fill it. Several threads may
/// use it.
/// </summary>
internal sealed class Recycled
{
    // What a few threads make and a reader holds; without a bound, a reader that is slow for once would keep its memory for good.
    private const int MostArrays = 16;

    private readonly ConcurrentQueue<float[]> _arrays = new();

    /// <summary>An array of a length, which holds anything.</summary>
    public float[] Rent(int length) =>
        _arrays.TryDequeue(out var array) && array.Length == length ? array : GC.AllocateUninitializedArray<float>(length);

    /// <summary>Takes an array that nobody uses any more.</summary>
    public void Return(float[] array)
    {
        if (_arrays.Count < MostArrays) _arrays.Enqueue(array);
    }
}
