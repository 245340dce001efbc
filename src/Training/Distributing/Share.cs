namespace OnnxFunctional.Training.Distributing;

/// <summary>The samples of every batch that a process computes: those of its shards.</summary>
/// <param name="Rank">The process.</param>
/// <param name="Size">How many there are.</param>
/// <param name="Shards">The shards of a batch.</param>
internal readonly record struct Share(int Rank, int Size, int Shards)
{
    /// <summary>All samples.</summary>
    public static readonly Share Whole = new(0, 1, 1);

    /// <summary>Its samples of a batch; one, if the batch has less than there are processes and none is left: its shape is needed.</summary>
    public EvenRange Of(int samples)
    {
        if (Size == 1) return new(0, samples);
        var own = EvenRange.Of(Rank, Size, Shards);
        var first = own.Count == 0 ? 0 : EvenRange.Of(own.First, Shards, samples).First;
        var end = own.Count == 0 ? 0 : EvenRange.Of(own.End - 1, Shards, samples).End;
        return end > first ? new(first, end - first) : new(Math.Min(first, samples - 1), 1);
    }
}
