using OnnxFunctional.Operators;

namespace OnnxFunctional.Layers;

/// <summary>The options of a cell or layer with gates: initializers, regularizers and constraints of its three weights, and dropout.</summary>
/// <param name="Class">The class whose options these are, for messages.</param>
internal sealed record GateOptions(string Class)
{
    public required bool UseBias { get; init; }

    public required Initializer KernelInitializer { get; init; }

    public required Initializer RecurrentInitializer { get; init; }

    public required Initializer BiasInitializer { get; init; }

    public Regularizer? KernelRegularizer { get; init; }

    public Regularizer? RecurrentRegularizer { get; init; }

    public Regularizer? BiasRegularizer { get; init; }

    public Constraint? KernelConstraint { get; init; }

    public Constraint? RecurrentConstraint { get; init; }

    public Constraint? BiasConstraint { get; init; }

    public double Dropout { get; init => field = Check.Rate(value, Class, "dropout"); }

    public double RecurrentDropout { get; init => field = Check.Rate(value, Class, "recurrentDropout"); }

    public int? Seed { get; init; }

    /// <summary>Creates the three weights as weights of <paramref name="layer"/>.</summary>
    /// <param name="layer">The layer or cell in whose Forward they are used.</param>
    /// <param name="prefix">The prefix of their names: the cell that holds a layer's weights in Keras, with a slash.</param>
    /// <param name="kernel">The shape of the kernel.</param>
    /// <param name="recurrent">The shape of the recurrent kernel.</param>
    /// <param name="bias">The shape of the bias.</param>
    /// <param name="unitForgetBias">Whether the forget gate's bias starts at one.</param>
    public (SymbolicTensor Kernel, SymbolicTensor Recurrent, SymbolicTensor? Bias) Weights(
        LayerBase layer,
        string prefix,
        Shape kernel,
        Shape recurrent,
        Shape bias,
        bool unitForgetBias)
    {
        var biasInitializer = unitForgetBias ? new ForgetGateOnes(BiasInitializer) : BiasInitializer;
        return (
            layer.Weight(prefix + "kernel", kernel, KernelInitializer, regularizer: KernelRegularizer, constraint: KernelConstraint),
            layer.Weight(prefix + "recurrent_kernel", recurrent, RecurrentInitializer, regularizer: RecurrentRegularizer, constraint: RecurrentConstraint),
            UseBias ? layer.Weight(prefix + "bias", bias, biasInitializer, regularizer: BiasRegularizer, constraint: BiasConstraint) : null);
    }

    /// <summary>A new source of random numbers for dropout. All readers of one stream draw the same numbers, which keeps dropout constant over time.</summary>
    public RandomStream NewStream() => new(Seed);

    /// <summary>The input with dropout in training.</summary>
    /// <param name="x">The input.</param>
    /// <param name="stream">The source of the random numbers.</param>
    /// <param name="shared">Axes along which all positions share one decision.</param>
    public SymbolicTensor WithInputDropout(SymbolicTensor x, RandomStream stream, IntList shared) => Dropped(x, Dropout, stream, shared);

    /// <summary>The hidden state with dropout in training.</summary>
    public SymbolicTensor WithStateDropout(SymbolicTensor state, RandomStream stream) => Dropped(state, RecurrentDropout, stream, []);

    private static SymbolicTensor Dropped(SymbolicTensor x, double rate, RandomStream stream, IntList shared) =>
        rate > 0 ? Ops.WhenTraining(Ops.Make(new Operators.Dropout(stream, (float)rate, shared), x), x) : x;
}
