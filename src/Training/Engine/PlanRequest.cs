namespace OnnxFunctional.Training.Engine;

/// <summary>What a plan is made from.</summary>
/// <param name="Options">The settings of the model that the graph belongs to.</param>
/// <param name="Inputs">Values given from outside.</param>
/// <param name="Outputs">Values read after a run.</param>
/// <param name="Updates">Weights set to a value at the end of a run.</param>
internal sealed record PlanRequest(
    PlanOptions Options,
    IReadOnlyList<Value> Inputs,
    IReadOnlyList<Value> Outputs,
    IReadOnlyList<(Weight Weight, Value Value)> Updates)
{
    /// <summary>Whether constants are computed ahead; not while doing just that.</summary>
    public bool FoldConstants { get; init; } = true;

    /// <summary>Whether only the memory is measured: the plan gets none and cannot run.</summary>
    public bool MeasuresOnly { get; init; }
}
