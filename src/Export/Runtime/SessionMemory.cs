using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.Runtime;

/// <summary>Refuses a session that the machine or the container has no memory for.</summary>
/// <remarks>
/// ONNX Runtime takes memory outside the heap, so nothing fails in time: Linux ends the process when the memory is written to (exit code 137), in the middle of
/// a conversion. What a session takes is estimated from below: the weights, and once more those it packs.
/// </remarks>
internal static class SessionMemory
{
    // .NET calls this part of the memory, of the machine or of the container, a high load.
    private const double HighLoad = 0.9;

    /// <param name="bytes">The size of the model.</param>
    /// <param name="source">Its name in messages.</param>
    /// <param name="isLean">Whether weights are not packed.</param>
    /// <exception cref="ModelMemoryException">There is not that much.</exception>
    public static void Check(long bytes, string source, bool isLean)
    {
        var needed = isLean ? bytes : 2 * bytes;
        if (Fits(needed)) return;
        EngineMemory.ReleasePlans();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        if (Fits(needed)) return;
        throw new ModelMemoryException(
            $"There is not enough memory to open {source} in ONNX Runtime: a model of {MemoryShortage.Megabytes(bytes)} takes at least "
            + $"{MemoryShortage.Megabytes(needed)}, and the process takes {MemoryShortage.Megabytes(Environment.WorkingSet)} of the "
            + $"{MemoryShortage.Megabytes((long)Limit())} that it may. Raise the limit of the container, or use a smaller model.");
    }

    private static bool Fits(long needed) => Limit() is var limit && (limit == 0 || Environment.WorkingSet + needed <= limit);

    private static double Limit() => GC.GetGCMemoryInfo().HighMemoryLoadThresholdBytes / HighLoad;
}
