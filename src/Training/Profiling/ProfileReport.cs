using System.Globalization;
using OnnxFunctional.Notebooks;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Profiling;

namespace OnnxFunctional.Training;

/// <summary>Where the time of a step goes; prints as a table of layers and one of the slowest kernels.</summary>
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public sealed class ProfileReport : IHtml
{
    private const int SlowestKernels = 10;

    private static readonly string[] s_layerHeader =
        ["Layer (type)", "Forward", "Backward", "Update", "Time", "Share", "MFLOP", "MB", "GFLOP/s", "Roofline"];

    private static readonly string[] s_kernelHeader = ["Kernel", "Layer", "Phase", "Time", "Share", "MFLOP", "MB", "GFLOP/s", "Roofline"];

    internal ProfileReport(
        int samples,
        int steps,
        int threads,
        double stepMilliseconds,
        MachineSpeed speed,
        IReadOnlyList<LayerProfile> layers,
        IReadOnlyList<KernelProfile> kernels)
    {
        (BatchSize, Steps, Threads, StepMilliseconds, Layers, Kernels) = (samples, steps, threads, stepMilliseconds, layers, kernels);
        (OperationsPerSecond, BytesPerSecond) = (speed.OperationsPerSecond, speed.BytesPerSecond);
    }

    /// <summary>The number of samples of the batch.</summary>
    public int BatchSize { get; }

    /// <summary>The number of steps that were measured.</summary>
    public int Steps { get; }

    /// <summary>The number of threads.</summary>
    public int Threads { get; }

    /// <summary>The median time of a step without a clock around each kernel.</summary>
    public double StepMilliseconds { get; }

    /// <summary>What the threads compute at most, measured in registers: floating-point operations per second.</summary>
    public double OperationsPerSecond { get; }

    /// <summary>What the threads read and write at most, measured in main memory: bytes per second. Caches are faster, and measured too.</summary>
    public double BytesPerSecond { get; }

    /// <summary>The layers in the order in which they are computed, then loss, metrics and optimizer.</summary>
    public IReadOnlyList<LayerProfile> Layers { get; }

    /// <summary>The kernels in the order in which they run.</summary>
    public IReadOnlyList<KernelProfile> Kernels { get; }

    /// <summary>
    /// Writes a step as a trace that <c>chrome://tracing</c>, Perfetto and speedscope open: phases, in them layers, in them kernels, each of its median time.
    /// </summary>
    /// <param name="path">The file; an existing one is replaced once the new one is complete.</param>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public void SaveTrace(string path) => DataFile.Write(path, stream => ProfileTrace.Write(this, stream));

    /// <summary>The tables.</summary>
    public override string ToString() => string.Join(
        Environment.NewLine,
        TextTable.Lines([s_layerHeader, .. Layers.Select(Cells)], column => column >= 1)
            .Append("")
            .Concat(TextTable.Lines([s_kernelHeader, .. Slowest().Select(Cells)], column => column >= 3))
            .Append("")
            .Concat(Totals));

    void IHtml.WriteHtml(HtmlWriter html)
    {
        html.Table(s_layerHeader, Layers.Select(Cells), numbers: [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        html.Table(s_kernelHeader, Slowest().Select(Cells), numbers: [3, 4, 5, 6, 7, 8]);
        foreach (var line in Totals) html.Paragraph(line);
    }

    private double KernelMilliseconds => Kernels.Sum(kernel => kernel.Milliseconds);

    private IEnumerable<KernelProfile> Slowest() => Kernels.OrderByDescending(kernel => kernel.Milliseconds).Take(SlowestKernels);

    private string[] Cells(LayerProfile layer) =>
    [
        layer.ClassName.Length > 0 ? $"{layer.Layer} ({layer.ClassName})" : layer.Layer,
        Time(layer.ForwardMilliseconds), Time(layer.BackwardMilliseconds), Time(layer.UpdateMilliseconds),
        .. Costs(layer.Milliseconds, layer.Operations, layer.Bytes, layer.RooflineShare),
    ];

    private string[] Cells(KernelProfile kernel) =>
    [
        kernel.Name, kernel.Layer, kernel.Phase.ToString(),
        .. Costs(kernel.Milliseconds, kernel.Operations, kernel.Bytes, kernel.RooflineShare),
    ];

    private string[] Costs(double milliseconds, double operations, double bytes, double roofline) =>
    [
        Time(milliseconds),
        Number(milliseconds / KernelMilliseconds, "P1"),
        Number(operations / 1e6, "F2"),
        Number(bytes / (1 << 20), "F2"),
        Number(milliseconds > 0 ? operations / milliseconds / 1e6 : 0, "F1"),
        Number(roofline, "P0"),
    ];

    /// <summary>Sentences: the time of a step and its parts, and the speeds that were measured.</summary>
    internal IReadOnlyList<string> Totals => [StepSentence(), SpeedSentence()];

    private string StepSentence()
    {
        var sums = Enum.GetValues<ProfilePhase>()
            .Select(phase => (Phase: phase, Time: Layers.Sum(layer => layer.MillisecondsOf(phase))))
            .Where(sum => sum.Time > 0)
            .Select(sum => $"{sum.Phase.ToString().ToLowerInvariant()} {Time(sum.Time)}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"A step on {BatchSize} samples takes {Time(StepMilliseconds)} ms with {Threads} threads; its kernels {Time(KernelMilliseconds)} ms: "
            + $"{string.Join(", ", sums)}.");
    }

    private string SpeedSentence() => string.Create(
        CultureInfo.InvariantCulture,
        $"Roofline: {OperationsPerSecond / 1e9:F0} GFLOP/s in registers, {BytesPerSecond / 1e9:F1} GB/s from memory, both measured. "
        + $"Medians of {Steps} steps.");

    private static string Time(double milliseconds) => Number(milliseconds, "F3");

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
