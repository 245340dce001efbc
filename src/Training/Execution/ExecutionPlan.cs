using System.Diagnostics;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Execution;

/// <summary>A graph prepared to run for fixed shapes: its kernels in order, and memory for every value. A run allocates nothing.</summary>
internal sealed class ExecutionPlan : IDisposable
{
    // What remains of a plan after a collection, measured: 23 to 43 KB for 17 to 33 kernels, 326 KB for the 306 of a transformer's training step.
    private const long BytesPerKernel = 1024;
    private const long BytesPerValue = 192;

    private readonly Kernel[] _kernels;
    private readonly string[] _names;
    private readonly (Weight Weight, Storage Storage)[] _weights;
    private readonly WeightGate[] _gates;
    private readonly int _firstUpdate;
    private readonly ValueBuffer[] _mustBeFinite;
    private readonly (int Kernel, int Output)[] _ends;
    private readonly PlanValues _values;
    private readonly NativeBlock? _constants;
    private NativeBlock? _own;
    private NativeBlock? _placed;
    private Pace? _pace;

    internal ExecutionPlan(
        Kernel[] kernels,
        string[] names,
        (Weight Weight, Storage Storage)[] weights,
        ValueBuffer[] inputs,
        ValueBuffer[] outputs,
        PlanValues values,
        NativeBlock? constants,
        int firstUpdate,
        ValueBuffer[] mustBeFinite,
        IReadOnlyList<bool> isBrought,
        IEnumerable<int> lastKernels)
    {
        _kernels = kernels;
        _names = names;
        _weights = weights;
        _gates = WeightGate.Of(weights.Select(entry => entry.Weight));
        _firstUpdate = firstUpdate;
        _mustBeFinite = mustBeFinite;
        IsBrought = isBrought;
        Stops = [.. kernels.Select((kernel, i) => (kernel as ShardStop, i)).Where(entry => entry.Item1 is not null).Select(entry => (entry.Item1!, entry.i))];
        _ends = [.. lastKernels.Select((kernel, output) => (kernel, output)).Order()];
        Inputs = inputs;
        Outputs = outputs;
        _values = values;
        _constants = constants;
    }

    /// <summary>The buffers that the caller fills before a run.</summary>
    public IReadOnlyList<ValueBuffer> Inputs { get; }

    /// <summary>The buffers that hold the outputs after a run, until the next one; in an arena, until it is given back.</summary>
    public IReadOnlyList<ValueBuffer> Outputs { get; }

    /// <summary>Which outputs have the memory that the caller gives them.</summary>
    public IReadOnlyList<bool> IsBrought { get; }

    /// <summary>Where a run stops for sums over shards, with the kernels' places.</summary>
    public IReadOnlyList<(ShardStop Stop, int Kernel)> Stops { get; }

    /// <summary>The size of the memory that all values share.</summary>
    public long ArenaBytes => ArenaFloats * sizeof(float);

    /// <summary>The size of the memory that all values share, in floats.</summary>
    public long ArenaFloats => _values.Floats;

    /// <summary>The size of all values if each had memory of its own.</summary>
    public long SumOfValuesBytes => _values.SumOfValues * sizeof(float);

    /// <summary>What the plan takes beside the memory of its values: constants, and an estimate for its objects.</summary>
    public long KeptBytes => (_constants?.Bytes ?? 0) + (BytesPerKernel * _kernels.Length) + (BytesPerValue * _values.Count);

    internal IReadOnlyList<Kernel> Kernels => _kernels;

    /// <summary>What each kernel computes, with shapes.</summary>
    internal IReadOnlyList<string> Names => _names;

    /// <summary>Computes all outputs and updates the weights.</summary>
    /// <param name="pool">The threads; results do not depend on their number.</param>
    /// <param name="step">The number of the training step, for random numbers.</param>
    /// <param name="reader">Receives each output as soon as it is there; null if nobody reads them early.</param>
    /// <returns>False if an output that must be finite is not: no weight was changed then.</returns>
    public bool Run(WorkerPool pool, ulong step = 0, IOutputReader? reader = null)
    {
        foreach (var gate in _gates) gate.Enter();
        try
        {
            return RunAll(pool, step, reader);
        }
        finally
        {
            foreach (var gate in _gates) gate.Exit();
        }
    }

