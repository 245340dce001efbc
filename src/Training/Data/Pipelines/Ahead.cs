namespace OnnxFunctional.Training.Data;

/// <summary>How elements are made in advance, on threads of the dataset.</summary>
/// <param name="Threads">Their number; 0 if elements are made when they are asked for, by who asks.</param>
/// <param name="Buffer">The largest number of elements that are made in advance.</param>
/// <param name="MostBytes">No further one is begun while those that are ready take so many bytes.</param>
/// <param name="Times">Counts who waits for whom; null without threads.</param>
internal readonly record struct Ahead(int Threads, int Buffer, long MostBytes, AheadTimes? Times)
{
    /// <summary>Nothing is made in advance.</summary>
    public static readonly Ahead None = new(0, 0, long.MaxValue, null);

    /// <summary>Some threads; none for 0.</summary>
    public static Ahead On(int threads, int buffer, long mostBytes = long.MaxValue) =>
        threads == 0 ? None : new(threads, buffer, mostBytes, new AheadTimes());

    /// <summary>What both ask for.</summary>
    public Ahead With(Ahead other) =>
        new(Math.Max(Threads, other.Threads), Math.Max(Buffer, other.Buffer), Math.Min(MostBytes, other.MostBytes), Times ?? other.Times);

    /// <summary>As many elements in groups of some.</summary>
    public Ahead Grouped(int size) => this with { Buffer = Threads == 0 ? 0 : (int)(((long)Buffer + size - 1) / size) };
}
