using System.Globalization;
using System.Text;

namespace OnnxFunctional.Training;

/// <summary>What a stage of a dataset has made.</summary>
/// <param name="Name">The method that made the stage: <c>Map</c>, <c>Batch</c> ...; <c>From</c> for the source.</param>
/// <param name="Elements">The number of elements.</param>
/// <param name="Time">How long it took to make them, without the stages before; the sum of all threads.</param>
public sealed record DatasetStage(string Name, long Elements, TimeSpan Time)
{
    /// <summary>The time for one element.</summary>
    public TimeSpan TimePerElement => Elements == 0 ? TimeSpan.Zero : Time / Elements;
}

/// <summary>Where the time of a dataset goes, in all passes so far, and who waits for whom.</summary>
/// <remarks>
/// <see cref="Waited"/> is high if the data is slower than what reads it: give <c>Map</c> a parallelism, or make the slowest stage faster.
/// <see cref="Idle"/> is high if the data is faster: more threads would not help.
/// </remarks>
public sealed class DatasetProfile
{
    internal DatasetProfile(IReadOnlyList<DatasetStage> stages, TimeSpan waited, TimeSpan idle) =>
        (Stages, Waited, Idle) = (stages, waited, idle);

    /// <summary>The stages that take time, from the source to the end.</summary>
    public IReadOnlyList<DatasetStage> Stages { get; }

    /// <summary>How long the reader has waited for elements that threads of the dataset make in advance.</summary>
    public TimeSpan Waited { get; }

    /// <summary>How long these threads have waited for the reader to take one.</summary>
    public TimeSpan Idle { get; }

    /// <summary>The stage that took most; null before the first element.</summary>
    public DatasetStage? Slowest => Stages.Where(stage => stage.Elements > 0).MaxBy(stage => stage.Time);

    /// <summary>A table: stage, elements, time, time for one.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{"stage",-14} {"elements",12} {"ms",12} {"us for one",12}");
        foreach (var stage in Stages)
        {
            text.AppendLine().Append(
                CultureInfo.InvariantCulture,
                $"{stage.Name,-14} {stage.Elements,12} {stage.Time.TotalMilliseconds,12:F1} {stage.TimePerElement.TotalMicroseconds,12:F2}");
        }

        text.AppendLine().Append(CultureInfo.InvariantCulture, $"The reader waited {Waited.TotalMilliseconds:F1} ms for data, ");
        return text.Append(CultureInfo.InvariantCulture, $"threads {Idle.TotalMilliseconds:F1} ms for the reader.").ToString();
    }
}
