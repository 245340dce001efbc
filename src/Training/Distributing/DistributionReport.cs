using System.Globalization;
using System.Text;

namespace OnnxFunctional.Training;

/// <summary>
/// What the training steps of this process took since the last <c>Fit</c> began, but for its first: means per step, of which computing, update and waiting are
/// the parts. Prints as two sentences.
/// </summary>
/// <param name="Size">The number of processes.</param>
/// <param name="Shards">The parts of a batch.</param>
/// <param name="OwnShards">How many of them this process computes.</param>
/// <param name="Steps">The number of steps.</param>
/// <param name="Step">The time of a step.</param>
/// <param name="Compute">The time in which this process computed its shards.</param>
/// <param name="Update">The time of the update of the weights, which all processes make alike.</param>
/// <param name="Waiting">The time in which it did neither, but waited for others and for what they sent.</param>
/// <param name="Communication">The time in which data moved: beside computing, or while this process waited.</param>
/// <param name="BytesSent">The bytes that this process sent.</param>
public sealed record DistributionReport(
    int Size,
    int Shards,
    int OwnShards,
    long Steps,
    TimeSpan Step,
    TimeSpan Compute,
    TimeSpan Update,
    TimeSpan Waiting,
    TimeSpan Communication,
    long BytesSent)
{
    // Beyond that share of a step, what is named helps.
    private const double MuchWaiting = 0.2;

    /// <summary>
    /// What one process would take for a step with as many shards, by what this one took for its own: <c>Compute Shards / OwnShards + Update</c>.
    /// </summary>
    public TimeSpan OneProcess => (Compute * ((double)Shards / OwnShards)) + Update;

    /// <summary>The share of all processes' time that one process would need for the same work: <c>OneProcess / (Size Step)</c>.</summary>
    public double Efficiency => OneProcess / (Size * Step);

    /// <summary>What would make steps faster; empty if nothing is to be said.</summary>
    public string Advice => Size == 1 ? ""
        : OneProcess <= Step ? "One process is faster. A larger batch, or gradientAccumulationSteps, gives each process more to compute between two sums."
        : Waiting > MuchWaiting * Step
            ? "Much of it is waiting. A larger batch, gradientAccumulationSteps, compression, or processes that compute equally fast would help."
        : "";

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Size} process{(Size == 1 ? "" : "es")}, {Shards} shard{(Shards == 1 ? "" : "s")}, ");
        text.Append(CultureInfo.InvariantCulture, $"{Steps} step{(Steps == 1 ? "" : "s")} of {Milliseconds(Step)}: ");
        text.Append(CultureInfo.InvariantCulture, $"computing {Part(Compute)}, update {Part(Update)}, waiting {Part(Waiting)}; ");
        text.Append(CultureInfo.InvariantCulture, $"communication {Milliseconds(Communication)}, {BytesSent / 1e6:0.###} MB sent. ");
        text.Append(CultureInfo.InvariantCulture, $"One process would take about {Milliseconds(OneProcess)}: efficiency {Efficiency:P0}. {Advice}");
        return text.ToString().TrimEnd();
    }

    private static string Milliseconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.##} ms");

    private string Part(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{Milliseconds(time)} ({time / Step:P0})");
}
