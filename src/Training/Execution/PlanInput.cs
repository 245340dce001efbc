namespace OnnxFunctional.Training.Execution;

/// <summary>A value a plan is given from outside.</summary>
internal sealed record PlanInput(int Index, TensorSpec Spec) : SourceOp(Spec);
