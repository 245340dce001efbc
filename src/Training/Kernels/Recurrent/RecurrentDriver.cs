using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Kernels;

/// <summary>A forward or backward run of a recurrent layer as phases that follow one another, each cut into parts for the threads.</summary>
internal abstract class RecurrentDriver(RecurrentLayout layout) : IParallelWork
{
    // Below that many floats, packing the weights takes less than waking a thread.
    private const long ParallelPacking = 65536;

    private Phase _phase;

    protected enum Phase
    {
        Pack,
        Input,
        Steps,
        Weights,
    }

    /// <summary>Floats of the reserve: what a forward run in training keeps for the backward run.</summary>
    public long ReserveLength => layout.ReserveLength;

    protected RecurrentLayout Layout => layout;

    void IParallelWork.Execute(int part) => Execute(_phase, part);

    /// <summary>Computes one part of a phase.</summary>
    protected abstract void Execute(Phase phase, int part);

    protected void Start(WorkerPool pool, Phase phase, int parts)
    {
        _phase = phase;
        pool.Run(this, parts);
    }

    /// <summary>Packs so many floats of weights, on the caller's thread if they are few.</summary>
    protected void StartPacking(WorkerPool pool, int parts, long floats)
    {
        if (floats >= ParallelPacking)
        {
            Start(pool, Phase.Pack, parts);
            return;
        }

        for (var part = 0; part < parts; part++) Execute(Phase.Pack, part);
    }

    /// <summary>Checks the lengths of the operands of both directions, before pointers are made of them.</summary>
    protected void CheckOperands(int input, int kernel, int recurrentKernel, int mask)
    {
        var shape = layout.Shape;
        var columns = (long)shape.Gates * shape.Units;
        CheckLength(input, (long)shape.Batch * shape.Time * shape.Inputs, nameof(RecurrentForwardBuffers.Input));
        CheckLength(kernel, shape.Inputs * columns, nameof(RecurrentForwardBuffers.Kernel));
        CheckLength(recurrentKernel, shape.Units * columns, nameof(RecurrentForwardBuffers.RecurrentKernel));
        CheckLengthOrEmpty(mask, (long)shape.Batch * shape.Time, nameof(RecurrentForwardBuffers.Mask));
    }

    protected static void CheckLengthOrEmpty(int length, long expected, string name)
    {
        if (length != 0 && length != expected) throw new ArgumentException($"{name} holds {length} values, expected {expected} or none.", name);
    }

    protected static void CheckLengthAtLeast(int length, long expected, string name)
    {
        if (length < expected) throw new ArgumentException($"{name} holds {length} values, expected at least {expected}.", name);
    }

    private static void CheckLength(int length, long expected, string name)
    {
        if (length != expected) throw new ArgumentException($"{name} holds {length} values, expected {expected}.", name);
    }
}
