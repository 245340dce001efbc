using System.Diagnostics;

namespace OnnxFunctional.Benchmarks;

/// <summary>What else a worker's cores do, or how many of them it gets.</summary>
/// <param name="Name">Its name in tables.</param>
/// <param name="Prefix">The command that starts a worker, before its own words.</param>
/// <param name="Processes">Workers that run at the same time.</param>
/// <param name="BusyLoops">Processes that compute without end.</param>
/// <param name="Side">The worker's side; see <see cref="Worker"/>.</param>
internal sealed record Surroundings(string Name, IReadOnlyList<string> Prefix, int Processes = 1, int BusyLoops = 0, string Side = "ours")
{
    private const string Quota = "/sys/fs/cgroup/cpu/onnxfunctional-benchmarks";

    public static IReadOnlyList<Surroundings> All { get; } =
    [
        new("all cores", []),
        new("one core", ["taskset", "-c", "0"]),
        new("1.5 cores' quota", ["sh", "-c", $"echo $$ > {Quota}/cgroup.procs; exec \"$0\" \"$@\""]),
        new("two processes", [], Processes: 2),
        new("a busy loop", [], BusyLoops: 1),
        new("nice 19, a busy loop", ["nice", "-n", "19"], BusyLoops: 1),
        new("ONNX Runtime", [], Side: "ours+ort"),
    ];

    /// <summary>Prepares the surroundings; disposal ends them.</summary>
    /// <returns>Null if this machine cannot: quotas need control groups (version 1) that may be written.</returns>
    public IDisposable? Enter()
    {
        if (Prefix.Any(word => word.Contains(Quota, StringComparison.Ordinal)))
        {
            try
            {
                Directory.CreateDirectory(Quota);
                File.WriteAllText(Path.Combine(Quota, "cpu.cfs_quota_us"), "150000");
            }
            catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }

        return new Neighbors(BusyLoops);
    }

    private sealed class Neighbors(int count) : IDisposable
    {
        private readonly List<Process> _loops = [.. Enumerable.Range(0, count).Select(_ => Process.Start("sh", ["-c", "while :; do :; done"]))];

        public void Dispose()
        {
            foreach (var loop in _loops)
            {
                loop.Kill();
                loop.Dispose();
            }
        }
    }
}
