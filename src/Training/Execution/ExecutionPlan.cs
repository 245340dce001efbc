using System.Diagnostics;

namespace OnnxFunctional.Training.Execution;

/// <summary>A graph prepared to run for fixed shapes: its kernels in order, and memory for every value. A run allocates nothing.</summary>
internal sealed class ExecutionPlan
{
    private readonly Kernel[] _kernels;
    private readonly string[] _names;
    private readonly (Weight Weight, Storage Storage)[] _weights;
    private Pace? _pace;

    internal ExecutionPlan(
        Kernel[] kernels,
        string[] names,
        (Weight Weight, Storage Storage)[] weights,
        ValueBuffer[] inputs,
        ValueBuffer[] outputs,
        long arenaFloats,
        long sumOfValues)
    {
        _kernels = kernels;
        _names = names;
        _weights = weights;
        Inputs = inputs;
        Outputs = outputs;
        ArenaBytes = arenaFloats * sizeof(float);
        SumOfValuesBytes = sumOfValues * sizeof(float);
    }

    /// <summary>The buffers that the caller fills before a run.</summary>
    public IReadOnlyList<ValueBuffer> Inputs { get; }

    /// <summary>The buffers that hold the outputs after a run, until the next one.</summary>
    public IReadOnlyList<ValueBuffer> Outputs { get; }

    /// <summary>The size of the memory that all values share.</summary>
    public long ArenaBytes { get; }

    /// <summary>The size of all values if each had memory of its own.</summary>
    public long SumOfValuesBytes { get; }

    internal IReadOnlyList<Kernel> Kernels => _kernels;

    /// <summary>A description of each kernel, for profiles.</summary>
    internal IReadOnlyList<string> Names => _names;

    /// <summary>Computes all outputs and updates the weights.</summary>
    /// <param name="pool">The threads; results do not depend on their number.</param>
    /// <param name="step">The number of the training step, for random numbers.</param>
    public void Run(WorkerPool pool, ulong step = 0)
    {
        foreach (var (weight, storage) in _weights) storage.Memory = weight.Storage;
        if (_pace?.Most != pool.Threads) _pace = new Pace(pool.Threads);
        pool.Limit = _pace.Threads;
        var (start, lost) = (Stopwatch.GetTimestamp(), pool.LostTicks);
        var context = new RunContext(pool, step);
        foreach (var kernel in _kernels) kernel.Run(context);
        _pace.Add(Stopwatch.GetTimestamp() - start, pool.LostTicks - lost);
    }

    /// <summary>Does what <see cref="Run"/> does, and adds up the time of each kernel.</summary>
    internal void Profile(WorkerPool pool, ulong step, Span<double> milliseconds)
    {
        foreach (var (weight, storage) in _weights) storage.Memory = weight.Storage;
        var context = new RunContext(pool, step);
        for (var i = 0; i < _kernels.Length; i++)
        {
            var start = Stopwatch.GetTimestamp();
            _kernels[i].Run(context);
            milliseconds[i] += Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
    }
}
