using System.Diagnostics;

namespace OnnxFunctional.Training.Execution;

/// <summary>A graph made ready to run for fixed shapes: kernels in order, every value in its place. A run allocates nothing.</summary>
internal sealed class ExecutionPlan
{
    private readonly Kernel[] _kernels;
    private readonly string[] _names;
    private readonly (Weight Weight, Storage Storage)[] _weights;

    internal ExecutionPlan(Kernel[] kernels, string[] names, (Weight Weight, Storage Storage)[] weights, ValueBuffer[] inputs, ValueBuffer[] outputs, long arenaFloats, long sumOfValues)
    {
        _kernels = kernels;
        _names = names;
        _weights = weights;
        Inputs = inputs;
        Outputs = outputs;
        ArenaBytes = arenaFloats * sizeof(float);
        SumOfValuesBytes = sumOfValues * sizeof(float);
    }

    /// <summary>Where the caller puts the inputs before a run.</summary>
    public IReadOnlyList<ValueBuffer> Inputs { get; }

    /// <summary>Where the outputs lie after a run, until the next.</summary>
    public IReadOnlyList<ValueBuffer> Outputs { get; }

    /// <summary>Memory of all values together.</summary>
    public long ArenaBytes { get; }

    /// <summary>What they would take if none shared memory.</summary>
    public long SumOfValuesBytes { get; }

    internal IReadOnlyList<Kernel> Kernels => _kernels;

    /// <summary>What each kernel computes, in words for a profile.</summary>
    internal IReadOnlyList<string> Names => _names;

    /// <summary>Computes all outputs and sets the weights that are updated.</summary>
    /// <param name="pool">The threads; results do not depend on how many.</param>
    /// <param name="step">The number of the training step, for random numbers.</param>
    public void Run(WorkerPool pool, ulong step = 0)
    {
        foreach (var (weight, storage) in _weights) storage.Memory = weight.Storage;
        var context = new RunContext(pool, step);
        foreach (var kernel in _kernels) kernel.Run(context);
    }

    /// <summary>Runs as <see cref="Run"/> does and adds the time of each kernel.</summary>
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
