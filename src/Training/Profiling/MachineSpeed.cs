using System.Diagnostics;
using System.Numerics.Tensors;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Profiling;

/// <summary>The speeds of the machine's roofline, measured: arithmetic in registers, and memory for working sets of several sizes.</summary>
internal sealed class MachineSpeed
{
    private const int Rounds = 5;

    // About 2 ms of work for a thread.
    private const int PeakRounds = 400_000;
    private const int BytesPerRound = 8 << 20;

    // Per thread, from the first cache to main memory. The largest is that of all threads.
    private static readonly int[] s_workingSets = [16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20];
    private const int LargestWorkingSet = 192 << 20;

    private readonly (double Bytes, double PerSecond)[] _memory;

    private MachineSpeed(double operations, (double Bytes, double PerSecond)[] memory) => (OperationsPerSecond, _memory) = (operations, memory);

    /// <summary>Floating-point operations per second, a multiply-add being two.</summary>
    public double OperationsPerSecond { get; }

    /// <summary>Bytes per second from and to main memory.</summary>
    public double BytesPerSecond => _memory[^1].PerSecond;

    /// <summary>Measures what the threads of a pool reach together; it takes about 0.1 s.</summary>
    public static MachineSpeed Measure(WorkerPool pool)
    {
        pool.Limit = pool.Threads;
        var peak = new Peak(pool.Threads);
        var operations = peak.Operations / Seconds(pool, peak);
        var memory = s_workingSets.Append(Math.Max(2 * s_workingSets[^1], LargestWorkingSet / pool.Threads)).Select(bytes =>
        {
            var copy = new Streaming(pool.Threads, bytes);
            return ((double)bytes * pool.Threads, copy.Bytes / Seconds(pool, copy));
        }).ToArray();

        // No larger set is faster than a smaller one but by noise.
        for (var i = memory.Length - 2; i >= 0; i--) memory[i].Item2 = Math.Max(memory[i].Item2, memory[i + 1].Item2);
        return new MachineSpeed(operations, memory);
    }

    /// <summary>The least time for operations and bytes, in milliseconds: of a small number of bytes, that of a cache which holds them.</summary>
    public double LeastMilliseconds(double operations, double bytes)
    {
        var speed = _memory.FirstOrDefault(entry => bytes <= entry.Bytes, _memory[^1]).PerSecond;
        return 1000 * Math.Max(operations / OperationsPerSecond, bytes / speed);
    }

    private static double Seconds(WorkerPool pool, IParallelWork work)
    {
        var best = double.PositiveInfinity;
        for (var i = 0; i <= Rounds; i++)
        {
            var start = Stopwatch.GetTimestamp();
            pool.Run(work, pool.Threads);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    private sealed class Peak(int threads) : IParallelWork
    {
        private readonly float[] _results = new float[threads];

        public double Operations => (double)_results.Length * PeakRounds * PeakLoop.OperationsPerRound;

        public void Execute(int part) => _results[part] = PeakLoop.Run(PeakRounds);
    }

    /// <summary>Each thread adds two arrays of its own into a third: two reads and a write.</summary>
    private sealed class Streaming : IParallelWork
    {
        private readonly float[][] _arrays;
        private readonly int _repeats;

        public Streaming(int threads, int workingSet)
        {
            var length = workingSet / 3 / sizeof(float);
            _arrays = [.. Enumerable.Range(0, 3 * threads).Select(i => Enumerable.Repeat(i + 1f, length).ToArray())];
            _repeats = Math.Max(1, BytesPerRound / workingSet);
            Bytes = 3.0 * length * sizeof(float) * threads * _repeats;
        }

        public double Bytes { get; }

        public void Execute(int part)
        {
            for (var i = 0; i < _repeats; i++)
                TensorPrimitives.Add<float>(_arrays[3 * part], _arrays[(3 * part) + 1], _arrays[(3 * part) + 2]);
        }
    }
}
