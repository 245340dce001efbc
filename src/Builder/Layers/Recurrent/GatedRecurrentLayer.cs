using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>
/// The base of the recurrent layers with gates: initializers, regularizers and constraints of their three weights, and dropout on input and hidden state.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class GatedRecurrentLayer : RecurrentLayer
{
    private protected GatedRecurrentLayer(
        bool useBias,
        Initializer? kernelInitializer,
        Initializer? recurrentInitializer,
        Initializer? biasInitializer,
        Regularizer? kernelRegularizer,
        Regularizer? recurrentRegularizer,
        Regularizer? biasRegularizer,
        Regularizer? activityRegularizer,
        Constraint? kernelConstraint,
        Constraint? recurrentConstraint,
        Constraint? biasConstraint,
        double dropout,
        double recurrentDropout,
        int? seed,
        bool returnSequences,
        bool returnState,
        bool goBackwards,
        bool stateful,
        bool unroll,
        bool zeroOutputForMask,
        string? name)
        : base(activityRegularizer, returnSequences, returnState, goBackwards, stateful, unroll, zeroOutputForMask, name) =>
        Options = new GateOptions(GetType().Name)
        {
            UseBias = useBias,
            KernelInitializer = kernelInitializer ?? Initializer.GlorotUniform,
            RecurrentInitializer = recurrentInitializer ?? Initializer.Orthogonal,
            BiasInitializer = biasInitializer ?? Initializer.Zeros,
            KernelRegularizer = kernelRegularizer,
            RecurrentRegularizer = recurrentRegularizer,
            BiasRegularizer = biasRegularizer,
            KernelConstraint = kernelConstraint,
            RecurrentConstraint = recurrentConstraint,
            BiasConstraint = biasConstraint,
            Dropout = dropout,
            RecurrentDropout = recurrentDropout,
            Seed = seed,
        };

    /// <summary>Initializer of the kernel.</summary>
    public Initializer KernelInitializer => Options.KernelInitializer;

    /// <summary>Initializer of the recurrent kernel.</summary>
    public Initializer RecurrentInitializer => Options.RecurrentInitializer;

    /// <summary>Initializer of the bias.</summary>
    public Initializer BiasInitializer => Options.BiasInitializer;

    /// <summary>A penalty on the kernel.</summary>
    public Regularizer? KernelRegularizer => Options.KernelRegularizer;

    /// <summary>A penalty on the recurrent kernel.</summary>
    public Regularizer? RecurrentRegularizer => Options.RecurrentRegularizer;

    /// <summary>A penalty on the bias.</summary>
    public Regularizer? BiasRegularizer => Options.BiasRegularizer;

    /// <summary>A constraint applied to the kernel after each step.</summary>
    public Constraint? KernelConstraint => Options.KernelConstraint;

    /// <summary>A constraint applied to the recurrent kernel after each step.</summary>
    public Constraint? RecurrentConstraint => Options.RecurrentConstraint;

    /// <summary>A constraint applied to the bias after each step.</summary>
    public Constraint? BiasConstraint => Options.BiasConstraint;

    /// <summary>The fraction of input features set to zero in training, the same ones at every time step.</summary>
    public double Dropout => Options.Dropout;

    /// <summary>The fraction of hidden features set to zero before the recurrent kernel in training, the same ones at every time step.</summary>
    public double RecurrentDropout => Options.RecurrentDropout;

    /// <summary>The seed for dropout; by default the trainer's.</summary>
    public int? Seed => Options.Seed;

    private protected GateOptions Options { get; }
}
