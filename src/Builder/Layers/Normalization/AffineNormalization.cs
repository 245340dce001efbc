using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>What GroupNormalization and LayerNormalization share: how gamma, which scales, and beta, which shifts, begin and what holds them.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class AffineNormalization : ElementwiseLayer
{
    private protected AffineNormalization(string? name)
        : base(name)
    {
    }

    /// <summary>First values of beta.</summary>
    public Initializer BetaInitializer { get; init; } = Initializer.Zeros;

    /// <summary>First values of gamma.</summary>
    public Initializer GammaInitializer { get; init; } = Initializer.Ones;

    /// <summary>A penalty on beta.</summary>
    public Regularizer? BetaRegularizer { get; init; }

    /// <summary>A penalty on gamma.</summary>
    public Regularizer? GammaRegularizer { get; init; }

    /// <summary>A rule beta follows after each step.</summary>
    public Constraint? BetaConstraint { get; init; }

    /// <summary>A rule gamma follows after each step.</summary>
    public Constraint? GammaConstraint { get; init; }

    private protected SymbolicTensor Gamma(Shape shape) => Weight("gamma", shape, GammaInitializer, regularizer: GammaRegularizer, constraint: GammaConstraint);

    private protected SymbolicTensor Beta(Shape shape) => Weight("beta", shape, BetaInitializer, regularizer: BetaRegularizer, constraint: BetaConstraint);
}
