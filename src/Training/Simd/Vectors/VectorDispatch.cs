using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Simd;

/// <summary>A loop that is written once for all vector widths and compiled for each. Its arguments are its fields.</summary>
internal interface IVectorLoop
{
    /// <summary>Runs the loop with vectors of type <typeparamref name="V"/>.</summary>
    void Run<V>() where V : struct, IVector<V>;
}

/// <summary>Chooses the vector width: the only place that does.</summary>
/// <remarks>
/// The conditions are constants to the JIT, and a loop is a struct, so a direct call is all that remains. Dispatch outside of hot loops: the arguments go
/// through memory on every call.
/// </remarks>
internal static class VectorDispatch
{
    /// <summary>The number of floats in the widest vector of this machine.</summary>
    public static int Lanes => Vector512.IsHardwareAccelerated ? V512.Count : Vector256.IsHardwareAccelerated ? V256.Count : V128.Count;

    /// <summary>What the bits of results depend on besides the shapes: the processor's family and the width of its vectors, <c>x64, 512 bits</c>.</summary>
    public static string Instructions => string.Create(
        CultureInfo.InvariantCulture,
        $"{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}, {Lanes * 32} bits");

    /// <summary>Runs a loop with the widest vectors of this machine.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TLoop>(TLoop loop) where TLoop : struct, IVectorLoop, allows ref struct
    {
        if (Vector512.IsHardwareAccelerated) loop.Run<V512>();
        else if (Vector256.IsHardwareAccelerated) loop.Run<V256>();
        else loop.Run<V128>();
    }

    /// <summary>Runs a loop over runs of <paramref name="length"/> floats with the widest vectors that such a run fills by more than half.</summary>
    /// <remarks>In vectors of 16 lanes, a run of 8 channels would be loaded and stored through a mask without any gain.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TLoop>(int length, TLoop loop) where TLoop : struct, IVectorLoop, allows ref struct
    {
        if (Vector512.IsHardwareAccelerated && length > V256.Count) loop.Run<V512>();
        else if (Vector256.IsHardwareAccelerated && length > V128.Count) loop.Run<V256>();
        else loop.Run<V128>();
    }
}
