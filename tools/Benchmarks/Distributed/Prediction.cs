using System.Globalization;
using System.Text;
using OnnxFunctional.Training;

namespace OnnxFunctional.Benchmarks.Distributed;

/// <param name="Name">The case.</param>
/// <param name="Sizes">Numbers of processes.</param>
/// <param name="Times">The milliseconds of their steps.</param>
/// <param name="Two">The parts of the steps of two processes.</param>
internal sealed record MeasuredNetwork(string Name, IReadOnlyList<int> Sizes, IReadOnlyList<double> Times, DistributionReport Two);

/// <summary>What a message takes: <c>Latency + bytes / Bandwidth</c>, in seconds and bytes a second.</summary>
internal sealed record CommunicationLine(string Name, double Latency, double Bandwidth)
{
    /// <summary>The line through measured sums of two processes: the shortest gives the latency, the longest the bandwidth.</summary>
    public static CommunicationLine Through(IReadOnlyList<(double Bytes, double Seconds)> points) =>
        new("this machine", points[0].Seconds, points[^1].Bytes / (points[^1].Seconds - points[0].Seconds));

    /// <summary>
    /// The seconds of a sum by recursive halving and doubling: <c>2 log2(n) Latency + 2 (n - 1) / n bytes / Bandwidth</c>, as of two processes, whose sum sends
    /// the bytes once.
    /// </summary>
    public double Sum(int processes, double bytes) =>
        processes == 1 ? 0 : (Math.Log2(processes) * Latency) + (2.0 * (processes - 1) / processes * bytes / Bandwidth);
}

/// <summary>
/// Step times of many machines by a stated model: <c>compute + update + last bucket + max(0, rest - overlap)</c>. Each machine has a batch as large as the
/// measured one, so computing stays and the whole batch grows; two thirds of computing are backward, beside which sums run, but for the last bucket.
/// </summary>
internal static class Prediction
{
    private const double Backward = 2.0 / 3;
    private const double Bucket = 4 << 20;

    // Usual networks of clusters: what a message of MPI takes over TCP on 10 Gbit Ethernet, and over 100 Gbit InfiniBand.
    private static readonly CommunicationLine[] s_clusters = [new("10 Gbit Ethernet", 30e-6, 1.1e9), new("100 Gbit InfiniBand", 2e-6, 11e9)];

    private static readonly int[] s_sizes = [1, 2, 4, 16, 64, 256, 1024];

    public static string Table(IReadOnlyList<MeasuredNetwork> networks, CommunicationLine here)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"a message on this machine: {1e6 * here.Latency:F0} us + bytes / {here.Bandwidth / 1e9:F2} GB/s");
        text.AppendLine("predicted and measured on this machine, the same batch shared out (ms):");
        foreach (var network in networks)
        {
            text.Append(CultureInfo.InvariantCulture, $"{network.Name,-12}");
            for (var i = 0; i < network.Sizes.Count; i++)
            {
                var size = network.Sizes[i];
                var shared = Step(network.Two, (network.Times[0] - Update(network)) / Math.Min(size, Environment.ProcessorCount), size, here, overlaps: false);
                text.Append(CultureInfo.InvariantCulture, $"  {size}: {shared,7:F2} / {network.Times[i],7:F2}");
            }

            text.AppendLine();
        }

        foreach (var cluster in s_clusters)
        {
            text.AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture,
                $"efficiency by machines over {cluster.Name} ({1e6 * cluster.Latency:F0} us, {cluster.Bandwidth / 1e9:F1} GB/s), as large a batch on each");
            text.AppendLine("            " + string.Concat(s_sizes.Select(size => $"{size,8}")));
            foreach (var network in networks)
            {
                text.Append(CultureInfo.InvariantCulture, $"{network.Name,-12}");
                foreach (var size in s_sizes)
                {
                    var step = Step(network.Two, network.Times[0] - Update(network), size, cluster, overlaps: true);
                    text.Append(CultureInfo.InvariantCulture, $"{network.Times[0] / step,8:P0}");
                }

                text.AppendLine();
            }
        }

        return text.ToString().TrimEnd();
    }

    private static double Update(MeasuredNetwork network) => network.Two.Update.TotalMilliseconds;

    /// <summary>The milliseconds of a step.</summary>
    /// <param name="report">Bytes and update.</param>
    /// <param name="compute">The milliseconds in which a machine computes its part.</param>
    /// <param name="size">The number of machines.</param>
    /// <param name="line">What messages take.</param>
    /// <param name="overlaps">Whether a core is free to communicate beside computing.</param>
    private static double Step(DistributionReport report, double compute, int size, CommunicationLine line, bool overlaps)
    {
        // Two processes send the gradient once: each a half of it, and the half of the sum.
        var bytes = report.BytesSent * (report.Size / (2.0 * (report.Size - 1)));
        var last = 1e3 * line.Sum(size, Math.Min(bytes, Bucket));
        var rest = (1e3 * line.Sum(size, bytes)) - last;
        var waiting = last + Math.Max(0, rest - (overlaps ? Backward * compute : 0));
        return compute + report.Update.TotalMilliseconds + (size == 1 ? 0 : waiting);
    }
}
