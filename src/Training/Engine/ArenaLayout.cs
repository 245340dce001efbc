using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Engine;

/// <summary>Places values in one memory, which values that live at different times share: the largest first, each at the lowest free offset.</summary>
internal sealed class ArenaLayout
{
    // Floats per cache line: every value begins on one.
    private const int Alignment = 16;

    private readonly List<Block> _blocks = [];

    /// <summary>The size of the memory in floats, once <see cref="Place"/> has run.</summary>
    public long Floats { get; private set; }

    /// <summary>The size of all values in floats, if none shared memory.</summary>
    public long SumOfValues { get; private set; }

    /// <summary>The size that a value takes: it ends at the end of a cache line.</summary>
    public static long Aligned(long floats) => (Math.Max(floats, 1) + Alignment - 1) / Alignment * Alignment;

    /// <summary>Adds a value that is needed from kernel <paramref name="first"/> to kernel <paramref name="last"/>, both included.</summary>
    public void Add(Storage storage, long floats, int first, int last) => _blocks.Add(new Block(storage, Aligned(floats), first, last));

    /// <summary>Finds an offset for each value.</summary>
    /// <returns>The offset and size of each value.</returns>
    public (Storage Storage, long Offset, int Floats)[] Place()
    {
        var occupied = new OccupiedTimes(_blocks.Count == 0 ? 0 : _blocks.Max(block => block.Last) + 1);
        foreach (var block in _blocks.OrderByDescending(block => block.Floats).ThenBy(block => block.First))
        {
            block.Offset = occupied.Lowest(block.Floats, block.First, block.Last);
            occupied.Take(block.Offset, block.Floats, block.First, block.Last);
            Floats = Math.Max(Floats, block.Offset + block.Floats);
            SumOfValues += block.Floats;
        }

        return [.. _blocks.Select(block => (block.Storage, block.Offset, checked((int)block.Floats)))];
    }

    private sealed class Block(Storage storage, long floats, int first, int last)
    {
        public Storage Storage { get; } = storage;

        public long Floats { get; } = floats;

        public int First { get; } = first;

        public int Last { get; } = last;

        public long Offset { get; set; }
    }
}
