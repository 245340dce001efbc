using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>
/// The base of GroupNormalization and LayerNormalization: initializers, regularizers and constraints of gamma (the scale) and beta (the shift).
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class AffineNormalization : ElementwiseLayer
{
    private protected AffineNormalization(
        Initializer? betaInitializer,
        Initializer? gammaInitializer,
        Regularizer? betaRegularizer,
        Regularizer? gammaRegularizer,
        Constraint? betaConstraint,
        Constraint? gammaConstraint,
        string? name)
        : base(name)
    {
        BetaInitializer = betaInitializer ?? Initializer.Zeros;
        GammaInitializer = gammaInitializer ?? Initializer.Ones;
        BetaRegularizer = betaRegularizer;
        GammaRegularizer = gammaRegularizer;
        BetaConstraint = betaConstraint;
        GammaConstraint = gammaConstraint;
    }

    /// <summary>Initializer of beta.</summary>
    public Initializer BetaInitializer { get; }

    /// <summary>Initializer of gamma.</summary>
    public Initializer GammaInitializer { get; }

    /// <summary>A penalty on beta.</summary>
    public Regularizer? BetaRegularizer { get; }

    /// <summary>A penalty on gamma.</summary>
    public Regularizer? GammaRegularizer { get; }

    /// <summary>A constraint applied to beta after each step.</summary>
    public Constraint? BetaConstraint { get; }

    /// <summary>A constraint applied to gamma after each step.</summary>
    public Constraint? GammaConstraint { get; }

    private protected SymbolicTensor Gamma(Shape shape) => Weight("gamma", shape, GammaInitializer, regularizer: GammaRegularizer, constraint: GammaConstraint);

    private protected SymbolicTensor Beta(Shape shape) => Weight("beta", shape, BetaInitializer, regularizer: BetaRegularizer, constraint: BetaConstraint);
}
