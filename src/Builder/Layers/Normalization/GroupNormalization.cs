namespace OnnxFunctional.Layers;

/// <summary>
/// Normalizes each group of channels of each sample to mean 0 and variance 1, then scales and shifts it:
/// <c>y = gamma (x - mean) / sqrt(variance + epsilon) + beta</c> (Wu and He 2018).
/// </summary>
/// <remarks>
/// <para>Input and output: (batch, ..., channels). Weights: gamma, beta, each (channels).</para>
/// <para>Keras: https://keras.io/api/layers/normalization_layers/group_normalization/</para>
/// </remarks>
/// <param name="groups">The number of groups; -1 makes one group per channel, which is instance normalization.</param>
/// <param name="axis">The axis of the channels.</param>
/// <param name="epsilon">Added to the variance.</param>
/// <param name="center">Whether beta is added.</param>
/// <param name="scale">Whether the result is multiplied by gamma.</param>
/// <param name="betaInitializer">Initializer of beta; zeros by default.</param>
/// <param name="gammaInitializer">Initializer of gamma; ones by default.</param>
/// <param name="betaRegularizer">A penalty on beta.</param>
/// <param name="gammaRegularizer">A penalty on gamma.</param>
/// <param name="betaConstraint">A constraint applied to beta after each step.</param>
/// <param name="gammaConstraint">A constraint applied to gamma after each step.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The number of groups is neither positive nor -1.</exception>
public sealed class GroupNormalization(
    int groups = 32,
    int axis = -1,
    double epsilon = 1e-3,
    bool center = true,
    bool scale = true,
    Initializer? betaInitializer = null,
    Initializer? gammaInitializer = null,
    Regularizer? betaRegularizer = null,
    Regularizer? gammaRegularizer = null,
    Constraint? betaConstraint = null,
    Constraint? gammaConstraint = null,
    string? name = null)
    : AffineNormalization(betaInitializer, gammaInitializer, betaRegularizer, gammaRegularizer, betaConstraint, gammaConstraint, name)
{
    /// <summary>The number of groups; -1 makes one group per channel.</summary>
    public int Groups { get; } = groups == -1 || groups > 0
        ? groups
        : throw Check.Option("GroupNormalization", nameof(groups), Check.Text(groups), "a positive integer, or -1 for one group per channel");

    /// <summary>The axis of the channels.</summary>
    public int Axis { get; } = axis;

    /// <summary>Added to the variance.</summary>
    public double Epsilon { get; } = Check.NotNegative(epsilon, nameof(GroupNormalization), nameof(epsilon));

    /// <summary>Whether beta is added.</summary>
    public bool Center { get; } = center;

    /// <summary>Whether the result is multiplied by gamma.</summary>
    public bool Scale { get; } = scale;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        Check.MinimumRank(x, 2, "(batch, ..., channels)");
        var axis = Operators.ShapeRules.Axis(Axis, x.Rank, "GroupNormalization");
        var channels = Check.Known(x, axis, "the number of channels");
        var groups = Groups == -1 ? channels : Groups;
        if (groups > channels || channels % groups != 0)
            throw new ModelException($"{channels} channels (axis {axis} of {x.Shape}) cannot be split into {groups} groups; "
                + $"choose a divisor of {channels}, or -1 for one group per channel.");
        var gamma = Scale ? Gamma(Shape.Of(channels)) : null;
        var beta = Center ? Beta(Shape.Of(channels)) : null;

        // Channels last, then (batch, ..., groups, channels / groups): every axis in front keeps its place, so unknown sizes stay unknown.
        int[] last = [.. Enumerable.Range(0, x.Rank).Where(i => i != axis), axis];
        var moved = axis == x.Rank - 1 ? x : Ops.Transpose(x, last);
        var kept = new int[x.Rank - 1];
        var split = Ops.Reshape(moved, [.. kept, groups, channels / groups]);
        var axes = Axes.Create([.. Enumerable.Range(1, x.Rank - 2), x.Rank]);
        var centered = split - Ops.Mean(split, axes, keepdims: true);
        var normal = centered / Ops.Sqrt(Ops.Mean(Ops.Square(centered), axes, keepdims: true) + Epsilon);
        var y = Ops.Reshape(normal, [.. kept, channels]);
        if (gamma is not null) y *= gamma;
        if (beta is not null) y += beta;
        return axis == x.Rank - 1 ? y : Ops.Make(Operators.Transpose.Inverse([.. last]), y);
    }
}
