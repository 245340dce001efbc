namespace OnnxFunctional.Operators;

/// <summary>A value that the caller provides: an input of a model, or the targets and sample weights of a training step.</summary>
internal sealed record Placeholder(InputLayer Layer, TensorSpec Spec) : SourceOp(Spec);

/// <summary>The current value of a weight.</summary>
internal sealed record Variable(Weight Weight) : SourceOp(new TensorSpec(Weight.Shape, DType.Float32));

/// <summary>A value known when the graph is built.</summary>
/// <param name="Data">Its elements.</param>
/// <param name="FileName">Its name in files, where it stands for a weight; null to be named after what reads it.</param>
internal sealed record Constant(TensorData Data, string? FileName = null) : SourceOp(new TensorSpec(Data.Shape, Data.Type));

/// <summary>The value itself.</summary>
internal sealed record Identity : Op
{
    public override bool IsElementwise => true;

    public override bool TakesText => true;

    public override bool Moves(int input) => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0]];
}

/// <summary>The first input in training, the second in inference; <see cref="Specialization"/> keeps one of them.</summary>
/// <param name="FreezesWithLayer">Whether a frozen layer takes the second input in training too, as BatchNormalization does.</param>
internal sealed record Phase(bool FreezesWithLayer = false) : Op
{
    public override bool IsElementwise => true;

    public override bool Moves(int input) => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) =>
        inputs[0].Type == inputs[1].Type && inputs[0].Shape.IsCompatibleWith(inputs[1].Shape)
            ? [inputs[1]]
            : throw new ModelException(
                $"A value that differs in training must keep its shape and type, but got {inputs[0]} in training and {inputs[1]} in inference.");
}
