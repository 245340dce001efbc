using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>Loads and stores at the end of a run, where only the first lanes may be touched.</summary>
internal static unsafe class PartialVector
{
    /// <summary>Reads the first <paramref name="count"/> lanes, or all, and nothing beyond them; the other lanes are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<V>(float* source, int count) where V : struct, IVector<V> => count == V.Count ? V.Load(source) : V.Load(source, count);

    /// <summary>Writes the first <paramref name="count"/> lanes, or all, and nothing beyond them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<V>(V value, float* destination, int count) where V : struct, IVector<V>
    {
        if (count == V.Count) V.Store(value, destination);
        else V.Store(value, destination, count);
    }

    /// <summary>A mask of the first <paramref name="count"/> lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V FirstLanes<V>(nint count) where V : struct, IVector<V> => V.LessThan(V.FromInt32Bits(V.LaneBits), V.Create(count));
}
