using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>Operations on the four vectors of a panel row.</summary>
internal static unsafe class RecurrentRow
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<V>(float* source, out V first, out V second, out V third, out V fourth) where V : struct, IVector<V>
    {
        first = V.Load(source);
        second = V.Load(source + V.Count);
        third = V.Load(source + (2 * V.Count));
        fourth = V.Load(source + (3 * V.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<V>(V first, V second, V third, V fourth, float* destination) where V : struct, IVector<V>
    {
        V.Store(first, destination);
        V.Store(second, destination + V.Count);
        V.Store(third, destination + (2 * V.Count));
        V.Store(fourth, destination + (3 * V.Count));
    }

    /// <summary>Handles a row that skips a step: its gates get zero gradients, and the state's gradient passes through. Returns whether that is so.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool SitsOut<V>(in RecurrentBlock block, int row, int step, V stateGradient, float* gates, float* direct) where V : struct, IVector<V>
    {
        if (!block.Skips(row, step)) return false;
        Store(V.Zero, V.Zero, V.Zero, V.Zero, gates);
        V.Store(stateGradient, direct);
        return true;
    }
}
