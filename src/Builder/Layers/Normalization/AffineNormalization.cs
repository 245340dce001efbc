using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>
/// The base of GroupNormalization and LayerNormalization: initializers, regularizers and constraints of gamma (the scale) and beta (the shift).
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class AffineNormalization : ElementwiseLayer
{
    private protected AffineNormalization(string? name)
        : base(name)
    {
    }

    /// <summary>Initializer of beta.</summary>
    public Initializer BetaInitializer { get; init; } = Initializer.Zeros;

    /// <summary>Initializer of gamma.</summary>
    public Initializer GammaInitializer { get; init; } = Initializer.Ones;

    /// <summary>A penalty on beta.</summary>
    public Regularizer? BetaRegularizer { get; init; }

    /// <summary>A penalty on gamma.</summary>
    public Regularizer? GammaRegularizer { get; init; }

    /// <summary>A constraint applied to beta after each step.</summary>
    public Constraint? BetaConstraint { get; init; }

    /// <summary>A constraint applied to gamma after each step.</summary>
    public Constraint? GammaConstraint { get; init; }

    private protected SymbolicTensor Gamma(Shape shape) => Weight("gamma", shape, GammaInitializer, regularizer: GammaRegularizer, constraint: GammaConstraint);

    private protected SymbolicTensor Beta(Shape shape) => Weight("beta", shape, BetaInitializer, regularizer: BetaRegularizer, constraint: BetaConstraint);
}
