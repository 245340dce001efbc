namespace OnnxFunctional;

/// <summary>An operator: its attributes and its rule for shapes and types, nothing else. The vocabulary is ONNX's.</summary>
/// <remarks>
/// Records compare by attributes, so two nodes of equal operators on equal inputs are one computation.
/// Gradient, kernel and emitter stand in tables of their own, one row an operator.
/// </remarks>
internal abstract record Op
{
    public string Name => GetType().Name;

    /// <summary>Shapes and types of the outputs; runs with unknown dimensions while a model is built and with known ones when a plan is made.</summary>
    /// <exception cref="ModelException">The inputs do not fit.</exception>
    public abstract TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs);

    /// <summary>Whether only the shape of that input matters: its elements need not be kept, nor computed.</summary>
    public virtual bool ReadsOnlyShapeOf(int input) => false;

    /// <summary>The same computation may not be shared or done ahead: it draws random numbers or belongs to one call.</summary>
    public virtual bool IsPure => true;

    public sealed override string ToString() => Name;
}

/// <summary>A value that is not computed: an input, a weight, a constant.</summary>
internal abstract record SourceOp(TensorSpec Spec) : Op
{
    public sealed override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [Spec];
}
