namespace OnnxFunctional;

/// <summary>An operator: its attributes, its rule for shapes and types, and facts that passes over a graph rely on. The vocabulary is ONNX's.</summary>
/// <remarks>
/// Records compare by attributes, so two nodes of equal operators on equal inputs are one computation.
/// Gradient, kernel and emitter are rows of tables of their own. Every fact has a default that is safe for an operator that declares nothing;
/// <c>OperatorFactTests</c> verifies each declared fact against the kernel.
/// </remarks>
internal abstract record Op
{
    public string Name => GetType().Name;

    /// <summary>Shapes and types of the outputs. Called with unknown dimensions while a model is built, with known ones when a plan is made.</summary>
    /// <exception cref="ModelException">The inputs do not fit.</exception>
    public abstract TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs);

    /// <summary>Whether only the shape of that input matters, so that its elements need be neither computed nor kept.</summary>
    public virtual bool ReadsOnlyShapeOf(int input) => false;

    /// <summary>
    /// Whether the one output has the shape of the inputs, broadcast as in NumPy, and each of its elements depends only on the elements at its own position.
    /// </summary>
    public virtual bool IsElementwise => false;

    /// <summary>
    /// The axes along which elements of the input meet. Along any other axis, position i of an output depends only on position i of the input. Outputs keep all
    /// axes, or drop the mixed ones.
    /// </summary>
    /// <param name="rank">The rank of the input.</param>
    /// <returns>Null if that does not describe the operator: everything may depend on everything.</returns>
    public virtual int[]? MixedAxes(int rank) => IsElementwise ? [] : null;

    /// <summary>Whether that input is of floating-point numbers only. Functions that apply the operator convert integers and booleans, as Keras does.</summary>
    public virtual bool TakesFloats(int input) => false;

    /// <summary>Whether inputs may be text: the operator reads it, or moves elements whatever they are.</summary>
    public virtual bool TakesText => false;

    /// <summary>Whether outputs are made of elements of that input, unchanged.</summary>
    public virtual bool Moves(int input) => false;

    public sealed override string ToString() => Name;
}

/// <summary>A value that is not computed: an input, a weight or a constant.</summary>
internal abstract record SourceOp(TensorSpec Spec) : Op
{
    public sealed override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [Spec];
}
