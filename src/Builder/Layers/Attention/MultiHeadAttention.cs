namespace OnnxFunctional.Layers;

/// <summary>
/// Attention in several parallel heads (Vaswani et al. 2017): <c>y = concat(softmax(q_h k_h^T / sqrt(keyDim)) v_h) W</c>, with <c>q_h, k_h, v_h</c> projections
/// of query, key and value.
/// </summary>
/// <remarks>
/// <para>
/// Inputs: query (batch, queries, d), value and key (batch, keys, e). Output: (batch, queries, d), or outputShape at the end. One tensor alone attends to
/// itself.
/// </para>
/// <para>
/// The masks of query, value and key travel with them or are given. A query that may attend to no key, such as a padded one, attends to all alike; with
/// Dropout, scores as an output or more than three dimensions it attends to none.
/// </para>
/// <para>
/// Weights: query/kernel (d, heads, keyDim), query/bias (heads, keyDim), the same for key, and for value with valueDim, attention_output/kernel (heads,
/// valueDim, d), attention_output/bias (d).
/// </para>
/// <para>Keras: https://keras.io/api/layers/attention_layers/multi_head_attention/</para>
/// </remarks>
/// <param name="numHeads">The number of heads.</param>
/// <param name="keyDim">Features of query and key in each head.</param>
/// <param name="valueDim">Features of the value in each head; keyDim by default.</param>
/// <param name="dropout">The fraction of attention weights set to zero in training, from 0 to 1.</param>
/// <param name="useBias">Whether the projections have biases.</param>
/// <param name="outputShape">The dimensions that replace the query's last one; the query's own by default.</param>
/// <param name="attentionAxes">
/// The axes over which attention is computed, if the query has more than three dimensions; all but the batch and the features by default.
/// </param>
/// <param name="slidingWindow">A query attends only to keys fewer than this many positions away; to all by default.</param>
/// <param name="kernelInitializer">Initializer of the kernels; Glorot uniform by default.</param>
/// <param name="biasInitializer">Initializer of the biases; zeros by default.</param>
/// <param name="kernelRegularizer">A penalty on the kernels.</param>
/// <param name="biasRegularizer">A penalty on the biases.</param>
/// <param name="activityRegularizer">A penalty on the output of each projection.</param>
/// <param name="kernelConstraint">A constraint applied to the kernels after each step.</param>
/// <param name="biasConstraint">A constraint applied to the biases after each step.</param>
/// <param name="useGate">Whether the result is multiplied by a gate computed from the query before the last projection.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size is not positive.</exception>
/// <example><code>
/// var x = Model.Input([20, 64]);
/// var attended = new MultiHeadAttention(numHeads: 8, keyDim: 8).Call(x, x);                         // (None, 20, 64)
/// </code></example>
public sealed class MultiHeadAttention(
    int numHeads,
    int keyDim,
    int? valueDim = null,
    double dropout = 0,
    bool useBias = true,
    IntValues? outputShape = null,
    IntValues? attentionAxes = null,
    int? slidingWindow = null,
    Initializer? kernelInitializer = null,
    Initializer? biasInitializer = null,
    Regularizer? kernelRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? kernelConstraint = null,
    Constraint? biasConstraint = null,
    bool useGate = false,
    int? seed = null,
    string? name = null)
    : ProjectedAttention(
        dropout,
        useBias,
        slidingWindow,
        kernelInitializer,
        biasInitializer,
        kernelRegularizer,
        biasRegularizer,
        activityRegularizer,
        kernelConstraint,
        biasConstraint,
        useGate,
        seed,
        name)
{
    /// <summary>The number of heads.</summary>
    public int NumHeads { get; } = Check.Positive(numHeads, "MultiHeadAttention", nameof(numHeads));

    /// <summary>Features of query and key in each head.</summary>
    public int KeyDim { get; } = Check.Positive(keyDim, "MultiHeadAttention", nameof(keyDim));

    /// <summary>Features of the value in each head.</summary>
    public int ValueDim { get; } = Check.Positive(valueDim ?? keyDim, "MultiHeadAttention", nameof(valueDim));

    /// <summary>The dimensions that replace the query's last one; the query's own by default.</summary>
    public IntValues? OutputShape { get; } = outputShape;

    /// <summary>
    /// The axes over which attention is computed, if the query has more than three dimensions; all but the batch and the features by default.
    /// </summary>
    public IntValues? AttentionAxes { get; } = attentionAxes;

    private protected override (SymbolicTensor Output, SymbolicTensor Weights) Attend(
        SymbolicTensor query,
        SymbolicTensor value,
        SymbolicTensor key,
        CallOptions options)
    {
        if (query.Rank != value.Rank || key.Rank != value.Rank)
            throw new ModelException($"takes query, value and key of the same number of dimensions, but got {query.Shape}, {value.Shape} and {key.Shape}.");
        var given = AttentionAxes ?? [.. Enumerable.Range(1, query.Rank - 2)];
        int[] axes = [.. given.Select(axis => Operators.ShapeRules.Axis(axis, query.Rank, "MultiHeadAttention, attentionAxes"))];
        if (axes.Any(axis => axis == 0 || axis == query.Rank - 1))
            throw new ModelException($"attentionAxes names the batch or the features of {query.Shape}; expected axes from 1 to {query.Rank - 2}.");
        var features = Check.Known(query, -1, "the number of features");
        var q = Project("query", query, 1, [NumHeads, KeyDim]);
        var k = Project("key", key, 1, [NumHeads, KeyDim]);
        var gate = UseGate ? Project("gate", query, 1, [NumHeads, ValueDim], Activation.Sigmoid) : null;
        var v = Project("value", value, 1, [NumHeads, ValueDim]);

        // Letters: attention axes have separate ones for queries and keys; the batch, other axes and the heads share theirs; x is summed over.
        var (target, source) = (new char[query.Rank], new char[query.Rank]);
        for (var i = 0; i < query.Rank - 1; i++)
        {
            target[i] = (char)('a' + i);
            source[i] = axes.Contains(i) ? (char)('A' + i) : target[i];
        }

        target[^1] = source[^1] = 'h';
        var (queries, keys) = (new string(target), new string(source));
        var shared = string.Concat(queries.Where(keys.Contains));
        var pairs = shared + string.Concat(axes.Select(axis => target[axis])) + string.Concat(axes.Select(axis => source[axis]));
        var scores = Ops.Einsum($"{queries}x,{keys}x->{pairs}", q * (1 / MathF.Sqrt(KeyDim)), k);

        var softmax = Axes.Create([.. Enumerable.Range(pairs.Length - axes.Length, axes.Length)]);
        var weights = Attended(query, scores, softmax, Seen(query, value, key, options, pairs.Length, axes.Length), options);
        var heads = Ops.Einsum($"{pairs},{keys}y->{queries}y", Dropped(weights), v);
        if (gate is not null) heads *= gate;
        var output = Project("attention_output", heads, 2, [.. OutputShape ?? features]);
        return (output, weights);
    }
}
