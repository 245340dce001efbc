namespace OnnxFunctional.Layers;

/// <summary>
/// Multi-head attention in which several query heads share one head of keys and values (Ainslie et al. 2023):
/// <c>y = concat(softmax(q_h k_g^T / sqrt(headDim)) v_g) W</c>.
/// </summary>
/// <remarks>
/// <para>Inputs: query (batch, queries, d), value and key (batch, keys, e). Output: (batch, queries, d). One tensor alone attends to itself.</para>
/// <para>
/// The masks of query, value and key travel with them or are given. A query that may attend to no key, such as a padded one, attends to all alike; with
/// Dropout, scores as an output it attends to none.
/// </para>
/// <para>
/// Weights: query/kernel (d, numQueryHeads, headDim), query/bias, key/kernel (e, numKeyValueHeads, headDim), key/bias, value/kernel, value/bias,
/// attention_output/kernel (numQueryHeads, headDim, d), attention_output/bias (d).
/// </para>
/// <para>Keras: https://keras.io/api/layers/attention_layers/group_query_attention/</para>
/// </remarks>
/// <param name="headDim">Features of each head.</param>
/// <param name="numQueryHeads">Heads of the query.</param>
/// <param name="numKeyValueHeads">Heads of key and value; a divisor of the query's.</param>
/// <param name="dropout">The fraction of attention weights set to zero in training, from 0 to 1.</param>
/// <param name="useBias">Whether the projections have biases.</param>
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
/// <exception cref="ModelException">A size is not positive, or the heads do not divide.</exception>
public sealed class GroupQueryAttention(
    int headDim,
    int numQueryHeads,
    int numKeyValueHeads,
    double dropout = 0,
    bool useBias = true,
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
    /// <summary>Features of each head.</summary>
    public int HeadDim { get; } = Check.Positive(headDim, "GroupQueryAttention", nameof(headDim));

    /// <summary>Heads of the query.</summary>
    public int NumQueryHeads { get; } = Check.Positive(numQueryHeads, "GroupQueryAttention", nameof(numQueryHeads));

    /// <summary>Heads of key and value.</summary>
    public int NumKeyValueHeads { get; } = numKeyValueHeads > 0 && numQueryHeads % numKeyValueHeads == 0
        ? numKeyValueHeads
        : throw Check.Option("GroupQueryAttention", nameof(numKeyValueHeads), Check.Text(numKeyValueHeads), $"a divisor of numQueryHeads, {numQueryHeads}");

    private protected override (SymbolicTensor Output, SymbolicTensor Weights) Attend(
        SymbolicTensor query,
        SymbolicTensor value,
        SymbolicTensor key,
        CallOptions options)
    {
        foreach (var tensor in new[] { query, value, key }) Check.Rank(tensor, 3, "(batch, positions, features)");
        var features = Check.Known(query, -1, "the number of features");
        var q = Project("query", query, 1, [NumQueryHeads, HeadDim]);
        var k = Project("key", key, 1, [NumKeyValueHeads, HeadDim]);
        var gate = UseGate ? Project("gate", query, 1, [NumQueryHeads, HeadDim], Activation.Sigmoid) : null;
        var v = Project("value", value, 1, [NumKeyValueHeads, HeadDim]);

        // Query heads as (groups, heads of a group): one product per group; keys and values are broadcast over its heads, never copied.
        var repeats = NumQueryHeads / NumKeyValueHeads;
        var grouped = Ops.Reshape(q * (1 / MathF.Sqrt(HeadDim)), 0, 0, NumKeyValueHeads, repeats, HeadDim);
        var scores = Ops.Einsum("bqgrd,bkgd->bgrqk", grouped, k);
        var seen = Seen(query, value, key, options, 4, 1);
        if (seen is { Rank: 4 } && seen.Shape.Dim(1) == 1) seen = Ops.ExpandDims(seen, 1);
        else if (seen is { Rank: 4 }) seen = Ops.Transpose(Ops.Reshape(Ops.Transpose(seen, 0, 2, 3, 1), 0, 0, 0, NumKeyValueHeads, repeats), 0, 3, 4, 1, 2);
        var weights = Attended(query, scores, 4, seen, options);
        var heads = Ops.Reshape(Ops.Einsum("bgrqk,bkgd->bqgrd", Dropped(weights), v), 0, 0, NumQueryHeads, HeadDim);
        if (gate is not null) heads *= gate;
        var output = Project("attention_output", heads, 2, [features]);
        if (options.ReturnAttentionScores) weights = Ops.Transpose(Ops.Reshape(Ops.Transpose(weights, 0, 3, 4, 1, 2), 0, 0, 0, NumQueryHeads), 0, 3, 1, 2);
        return (output, weights);
    }
}
