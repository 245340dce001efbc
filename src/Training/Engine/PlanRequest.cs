using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Engine;

/// <summary>What a plan is to compute.</summary>
/// <param name="Options">The settings of the model that the graph belongs to.</param>
/// <param name="Inputs">Values that the caller provides.</param>
/// <param name="Outputs">Values that the caller reads after a run.</param>
/// <param name="Updates">Weights that are set to a value at the end of a run.</param>
internal sealed record PlanRequest(
    PlanOptions Options,
    IReadOnlyList<Value> Inputs,
    IReadOnlyList<Value> Outputs,
    IReadOnlyList<(Weight Weight, Value Value)> Updates)
{
    /// <summary>The positions of outputs that must be finite: if one is not, a run ends before it changes any weight.</summary>
    public IReadOnlyList<int> MustBeFinite { get; init; } = [];

    /// <summary>Whether the caller gives the inputs their memory before each run, by their storages.</summary>
    public bool BringsInputs { get; init; }

    /// <summary>
    /// Whether the caller gives the outputs their memory before each run, by their storages: those of <see cref="ExecutionPlan.IsBrought"/>. The others are
    /// also other outputs, or are read in the plan.
    /// </summary>
    public bool BringsOutputs { get; init; }

    /// <summary>Whether the plan is of one shard of a batch and stops where sums over all shards are taken; otherwise a sum is its own value.</summary>
    public bool StopsForShards { get; init; }

    /// <summary>Whether nodes with constant inputs are computed in advance; false in the plans that do so.</summary>
    public bool FoldConstants { get; init; } = true;

    /// <summary>The graph of which this one is a changed copy: it draws the same random numbers, whatever else draws in the copy.</summary>
    public Graph? Original { get; init; }

    /// <summary>Receives what the planner makes of the graph; null unless somebody profiles the plan.</summary>
    public PlanTrace? Trace { get; init; }

    /// <summary>Where the values of the plan lie.</summary>
    public PlanMemory Memory { get; init; } = PlanMemory.Own;
}
