namespace OnnxFunctional.Training.Execution;

/// <summary>A plan in a <see cref="PlanCache"/>.</summary>
internal class KeptPlan(ExecutionPlan plan)
{
    public ExecutionPlan Plan => plan;

    /// <summary>Bytes that dropping the plan sets free, beside its arena.</summary>
    public virtual long Bytes => plan.KeptBytes;

    public PlanKey Key { get; set; }

    /// <summary>When the plan was used last, by <see cref="PlanRegistry.Now"/>.</summary>
    public long LastUse { get; set; }

    /// <summary>The number of runs that are under way.</summary>
    public int Runs { get; set; }

    public bool IsDropped { get; set; }
}

/// <summary>A run of a plan, from filling its inputs to reading its outputs. Ending it gives the arena back.</summary>
internal readonly struct PlanRun(PlanCache cache, KeptPlan kept, Arena arena) : IDisposable
{
    public KeptPlan Kept => kept;

    public ExecutionPlan Plan => kept.Plan;

    public void Dispose() => cache.Leave(kept, arena);
}
