using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>What the recurrent layers with gates share: how their kernel, recurrent kernel and bias begin and what holds them, and dropout on input and hidden state.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class GatedRecurrentLayer : RecurrentLayer
{
    private protected GatedRecurrentLayer(string? name)
        : base(name) => Options = new(GetType().Name);

    /// <summary>First values of the kernel.</summary>
    public Initializer KernelInitializer { get => Options.KernelInitializer; init => Options = Options with { KernelInitializer = value }; }

    /// <summary>First values of the recurrent kernel.</summary>
    public Initializer RecurrentInitializer { get => Options.RecurrentInitializer; init => Options = Options with { RecurrentInitializer = value }; }

    /// <summary>First values of the bias.</summary>
    public Initializer BiasInitializer { get => Options.BiasInitializer; init => Options = Options with { BiasInitializer = value }; }

    /// <summary>A penalty on the kernel.</summary>
    public Regularizer? KernelRegularizer { get => Options.KernelRegularizer; init => Options = Options with { KernelRegularizer = value }; }

    /// <summary>A penalty on the recurrent kernel.</summary>
    public Regularizer? RecurrentRegularizer { get => Options.RecurrentRegularizer; init => Options = Options with { RecurrentRegularizer = value }; }

    /// <summary>A penalty on the bias.</summary>
    public Regularizer? BiasRegularizer { get => Options.BiasRegularizer; init => Options = Options with { BiasRegularizer = value }; }

    /// <summary>A rule the kernel follows after each step.</summary>
    public Constraint? KernelConstraint { get => Options.KernelConstraint; init => Options = Options with { KernelConstraint = value }; }

    /// <summary>A rule the recurrent kernel follows after each step.</summary>
    public Constraint? RecurrentConstraint { get => Options.RecurrentConstraint; init => Options = Options with { RecurrentConstraint = value }; }

    /// <summary>A rule the bias follows after each step.</summary>
    public Constraint? BiasConstraint { get => Options.BiasConstraint; init => Options = Options with { BiasConstraint = value }; }

    /// <summary>While training, the share of input features set to zero, the same ones at every time.</summary>
    public float Dropout { get => Options.Dropout; init => Options = Options with { Dropout = value }; }

    /// <summary>While training, the share of hidden state features set to zero before the recurrent kernel, the same ones at every time.</summary>
    public float RecurrentDropout { get => Options.RecurrentDropout; init => Options = Options with { RecurrentDropout = value }; }

    /// <summary>Its own seed for dropout; the trainer's if none is given.</summary>
    public int? Seed { get => Options.Seed; init => Options = Options with { Seed = value }; }

    private protected GateOptions Options { get; set; }
}
