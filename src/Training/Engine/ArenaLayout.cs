using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Engine;

/// <summary>Places values that live at different times in one memory: the largest first, each at the lowest free place.</summary>
internal sealed class ArenaLayout
{
    // Floats of a cache line: every value begins on one.
    private const int Alignment = 16;

    private readonly List<Block> _blocks = [];

    /// <summary>Floats of the whole memory, once <see cref="Place"/> has run.</summary>
    public long Floats { get; private set; }

    /// <summary>Floats of all values together, as if none shared memory.</summary>
    public long SumOfValues { get; private set; }

    /// <summary>A value needed from one step to another, both included.</summary>
    public void Add(Storage storage, long floats, int first, int last) => _blocks.Add(new Block(storage, (Math.Max(floats, 1) + Alignment - 1) / Alignment * Alignment, first, last));

    /// <summary>Finds each value's place; <see cref="Bind"/> then gives it memory.</summary>
    public void Place()
    {
        var placed = new List<Block>();
        foreach (var block in _blocks.OrderByDescending(block => block.Floats).ThenBy(block => block.First))
        {
            var offset = 0L;
            foreach (var other in placed.Where(block.Overlaps).OrderBy(other => other.Offset))
            {
                if (other.Offset - offset >= block.Floats) break;
                offset = Math.Max(offset, other.Offset + other.Floats);
            }

            block.Offset = offset;
            placed.Add(block);
            Floats = Math.Max(Floats, offset + block.Floats);
            SumOfValues += block.Floats;
        }
    }

    public void Bind(Memory<float> memory)
    {
        foreach (var block in _blocks) block.Storage.Memory = memory.Slice((int)block.Offset, (int)block.Floats);
    }

    private sealed class Block(Storage storage, long floats, int first, int last)
    {
        public Storage Storage { get; } = storage;

        public long Floats { get; } = floats;

        public int First { get; } = first;

        public long Offset { get; set; }

        public bool Overlaps(Block other) => First <= other._last && other.First <= _last;

        private readonly int _last = last;
    }
}
