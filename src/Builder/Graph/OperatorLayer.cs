namespace OnnxFunctional;

/// <summary>A layer that no options describe but the operators of its call, as a node of a file: in other sizes, these operators are made again.</summary>
internal abstract class OperatorLayer : MultiOutputLayer
{
    private Func<OperatorLayer, SymbolicTensors, SymbolicTensors> _operators;

    /// <summary>Makes a layer.</summary>
    /// <param name="name">Its name in the file.</param>
    /// <param name="operators">Adds its operators on given tensors.</param>
    protected OperatorLayer(string name, Func<OperatorLayer, SymbolicTensors, SymbolicTensors> operators)
        : base(null)
    {
        _operators = operators;
        NameAsInFile(name);
    }

    internal override bool NamesWeightsAlone => true;

    /// <summary>A weight of the file, under its name there.</summary>
    public SymbolicTensor Parameter(string name, Shape shape, Initializer values, bool trainable) => Weight(name, shape, values, trainable);

    /// <summary>Sets a weight in each training step.</summary>
    public void Move(SymbolicTensor weight, SymbolicTensor value) => Update(weight, value);

    /// <summary>A copy with other operators, not yet called.</summary>
    public OperatorLayer Computing(string name, Func<OperatorLayer, SymbolicTensors, SymbolicTensors> operators)
    {
        var copy = (OperatorLayer)CopyUncalled(name);
        copy._operators = operators;
        return copy;
    }

    /// <summary>The weight that stands for one of another size, which a layer was called with that this one is a copy of.</summary>
    public Weight Resized(Weight weight, Shape shape)
    {
        if (OwnWeights.FirstOrDefault(each => each.Name == weight.Name) is { } known) return known;
        var made = new Weight(weight.Name, shape, Initializer.Zeros, weight.Learns, this)
        {
            TakesAdapter = weight.TakesAdapter,
            IsKernelOfNode = weight.IsKernelOfNode,
            Regularizer = weight.Regularizer,
            Constraint = weight.Constraint,
        };
        if (!weight.Trainable) made.Freeze();
        Hold(made);
        return made;
    }

    internal override LayerBase CopyUncalled(string? name)
    {
        var copy = base.CopyUncalled(null);
        if (name is not null) copy.NameAsInFile(name);
        return copy;
    }

    protected override SymbolicTensors Forward(SymbolicTensors tensors) => _operators(this, tensors);
}
