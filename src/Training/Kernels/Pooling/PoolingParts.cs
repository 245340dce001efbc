using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Cuts poolings into parts.</summary>
internal static class PoolingParts
{
    // About 20 microseconds at 10 GB/s from memory.
    private const long FloatsPerPart = 1 << 16;
    private const int MaxParts = 64;

    /// <summary>Cuts rows or slabs, which are not cut themselves, into parts.</summary>
    public static Cut Cut(PoolingGeometry geometry, int items) =>
        new(items, (int)Math.Clamp(Math.Min(geometry.InputLength / FloatsPerPart, items), Math.Min(1, items), MaxParts));
}
