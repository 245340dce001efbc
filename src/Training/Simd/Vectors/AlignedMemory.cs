using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>Allocates memory for the engine: pinned, so that it stays aligned to a cache line.</summary>
internal static unsafe class AlignedMemory
{
    /// <summary>Bytes in a cache line, and in the widest vector.</summary>
    public const int Alignment = 64;

    /// <summary>Allocates floats that begin on a cache line; their content is undefined.</summary>
    public static Memory<float> Allocate(long floats)
    {
        var slack = Alignment / sizeof(float);
        var array = GC.AllocateUninitializedArray<float>(checked((int)(floats + slack)), pinned: true);
        var address = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));
        var start = (int)(((Alignment - (address % Alignment)) % Alignment) / sizeof(float));
        return array.AsMemory(start, checked((int)floats));
    }

    /// <summary>The address of pinned memory.</summary>
    public static nint AddressOf(Span<float> memory) => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory));

    /// <summary>The address of pinned memory.</summary>
    public static nint AddressOf(ReadOnlySpan<byte> memory) => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory));
}
