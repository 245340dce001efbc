using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Execution;

/// <summary>Where the values of a plan lie in its memory.</summary>
/// <param name="places">The offset and size of each value, in floats.</param>
/// <param name="floats">The size of the memory that the values share, in floats.</param>
/// <param name="sumOfValues">The size of all values if none shared memory, in floats.</param>
/// <param name="largest">The largest values, for messages.</param>
internal sealed class PlanValues((Storage Storage, long Offset, int Floats)[] places, long floats, long sumOfValues, MemoryRequest[] largest)
{
    public int Count => places.Length;

    public long Floats => floats;

    public long SumOfValues => sumOfValues;

    public void Place(NativeBlock block)
    {
        foreach (var (storage, offset, length) in places) storage.Place(block, offset, length);
    }

    /// <summary>The error for values that get no memory.</summary>
    public ModelMemoryException NoMemory(Exception failure) =>
        MemoryShortage.Of("the values of this batch", floats * sizeof(float), largest, failure);
}
