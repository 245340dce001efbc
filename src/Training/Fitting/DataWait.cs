using System.Globalization;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Training;

/// <summary>How long a training has waited for data, and what is said about it.</summary>
internal sealed class DataWait
{
    // Less is not worth a word, and short trainings are mostly beginnings.
    private const double Notable = 0.1;
    private static readonly TimeSpan s_shortest = TimeSpan.FromSeconds(1);

    private TimeSpan _waited;
    private TimeSpan _elapsed;
    private DatasetProfile? _profile;

    /// <summary>The share of the last epoch, if it is notable.</summary>
    public double? LastEpoch { get; private set; }

    /// <summary>What to do, if the share of all epochs is notable.</summary>
    public string? Advice => NotableShare(_waited, _elapsed) is not { } share ? null : string.Create(
        CultureInfo.InvariantCulture, $"Training waited {share:P0} of its time for data. {Remedy()}");

    /// <summary>Adds an epoch.</summary>
    /// <param name="batches">Its data.</param>
    /// <param name="elapsed">The time of its steps and of what they waited for.</param>
    public void Add(BatchSource batches, TimeSpan elapsed)
    {
        LastEpoch = NotableShare(batches.Waited, elapsed);
        (_waited, _elapsed, _profile) = (_waited + batches.Waited, _elapsed + elapsed, batches.Profile);
    }

    private static double? NotableShare(TimeSpan waited, TimeSpan elapsed) =>
        elapsed >= s_shortest && waited / elapsed is var share and >= Notable ? share : null;

    private string Remedy()
    {
        if (_profile?.Slowest is not { } slowest) return "Make batches in advance on another thread: Dataset.From(batches).Prefetch().";
        if (_profile.Idle > _profile.Waited)
            return "So did the threads that make it: each waits for the other in turn. A larger buffer holds more for such times: Prefetch(64).";
        var remedy = slowest.Name switch
        {
            "Map" => "Give it a higher parallelism, or keep what it makes with Cache.",
            "ImageFolder" => "Keep decoded images for later epochs: ImageFolder.Open(..., cache: ImageCache.InFile(path)).",
            _ => "Prefetch, or make it faster.",
        };
        return string.Create(
            CultureInfo.InvariantCulture, $"{slowest.Name} takes most, {slowest.TimePerElement.TotalMilliseconds:G3} ms for an element. {remedy}");
    }
}