    /// <summary>Computes what lies between two stops. All parts in order are a run; updates must not be among them.</summary>
    /// <param name="pool">The threads.</param>
    /// <param name="step">The number of the training step, for random numbers.</param>
    /// <param name="part">0 for what comes before the first stop, and so on.</param>
    public void RunPart(WorkerPool pool, ulong step, int part)
    {
        foreach (var gate in _gates) gate.Enter();
        try
        {
            foreach (var (weight, storage) in _weights) storage.Memory = weight.Storage;
            pool.Limit = pool.Threads;
            var context = new RunContext(pool, step);
            var end = part < Stops.Count ? Stops[part].Kernel : _kernels.Length;
            for (var i = part == 0 ? 0 : Stops[part - 1].Kernel + 1; i < end; i++) _kernels[i].Run(context);
            GC.KeepAlive(this);
        }
        finally
        {
            foreach (var gate in _gates) gate.Exit();
        }
    }

    private bool RunAll(WorkerPool pool, ulong step, IOutputReader? reader)
    {
        foreach (var (weight, storage) in _weights) storage.Memory = weight.Storage;
        if (_pace?.Most != pool.Threads) _pace = new Pace(pool.Threads);
        pool.Limit = _pace.Threads;
        var (start, lost) = (Stopwatch.GetTimestamp(), pool.LostTicks);
        var context = new RunContext(pool, step);
        var updates = RunKernels(context, reader);
        _pace.Add(Stopwatch.GetTimestamp() - start, pool.LostTicks - lost);

        // Kernels hold addresses while they run.
        GC.KeepAlive(this);
        return updates;
    }

    /// <summary>Gives the plan memory of its own.</summary>
    /// <exception cref="ModelMemoryException">There is no such memory.</exception>
    public void UseOwn()
    {
        try
        {
            _own = EngineMemory.Allocate(ArenaFloats);
        }
        catch (OutOfMemoryException failure)
        {
            throw NoMemory(failure);
        }

        Use(_own);
    }

    /// <summary>Lets the next runs use an arena.</summary>
    public void Use(Arena arena) => Use(arena.Block);

    /// <summary>The error for a run that gets no memory.</summary>
    public ModelMemoryException NoMemory(Exception failure) => _values.NoMemory(failure);

    public void Dispose()
    {
        _constants?.Dispose();
        _own?.Dispose();
    }

    private void Use(NativeBlock block)
    {
        if (_placed == block) return;
        _values.Place(block);
        _placed = block;
    }

    private bool RunKernels(RunContext context, IOutputReader? reader)
    {
        var read = reader is null ? _ends.Length : Tell(reader, -1, 0);
        for (var i = 0; i < _kernels.Length; i++)
        {
            if (i == _firstUpdate && !IsFinite()) return false;
            _kernels[i].Run(context);
            if (read < _ends.Length) read = Tell(reader!, i, read);
        }

        return _firstUpdate < _kernels.Length || IsFinite();
    }

    private int Tell(IOutputReader reader, int kernel, int read)
    {
        for (; read < _ends.Length && _ends[read].Kernel <= kernel; read++) reader.IsThere(_ends[read].Output);
        return read;
    }

    private bool IsFinite()
    {
        foreach (var output in _mustBeFinite)
        {
            if (!float.IsFinite(output.Floats[0])) return false;
        }

        return true;
    }

    /// <summary>Does what <see cref="Run"/> does, with as many threads as the last run used, and measures each kernel.</summary>
    /// <param name="pool">The threads.</param>
    /// <param name="step">The number of the training step.</param>
    /// <param name="ticks">Receives the time of each kernel, in ticks of the stopwatch.</param>
    /// <returns>False if an output that must be finite is not: the kernels that change weights did not run then.</returns>
    internal bool Profile(WorkerPool pool, ulong step, Span<long> ticks)
    {
        foreach (var (weight, storage) in _weights) storage.Memory = weight.Storage;
        pool.Limit = _pace?.Most == pool.Threads ? _pace.Threads : pool.Threads;
        var context = new RunContext(pool, step);
        var before = Stopwatch.GetTimestamp();
        for (var i = 0; i < _kernels.Length; i++)
        {
            if (i == _firstUpdate && !IsFinite()) return false;
            _kernels[i].Run(context);
            var now = Stopwatch.GetTimestamp();
            ticks[i] = now - before;
            before = now;
        }

        return true;
    }
}
