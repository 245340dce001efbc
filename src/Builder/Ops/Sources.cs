namespace OnnxFunctional.Operators;

/// <summary>A value the caller gives: an input of a model, or targets and sample weights of a training step.</summary>
internal sealed record Placeholder(InputLayer Layer, TensorSpec Spec) : SourceOp(Spec);

/// <summary>The present value of a weight.</summary>
internal sealed record Variable(Weight Weight) : SourceOp(new TensorSpec(Weight.Shape, DType.Float32));

/// <summary>A value known when the graph is built.</summary>
internal sealed record Constant(TensorData Data) : SourceOp(new TensorSpec(Data.Shape, Data.Type));
