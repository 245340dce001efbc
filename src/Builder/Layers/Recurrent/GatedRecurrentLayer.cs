using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>
/// The base of the recurrent layers with gates: initializers, regularizers and constraints of their three weights, and dropout on input and hidden state.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class GatedRecurrentLayer : RecurrentLayer
{
    private protected GatedRecurrentLayer(string? name)
        : base(name) => Options = new(GetType().Name);

    /// <summary>Initializer of the kernel.</summary>
    public Initializer KernelInitializer { get => Options.KernelInitializer; init => Options = Options with { KernelInitializer = value }; }

    /// <summary>Initializer of the recurrent kernel.</summary>
    public Initializer RecurrentInitializer { get => Options.RecurrentInitializer; init => Options = Options with { RecurrentInitializer = value }; }

    /// <summary>Initializer of the bias.</summary>
    public Initializer BiasInitializer { get => Options.BiasInitializer; init => Options = Options with { BiasInitializer = value }; }

    /// <summary>A penalty on the kernel.</summary>
    public Regularizer? KernelRegularizer { get => Options.KernelRegularizer; init => Options = Options with { KernelRegularizer = value }; }

    /// <summary>A penalty on the recurrent kernel.</summary>
    public Regularizer? RecurrentRegularizer { get => Options.RecurrentRegularizer; init => Options = Options with { RecurrentRegularizer = value }; }

    /// <summary>A penalty on the bias.</summary>
    public Regularizer? BiasRegularizer { get => Options.BiasRegularizer; init => Options = Options with { BiasRegularizer = value }; }

    /// <summary>A constraint applied to the kernel after each step.</summary>
    public Constraint? KernelConstraint { get => Options.KernelConstraint; init => Options = Options with { KernelConstraint = value }; }

    /// <summary>A constraint applied to the recurrent kernel after each step.</summary>
    public Constraint? RecurrentConstraint { get => Options.RecurrentConstraint; init => Options = Options with { RecurrentConstraint = value }; }

    /// <summary>A constraint applied to the bias after each step.</summary>
    public Constraint? BiasConstraint { get => Options.BiasConstraint; init => Options = Options with { BiasConstraint = value }; }

    /// <summary>The fraction of input features set to zero in training, the same ones at every time step.</summary>
    public float Dropout { get => Options.Dropout; init => Options = Options with { Dropout = value }; }

    /// <summary>The fraction of hidden features set to zero before the recurrent kernel in training, the same ones at every time step.</summary>
    public float RecurrentDropout { get => Options.RecurrentDropout; init => Options = Options with { RecurrentDropout = value }; }

    /// <summary>The seed for dropout; by default the trainer's.</summary>
    public int? Seed { get => Options.Seed; init => Options = Options with { Seed = value }; }

    private protected GateOptions Options { get; set; }
}
