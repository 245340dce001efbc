namespace OnnxFunctional.Training.Execution;

/// <summary>Plans for the shapes that were seen, until <see cref="PlanRegistry"/> drops those that were not used for the longest time.</summary>
/// <remarks>A run of a plan that is kept allocates nothing. A plan that comes back is made again and computes the same bits.</remarks>
internal sealed class PlanCache
{
    private readonly Lock _gate = new();
    private readonly Dictionary<PlanKey, KeptPlan> _plans = [];
    private long _bytes;

    /// <summary>Creates an empty cache.</summary>
    /// <param name="arenas">The memory that the plans run in.</param>
    public PlanCache(ArenaPool arenas)
    {
        Arenas = arenas;
        EngineMemory.Plans.Add(this);
    }

    ~PlanCache() => EngineMemory.Plans.Count(-_bytes);

    public ArenaPool Arenas { get; }

    /// <summary>Begins a run of the plan with a key; false if there is none.</summary>
    public bool TryEnter(in PlanKey key, out PlanRun run)
    {
        KeptPlan? kept;
        lock (_gate) kept = _plans.GetValueOrDefault(key);
        if (kept is not null) return TryEnter(kept, out run);
        run = default;
        return false;
    }

    /// <summary>Begins a run of a plan; false if it was dropped.</summary>
    /// <exception cref="ModelMemoryException">There is no memory for it.</exception>
    public bool TryEnter(KeptPlan kept, out PlanRun run)
    {
        run = default;
        lock (_gate)
        {
            if (kept.IsDropped) return false;
            kept.Runs++;
        }

        kept.LastUse = EngineMemory.Plans.Now();
        run = Begin(kept);
        return true;
    }

    /// <summary>Keeps a plan and begins its first run.</summary>
    /// <exception cref="ModelMemoryException">There is no memory for it.</exception>
    public PlanRun Enter(in PlanKey key, KeptPlan kept)
    {
        kept.Key = key.ToKeep();
        kept.LastUse = EngineMemory.Plans.Now();
        kept.Runs = 1;
        lock (_gate)
        {
            _plans.Add(kept.Key, kept);
            Count(kept.Bytes);
        }

        EngineMemory.Plans.MakeRoom(this, kept);
        return Begin(kept);
    }

    /// <summary>Ends a run.</summary>
    public void Leave(KeptPlan kept, Arena arena)
    {
        Arenas.Return(arena);
        lock (_gate) kept.Runs--;
    }

    /// <summary>Frees a plan, unless it runs.</summary>
    public bool TryDrop(KeptPlan kept)
    {
        lock (_gate)
        {
            if (kept.Runs > 0 || kept.IsDropped) return false;
            _plans.Remove(kept.Key);
            kept.IsDropped = true;
            Count(-kept.Bytes);
        }

        kept.Plan.Dispose();
        return true;
    }

    /// <summary>The plans at this moment.</summary>
    public KeptPlan[] ToArray()
    {
        lock (_gate) return [.. _plans.Values];
    }

    private void Count(long bytes)
    {
        _bytes += bytes;
        EngineMemory.Plans.Count(bytes);
    }

    private PlanRun Begin(KeptPlan kept)
    {
        Arena? arena = null;
        try
        {
            arena = Arenas.Rent(kept.Plan.ArenaFloats);
            kept.Plan.Use(arena);
            return new PlanRun(this, kept, arena);
        }
        catch (Exception failure)
        {
            if (arena is not null) Arenas.Return(arena);
            lock (_gate) kept.Runs--;
            if (failure is OutOfMemoryException) throw kept.Plan.NoMemory(failure);
            throw;
        }
    }
}
