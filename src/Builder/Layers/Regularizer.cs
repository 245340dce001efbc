namespace OnnxFunctional;

/// <summary>A penalty on a tensor that is added to the loss, such as the sum of squares (https://keras.io/api/layers/regularizers/).</summary>
public abstract class Regularizer
{
    /// <summary>A penalty of one's own, as a function of the tensor that gives one number.</summary>
    public static Regularizer From(Func<SymbolicTensor, SymbolicTensor> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FromFunction(function);
    }

    /// <summary>The penalty as one number.</summary>
    protected internal abstract SymbolicTensor Penalty(SymbolicTensor x);

    /// <summary>The penalty on a layer's output divided by the batch size, as Keras adds it since 3.14.</summary>
    internal SymbolicTensor PerSample(SymbolicTensor output) => Penalty(output) / Ops.Size(output, 0);

    private sealed class FromFunction(Func<SymbolicTensor, SymbolicTensor> function) : Regularizer
    {
        protected internal override SymbolicTensor Penalty(SymbolicTensor x) => function(x);
    }
}

/// <summary>A rule a weight's values are made to follow after each step (https://keras.io/api/layers/constraints/).</summary>
public abstract class Constraint
{
    /// <summary>A rule of one's own, as a function from the values to those that follow it.</summary>
    public static Constraint From(Func<SymbolicTensor, SymbolicTensor> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new FromFunction(function);
    }

    /// <summary>The values that follow the rule.</summary>
    protected internal abstract SymbolicTensor Apply(SymbolicTensor weight);

    private sealed class FromFunction(Func<SymbolicTensor, SymbolicTensor> function) : Constraint
    {
        protected internal override SymbolicTensor Apply(SymbolicTensor weight) => function(weight);
    }
}
