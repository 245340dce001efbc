using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>How a query is compared with a key.</summary>
public enum ScoreMode
{
    /// <summary>By their product: <c>q k</c>.</summary>
    Dot,

    /// <summary>By <c>sum(tanh(q + k))</c>, with a learned factor.</summary>
    Concat,
}

/// <summary>Attention by products (Luong et al. 2015): <c>y = softmax(scale q k^T) v</c>; the scores are not divided by a root.</summary>
/// <remarks>
/// <para>Inputs: query (batch, queries, d), value (batch, keys, e), key (batch, keys, d), by default the value. Output: (batch, queries, e).</para>
/// <para>Weights: scale () with UseScale, concat_score_weight () with ScoreMode.Concat.</para>
/// <para>Keras: https://keras.io/api/layers/attention_layers/attention/</para>
/// </remarks>
/// <param name="useScale">Whether the scores are multiplied by a learned factor.</param>
/// <param name="scoreMode">How a query is compared with a key.</param>
/// <param name="dropout">The fraction of attention weights set to zero in training, from 0 to 1.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class Attention(bool useScale = false, ScoreMode scoreMode = ScoreMode.Dot, double dropout = 0, int? seed = null, string? name = null)
    : LuongAttention(dropout, seed, name)
{
    /// <summary>Whether the scores are multiplied by a learned factor.</summary>
    public bool UseScale { get; } = useScale;

    /// <summary>How a query is compared with a key.</summary>
    public ScoreMode ScoreMode { get; } = scoreMode;

    private protected override SymbolicTensor Scores(SymbolicTensor query, SymbolicTensor key)
    {
        var scale = UseScale ? Weight("scale", [], Initializer.Ones) : null;
        if (ScoreMode == ScoreMode.Dot)
        {
            var product = Ops.Make(new Operators.MatMul(TransposeRight: true), query, key);
            return scale is null ? product : product * scale;
        }

        var weight = Weight("concat_score_weight", [], Initializer.Ones);
        var pairs = Ops.ExpandDims(query, -2) + Ops.ExpandDims(key, -3);
        return weight * Ops.Sum(Ops.Tanh(scale is null ? pairs : pairs * scale), -1);
    }
}

/// <summary>Attention by a learned sum (Bahdanau et al. 2015): <c>y = softmax(sum(scale tanh(q + k))) v</c>.</summary>
/// <remarks>
/// <para>
/// Inputs: query (batch, queries, d), value (batch, keys, e), key (batch, keys, d), by default the value. Output: (batch, queries, e). Weights: scale (d) with
/// UseScale.
/// </para>
/// <para>Keras: https://keras.io/api/layers/attention_layers/additive_attention/</para>
/// </remarks>
/// <param name="useScale">Whether the features are weighted before they are summed.</param>
/// <param name="dropout">The fraction of attention weights set to zero in training, from 0 to 1.</param>
/// <param name="seed">The seed of its random numbers; by default the trainer's.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class AdditiveAttention(bool useScale = true, double dropout = 0, int? seed = null, string? name = null)
    : LuongAttention(dropout, seed, name)
{
    /// <summary>Whether the features are weighted before they are summed.</summary>
    public bool UseScale { get; } = useScale;

    private protected override SymbolicTensor Scores(SymbolicTensor query, SymbolicTensor key)
    {
        var pairs = Ops.Tanh(Ops.ExpandDims(query, -2) + Ops.ExpandDims(key, -3));
        return Ops.Sum(UseScale ? pairs * Weight("scale", [query.Shape[^1]], Initializer.GlorotUniform) : pairs, -1);
    }
}

/// <summary>The base of Attention and AdditiveAttention: scores, their softmax, the weighted mean of the values.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class LuongAttention : AttentionLayer
{
    // What Keras subtracts from masked scores: far below any other score, but finite.
    private const float Hidden = 1e9f;

    private protected LuongAttention(double dropout, int? seed, string? name)
        : base(dropout, seed, name)
    {
    }

    /// <summary>The score of each pair of query and key: (batch, queries, keys).</summary>
    private protected abstract SymbolicTensor Scores(SymbolicTensor query, SymbolicTensor key);

    private protected sealed override (SymbolicTensor Output, SymbolicTensor Weights) Attend(
        SymbolicTensor query,
        SymbolicTensor value,
        SymbolicTensor key,
        CallOptions options)
    {
        if (query.Shape.Dim(-1) is var q && key.Shape.Dim(-1) is var k && q != k && q != Shape.Unknown && k != Shape.Unknown)
            throw new ModelException($"compares queries and keys feature by feature, but got {q} features in the query {query.Shape} and {k} in the key "
                + $"{key.Shape}. A Dense layer changes the number of features.");
        var scores = Scores(query, key);
        SymbolicTensor? seen = value.Mask is null ? null : Ops.ExpandDims(value.Mask, -2);
        if (options.UseCausalMask) seen = seen is null ? Causal(query, key) : Ops.LogicalAnd(seen, Causal(query, key));
        if (options.AttentionMask is { } given) seen = seen is null ? given : Ops.LogicalAnd(seen, given);
        if (seen is not null) scores = Ops.Where(seen, scores, scores - Hidden);
        var weights = Ops.Softmax(scores);
        var output = Ops.MatMul(Dropped(weights), value);
        if (query.Mask is not null) output = Ops.Where(Ops.ExpandDims(query.Mask, -1), output, 0);
        return (output, weights);
    }
}
