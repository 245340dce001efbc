using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Execution;

/// <summary>All plans of the process and their memory, for one limit on what they take together.</summary>
/// <remarks>
/// The limit bounds what is kept beside the plan that is about to run: a step that needs half of the memory runs, whatever the limit.
/// Caches are known weakly, so a model that was let go takes its plans along.
/// </remarks>
internal sealed class PlanRegistry
{
    private readonly Lock _gate = new();
    private readonly List<WeakReference<PlanCache>> _caches = [];
    private readonly MemoryCount _plans = new();
    private long _limit;
    private long _now;

    public PlanRegistry() => _limit = Available() / 4;

    /// <summary>The bytes that the process may use in all; tests set less.</summary>
    public Func<long> Available { get; set; } = () => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    public long Limit
    {
        get => Interlocked.Read(ref _limit);
        set => Interlocked.Exchange(ref _limit, value);
    }

    /// <summary>The memory of all arenas, constants, and plans that have memory of their own.</summary>
    public MemoryCount Native { get; } = new();

    /// <summary>The next moment of a clock that counts uses.</summary>
    public long Now() => Interlocked.Increment(ref _now);

    /// <summary>Notes what plans take, or no longer take, beside their arenas.</summary>
    public void Count(long bytes) => _plans.Add(bytes);

    public void Add(PlanCache cache)
    {
        lock (_gate)
        {
            _caches.RemoveAll(known => !known.TryGetTarget(out _));
            _caches.Add(new(cache));
        }
    }

    /// <summary>Bytes of all plans and arenas.</summary>
    public long Bytes()
    {
        lock (_gate)
        {
            var caches = Alive();
            return caches.Sum(cache => cache.ToArray().Sum(kept => kept.Bytes)) + caches.Select(cache => cache.Arenas).Distinct().Sum(pool => pool.Bytes);
        }
    }

    /// <summary>Drops all plans that do not run, and the memory they ran in.</summary>
    public void DropIdle()
    {
        lock (_gate)
        {
            var caches = Alive();
            foreach (var cache in caches)
            {
                foreach (var kept in cache.ToArray()) cache.TryDrop(kept);
            }

            foreach (var pool in caches.Select(cache => cache.Arenas).Distinct()) pool.Trim(0);
        }
    }

    /// <summary>Drops plans, those that were not used for the longest time first, until what is kept beside a new plan is within the limit.</summary>
    public void MakeRoom(PlanCache cache, KeptPlan added)
    {
        var limit = Limit;
        if (_plans.Bytes + Native.Bytes <= limit) return;
        lock (_gate)
        {
            var all = Alive().SelectMany(owner => owner.ToArray().Select(kept => (Owner: owner, Kept: kept))).ToList();
            var needs = all.GroupBy(entry => entry.Owner.Arenas).ToDictionary(group => group.Key, group => new Need(group.Select(entry => entry.Kept)));
            var plans = all.Sum(entry => entry.Kept.Bytes) - added.Bytes;
            if (plans + Arenas() <= limit) return;

            // Sorting so many for each new shape would take longer than planning it: an eighth is set free at once.
            limit -= limit / 8;
            foreach (var (owner, kept) in all.OrderBy(entry => entry.Kept.LastUse))
            {
                if (plans + Arenas() <= limit) break;
                if (kept == added || !owner.TryDrop(kept)) continue;
                plans -= kept.Bytes;
                needs[owner.Arenas].Remove(kept);
            }

            foreach (var (pool, need) in needs) pool.Trim(need.LargestFloats);

            // What arenas would take beside the one that the new plan needs, if those that no plan needs any more were freed.
            long Arenas()
            {
                var bytes = 0L;
                foreach (var (pool, need) in needs)
                {
                    var held = Math.Min(pool.Bytes, need.LargestFloats * sizeof(float));
                    bytes += pool == cache.Arenas ? Math.Max(0, held - added.Plan.ArenaBytes) : held;
                }

                return bytes;
            }
        }
    }

    private List<PlanCache> Alive()
    {
        var alive = new List<PlanCache>(_caches.Count);
        foreach (var known in _caches)
        {
            if (known.TryGetTarget(out var cache)) alive.Add(cache);
        }

        return alive;
    }

    /// <summary>What the largest of some plans needs of an arena.</summary>
    private sealed class Need(IEnumerable<KeptPlan> plans)
    {
        private readonly PriorityQueue<KeptPlan, long> _largest = new(plans.Select(kept => (kept, -kept.Plan.ArenaFloats)));

        public long LargestFloats => _largest.TryPeek(out var kept, out _) ? kept.Plan.ArenaFloats : 0;

        public void Remove(KeptPlan dropped)
        {
            // Others that were dropped leave the queue when they come to its top.
            while (_largest.TryPeek(out var kept, out _) && kept.IsDropped) _largest.Dequeue();
        }
    }
}
