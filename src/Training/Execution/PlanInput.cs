namespace OnnxFunctional.Training.Execution;

/// <summary>A value that the caller of a plan provides.</summary>
internal sealed record PlanInput(int Index, TensorSpec Spec) : SourceOp(Spec);
