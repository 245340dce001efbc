using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>The base of MultiHeadAttention and GroupQueryAttention: projections of query, key and value into heads, and back.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class ProjectedAttention : AttentionLayer
{
    private protected ProjectedAttention(
        double dropout,
        bool useBias,
        int? slidingWindow,
        Initializer? kernelInitializer,
        Initializer? biasInitializer,
        Regularizer? kernelRegularizer,
        Regularizer? biasRegularizer,
        Regularizer? activityRegularizer,
        Constraint? kernelConstraint,
        Constraint? biasConstraint,
        bool useGate,
        int? seed,
        string? name)
        : base(dropout, seed, name)
    {
        UseBias = useBias;
        UseGate = useGate;
        SlidingWindow = slidingWindow is { } window ? Check.Positive(window, GetType().Name, nameof(slidingWindow)) : null;
        KernelInitializer = kernelInitializer ?? Initializer.GlorotUniform;
        BiasInitializer = biasInitializer ?? Initializer.Zeros;
        KernelRegularizer = kernelRegularizer;
        BiasRegularizer = biasRegularizer;
        ActivityRegularizer = activityRegularizer;
        KernelConstraint = kernelConstraint;
        BiasConstraint = biasConstraint;
    }

    /// <summary>Whether the projections have biases.</summary>
    public bool UseBias { get; }

    /// <summary>Whether the result is multiplied by a gate computed from the query before the last projection.</summary>
    public bool UseGate { get; }

    /// <summary>A query attends only to keys fewer than this many positions away; to all by default.</summary>
    public int? SlidingWindow { get; }

    /// <summary>Initializer of the kernels.</summary>
    public Initializer KernelInitializer { get; }

    /// <summary>Initializer of the biases.</summary>
    public Initializer BiasInitializer { get; }

    /// <summary>A penalty on the kernels.</summary>
    public Regularizer? KernelRegularizer { get; }

    /// <summary>A penalty on the biases.</summary>
    public Regularizer? BiasRegularizer { get; }

    /// <summary>A penalty on the output of each projection.</summary>
    public Regularizer? ActivityRegularizer { get; }

    /// <summary>A constraint applied to the kernels after each step.</summary>
    public Constraint? KernelConstraint { get; }

    /// <summary>A constraint applied to the biases after each step.</summary>
    public Constraint? BiasConstraint { get; }

    /// <summary>The projections, made at the first call, by name.</summary>
    private readonly Dictionary<string, EinsumDense> _projections = [];

    /// <summary>A projection of the last <paramref name="bound"/> axes to new ones, by an inner layer.</summary>
    private protected SymbolicTensor Project(string name, SymbolicTensor x, int bound, int[] to, Activation? activation = null)
    {
        if (!_projections.TryGetValue(name, out var layer))
        {
            const string Alphabet = "abcdefghijklmnopqrstuvwxyz";
            var free = x.Rank - bound;
            var (input, output) = (Alphabet[..x.Rank], Alphabet.Substring(x.Rank, to.Length));
            var shape = new int[free - 1 + to.Length];
            Array.Fill(shape, Shape.Unknown, 0, free - 1);
            to.CopyTo(shape, free - 1);
            layer = new EinsumDense(
                $"{input},{input[free..]}{output}->{input[..free]}{output}",
                Shape.Of(shape),
                activation,
                UseBias ? output : null,
                KernelInitializer,
                BiasInitializer,
                KernelRegularizer,
                BiasRegularizer,
                ActivityRegularizer,
                KernelConstraint,
                BiasConstraint,
                name: name);
            _projections.Add(name, layer);
        }

        return layer.Call(x.WithMask(null));
    }

    /// <summary>Which keys each query may attend to, from all masks together, with the axes of the heads in front.</summary>
    private protected SymbolicTensor? Seen(
        SymbolicTensor query,
        SymbolicTensor value,
        SymbolicTensor key,
        CallOptions options,
        int scoreRank,
        int attentionAxes)
    {
        var given = options.AttentionMask;
        if (given is not null && given.DType != DType.Bool) given = Ops.Cast(given, DType.Bool);
        SymbolicTensor?[] masks =
        [
            given,
            query.Mask is null ? null : Ops.ExpandDims(query.Mask, -1),
            value.Mask is null ? null : Ops.ExpandDims(value.Mask, -2),
            key.Mask is null ? null : Ops.ExpandDims(key.Mask, -2),
            options.UseCausalMask ? Causal(query, value) : null,
            SlidingWindow is { } window ? Near(query, value, window) : null,
        ];
        var present = masks.OfType<SymbolicTensor>().ToList();
        if (present.Count == 0) return null;
        if (given is not null) CheckMask(given, query, value, attentionAxes);
        if (given is { } heads && heads.Rank == scoreRank)
            present = [heads, .. present.Skip(1).Select(mask => mask.Rank > 2 ? Ops.ExpandDims(mask, 1) : mask)];
        var seen = present.Aggregate(Ops.LogicalAnd);

        // The heads are between the batch and the positions; a mask without a batch is broadcast from the right.
        return seen.Rank == scoreRank || seen.Rank <= 2 * attentionAxes
            ? seen
            : Ops.ExpandDims(seen, Axes.Create([.. Enumerable.Range(seen.Rank - (2 * attentionAxes), scoreRank - seen.Rank)]));
    }

    /// <summary>How much each query attends to each key: the softmax of the scores over the keys that it may attend to.</summary>
    /// <remarks>
    /// A query that may attend to no key, such as a padded one, attends to all keys alike in Keras' fused computation, and to none in the other, which Keras
    /// chooses for dropout, scores as an output, and more than three dimensions.
    /// </remarks>
    private protected SymbolicTensor Attended(SymbolicTensor query, SymbolicTensor scores, Axes axes, SymbolicTensor? seen, CallOptions options) =>
        Softmax.Masked(scores, axes, seen, zeros: Dropout > 0 || options.ReturnAttentionScores || query.Rank != 3);

    private static void CheckMask(SymbolicTensor mask, SymbolicTensor query, SymbolicTensor value, int attentionAxes)
    {
        if (attentionAxes != 1 || query.Rank != 3) return;
        var expected = Shape.Of(query.Shape.Dim(0), query.Shape.Dim(1), value.Shape.Dim(1));
        var fits = mask.Rank is >= 2 and <= 4;
        for (var i = 1; fits && i <= 2; i++)
            fits = mask.Shape.Dim(-i) == 1
                || mask.Shape.Dim(-i) == expected.Dim(-i)
                || mask.Shape.Dim(-i) == Shape.Unknown
                || expected.Dim(-i) == Shape.Unknown;
        if (!fits)
            throw new ModelException(
                $"takes an attention mask of shape {expected}, (batch, queries, keys), or with a head axis after the batch, but got {mask.Shape}.");
    }
}
