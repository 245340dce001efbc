using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training;

/// <summary>The memory of the engine, of all models of the process.</summary>
/// <remarks>
/// A model computes by a plan for the shapes of its batch, and keeps the plan for the next batch of these shapes. All plans of a model run in one piece of
/// memory, as large as the largest of them needs; a prediction beside a training has one of its own. Weights, and the state of optimizers, lie elsewhere.
/// </remarks>
public static class EngineMemory
{
    /// <summary>All plans. The one thing that models share: the memory of the process.</summary>
    internal static readonly PlanRegistry Plans = new();

    /// <summary>
    /// The largest number of bytes that all models together keep for shapes other than those of the batch that is run: plans, and memory to run them.
    /// Beyond it, plans that were not used for the longest time are dropped; their shapes are planned again when they come back, with the same results.
    /// Default: a quarter of the memory that the process may use, which is <see cref="GCMemoryInfo.TotalAvailableMemoryBytes"/>: the machine's, or what
    /// the limit of a container or of the heap leaves. 0 keeps only the plan that is run.
    /// </summary>
    /// <exception cref="ModelException">The limit is negative.</exception>
    public static long PlanLimit
    {
        get => Plans.Limit;
        set => Plans.Limit = value >= 0 ? value : throw new ModelException($"EngineMemory.PlanLimit is set to {value}; expected at least 0 bytes.");
    }

    /// <summary>The bytes that plans of all models, and the memory they run in, take now; estimated for the small objects of a plan.</summary>
    public static long PlanBytes => Plans.Bytes();

    /// <summary>Drops the plans of all models and frees the memory they ran in, except what runs at this moment. The next batch is planned again.</summary>
    public static void ReleasePlans() => Plans.DropIdle();

    /// <summary>Allocates memory; where the process may not use so much more, plans that do not run are dropped first.</summary>
    /// <exception cref="OutOfMemoryException">Even then the process may not use so much.</exception>
    internal static NativeBlock Allocate(long floats)
    {
        var bytes = floats * sizeof(float);
        if (!Fits(bytes))
        {
            // The system would grant it and end the process when it is written to; arrays of the heap may be garbage.
            Plans.DropIdle();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            if (!Fits(bytes)) throw new InsufficientMemoryException();
        }

        return new NativeBlock(floats, Plans.Native);

        static bool Fits(long bytes) => bytes <= Plans.Available() - Plans.Native.Bytes - GC.GetTotalMemory(forceFullCollection: false);
    }
}
