using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>The base of Dense and EinsumDense: initializers, regularizers and constraints of kernel and bias.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class KernelLayer : Layer
{
    private protected KernelLayer(
        Initializer? kernelInitializer,
        Initializer? biasInitializer,
        Regularizer? kernelRegularizer,
        Regularizer? biasRegularizer,
        Regularizer? activityRegularizer,
        Constraint? kernelConstraint,
        Constraint? biasConstraint,
        int? loraRank,
        double? loraAlpha,
        string? name)
        : base(name)
    {
        UseLora(loraRank, loraAlpha);
        KernelInitializer = kernelInitializer ?? Initializer.GlorotUniform;
        BiasInitializer = biasInitializer ?? Initializer.Zeros;
        KernelRegularizer = kernelRegularizer;
        BiasRegularizer = biasRegularizer;
        ActivityRegularizer = activityRegularizer;
        KernelConstraint = kernelConstraint;
        BiasConstraint = biasConstraint;
    }

    /// <summary>Initializer of the kernel.</summary>
    public Initializer KernelInitializer { get; }

    /// <summary>Initializer of the bias.</summary>
    public Initializer BiasInitializer { get; }

    /// <summary>A penalty on the kernel.</summary>
    public Regularizer? KernelRegularizer { get; }

    /// <summary>A penalty on the bias.</summary>
    public Regularizer? BiasRegularizer { get; }

    /// <summary>A penalty on the output.</summary>
    public Regularizer? ActivityRegularizer { get; }

    /// <summary>A constraint applied to the kernel after each step.</summary>
    public Constraint? KernelConstraint { get; }

    /// <summary>A constraint applied to the bias after each step.</summary>
    public Constraint? BiasConstraint { get; }

    /// <summary>The rank of the adapter that is trained beside the kernel; null without. See <see cref="LayerBase.EnableLora"/>.</summary>
    public int? LoraRank => Lora?.Rank;

    /// <summary>The factor on the adapter is this by the rank; null for the rank.</summary>
    public double? LoraAlpha => Lora?.Alpha;

    private protected SymbolicTensor Kernel(Shape shape, Initializer? initializer = null) =>
        AdaptableWeight("kernel", shape, initializer ?? KernelInitializer, KernelRegularizer, KernelConstraint);

    private protected SymbolicTensor Bias(Shape shape) => Weight("bias", shape, BiasInitializer, regularizer: BiasRegularizer, constraint: BiasConstraint);

    /// <summary>The output, with the penalty on it added to the loss.</summary>
    private protected SymbolicTensor Penalized(SymbolicTensor output)
    {
        if (ActivityRegularizer is not null) AddLoss(ActivityRegularizer.PerSample(output));
        return output;
    }
}
