using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Execution;

/// <summary>The memory that the plans of one model use in turn: nothing in it is needed after a run, so one grows and all use it.</summary>
/// <remarks>Runs at the same time (a prediction beside a training) get one each.</remarks>
internal sealed class ArenaPool
{
    private readonly Lock _gate = new();
    private readonly List<Arena> _idle = [];
    private long _bytes;

    /// <summary>Bytes of all arenas, in use or not.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Takes an arena of at least so many floats: the smallest idle one that holds them, else the largest, which grows.</summary>
    /// <exception cref="OutOfMemoryException">There is no such memory.</exception>
    public Arena Rent(long floats)
    {
        var arena = TakeIdle(floats);
        try
        {
            if (arena.Floats < floats)
            {
                // The old memory first: both at once may not fit.
                Resize(arena, 0);
                Resize(arena, floats);
            }
        }
        catch
        {
            Return(arena);
            throw;
        }

        return arena;
    }

    /// <summary>Gives an arena back. Its content is lost.</summary>
    public void Return(Arena arena)
    {
        lock (_gate) _idle.Add(arena);
    }

    /// <summary>Frees all idle memory except one arena, which is kept if it is not larger than what a plan needs.</summary>
    public void Trim(long largestNeed)
    {
        lock (_gate)
        {
            var kept = _idle.Where(arena => arena.Floats <= largestNeed).MaxBy(arena => arena.Floats);
            foreach (var arena in _idle)
            {
                if (arena != kept) Resize(arena, 0);
            }

            _idle.RemoveAll(arena => arena != kept);
        }
    }

    private Arena TakeIdle(long floats)
    {
        lock (_gate)
        {
            Arena? best = null;
            foreach (var arena in _idle)
            {
                var fits = arena.Floats >= floats;
                if (best is null || (best.Floats >= floats ? fits && arena.Floats < best.Floats : arena.Floats > best.Floats)) best = arena;
            }

            if (best is null) return new Arena();
            _idle.Remove(best);
            return best;
        }
    }

    private void Resize(Arena arena, long floats)
    {
        var before = arena.Bytes;
        arena.Resize(floats);
        Interlocked.Add(ref _bytes, arena.Bytes - before);
    }
}

/// <summary>Memory of one run at a time.</summary>
internal sealed class Arena
{
    private NativeBlock? _block;

    public long Floats => _block?.Floats ?? 0;

    public long Bytes => Floats * sizeof(float);

    public NativeBlock Block => _block ?? throw new InvalidOperationException("The arena is empty.");

    /// <summary>Frees the memory and takes other memory; 0 takes none.</summary>
    public void Resize(long floats)
    {
        _block?.Dispose();
        _block = null;
        if (floats > 0) _block = EngineMemory.Allocate(floats);
    }
}
