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

    /// <summary>Adds a value that is needed from kernel <paramref name="first"/> to kernel <paramref name="last"/>, both included.</summary>
    public void Add(Storage storage, long floats, int first, int last)
    {
        var aligned = (Math.Max(floats, 1) + Alignment - 1) / Alignment * Alignment;
        _blocks.Add(new Block(storage, aligned, first, last));
    }

    /// <summary>Finds an offset for each value; <see cref="Bind"/> then gives it memory.</summary>
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
