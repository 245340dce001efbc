using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Simd;

/// <summary>A loop that is written once for all vector widths and compiled once for each; its arguments are fields.</summary>
internal interface IVectorLoop
{
    /// <summary>Runs the loop with vectors of one width.</summary>
    void Run<V>() where V : struct, IVector<V>;
}

/// <summary>The one place that chooses a vector width.</summary>
/// <remarks>
/// The conditions are constants to the JIT, and a loop is a struct, so what is left of a choice is a direct call. Choose outside of loops: arguments pass through memory
/// once per call.
/// </remarks>
internal static class VectorDispatch
{
    /// <summary>Floats of the widest vector of this machine.</summary>
    public static int Lanes => Vector512.IsHardwareAccelerated ? V512.Count : Vector256.IsHardwareAccelerated ? V256.Count : V128.Count;

    /// <summary>Runs a loop with the widest vectors of this machine.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TLoop>(TLoop loop) where TLoop : struct, IVectorLoop, allows ref struct
    {
        if (Vector512.IsHardwareAccelerated) loop.Run<V512>();
        else if (Vector256.IsHardwareAccelerated) loop.Run<V256>();
        else loop.Run<V128>();
    }

    /// <summary>Runs a loop over runs of <paramref name="length"/> floats with the widest vectors of which such a run fills more than half.</summary>
    /// <remarks>A run of 8 channels in a vector of 16 would be loaded and stored through a mask, and gain nothing for it.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TLoop>(int length, TLoop loop) where TLoop : struct, IVectorLoop, allows ref struct
    {
        if (Vector512.IsHardwareAccelerated && length > V256.Count) loop.Run<V512>();
        else if (Vector256.IsHardwareAccelerated && length > V128.Count) loop.Run<V256>();
        else loop.Run<V128>();
    }
}
