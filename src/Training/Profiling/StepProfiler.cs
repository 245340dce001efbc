using System.Diagnostics;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Profiling;

/// <summary>Measures the kernels of a plan and tells whose work they are.</summary>
/// <param name="plan">The plan.</param>
/// <param name="trace">What it was made of.</param>
/// <param name="owners">Whose work the nodes are.</param>
/// <param name="pool">The threads.</param>
/// <param name="fill">Copies the batch into the plan, before each step.</param>
internal sealed class StepProfiler(ExecutionPlan plan, PlanTrace trace, Owners owners, WorkerPool pool, Action fill)
{
    // Code is compiled and the number of threads found in the first steps.
    private const int LeastWarmups = 5;
    private const double WarmupSeconds = 0.3;

    private ulong _step;

    /// <summary>Makes the steps, half of them with a clock around each kernel.</summary>
    /// <param name="samples">The number of samples of the batch.</param>
    /// <param name="steps">The number of steps of either kind.</param>
    /// <param name="cancellationToken">Ends the profile.</param>
    /// <exception cref="ModelException">The loss is not finite, so that steps do not update weights.</exception>
    public ProfileReport Run(int samples, int steps, CancellationToken cancellationToken)
    {
        var speed = MachineSpeed.Measure(pool);
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < LeastWarmups || Stopwatch.GetElapsedTime(start).TotalSeconds < WarmupSeconds; i++) Whole(cancellationToken);
        var (whole, parts) = (new double[steps], new double[steps][]);
        var ticks = new long[trace.Kernels.Count];
        for (var i = 0; i < steps; i++)
        {
            whole[i] = Whole(cancellationToken);
            fill();
            Check(plan.Profile(pool, _step++, ticks));
            parts[i] = Array.ConvertAll(ticks, time => 1000.0 * time / Stopwatch.Frequency);
        }

        var inPlan = owners.InPlan(trace);
        var layers = new Dictionary<string, LayerSum>();
        var kernels = new List<KernelProfile>();
        for (var i = 0; i < trace.Kernels.Count; i++)
        {
            var kernel = trace.Kernels[i];
            var time = Median([.. parts.Select(part => part[i])]);
            var shares = Shares(kernel, inPlan);
            var operations = kernel.Nodes.Sum(KernelCost.Operations);
            var least = speed.LeastMilliseconds(operations, kernel.Bytes);
            var main = shares.MaxBy(share => share.Part).Owner;
            kernels.Add(new KernelProfile(plan.Names[i], main.Layer, main.Phase, time, operations, kernel.Bytes, least));
            foreach (var (owner, part) in shares)
            {
                if (!layers.TryGetValue(owner.Layer, out var sum)) layers.Add(owner.Layer, sum = new LayerSum(layers.Count));
                sum.Add(owner, part * time, part * operations, part * kernel.Bytes, part * least);
            }
        }

        return new ProfileReport(
            samples, steps, pool.Limit, Median(whole), speed,
            [.. layers.OrderBy(entry => entry.Key is "optimizer").ThenBy(entry => entry.Value.Order).Select(entry => entry.Value.Result(entry.Key))],
            kernels);
    }

    /// <summary>A step as training makes it, in milliseconds.</summary>
    private double Whole(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        fill();
        var start = Stopwatch.GetTimestamp();
        Check(plan.Run(pool, _step++));
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static void Check(bool isFinite)
    {
        if (isFinite) return;
        throw new ModelException(
            "The loss is not finite, so steps do not change weights and cannot be profiled. trainer.Diagnose(x, y) looks for the reason.");
    }

    /// <summary>The owners of a kernel's nodes with their parts of it.</summary>
    private static List<(Owner Owner, double Part)> Shares(TracedKernel kernel, Dictionary<Node, Owner> inPlan)
    {
        if (kernel.Nodes.Count == 0) return [(Owner.Optimizer, 1)];
        var operations = kernel.Nodes.Select(KernelCost.Operations).ToArray();
        var all = operations.Sum();
        return
        [
            .. kernel.Nodes.Zip(operations, (node, own) => (Owner: inPlan[node], Part: all > 0 ? own / all : 1.0 / operations.Length))
                .GroupBy(entry => entry.Owner, entry => entry.Part, (owner, own) => (owner, own.Sum())),
        ];
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return (values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2;
    }

    private sealed class LayerSum(int order)
    {
        private readonly double[] _milliseconds = new double[3];
        private string _className = "";
        private double _operations, _bytes, _least;

        public int Order => order;

        public void Add(Owner owner, double milliseconds, double operations, double bytes, double least)
        {
            if (_className.Length == 0) _className = owner.ClassName;
            _milliseconds[(int)owner.Phase] += milliseconds;
            _operations += operations;
            _bytes += bytes;
            _least += least;
        }

        public LayerProfile Result(string layer) => new(
            layer, _className, _milliseconds[0], _milliseconds[1], _milliseconds[2], _operations, _bytes, _least);
    }
}
