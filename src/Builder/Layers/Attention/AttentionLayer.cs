using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>The base of the attention layers: queries look up values by keys.</summary>
/// <remarks>
/// <para>Masks travel with the tensors: masked positions of value and key are ignored.</para>
/// <para>Keras: https://keras.io/api/layers/attention_layers/</para>
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class AttentionLayer : Layer
{
    private protected AttentionLayer(double dropout, int? seed, string? name)
        : base(name)
    {
        Dropout = Check.Rate(dropout, GetType().Name, nameof(dropout));
        Seed = seed;
    }

    /// <summary>The fraction of attention weights set to zero in training.</summary>
    public double Dropout { get; }

    /// <summary>The seed for dropout; by default the trainer's.</summary>
    public int? Seed { get; }

    /// <summary>Calls the layer; a call on a single tensor is self-attention.</summary>
    /// <param name="query">(batch, queries, features).</param>
    /// <param name="value">(batch, keys, features).</param>
    /// <param name="key">(batch, keys, features); the value by default.</param>
    /// <param name="attentionMask">Which keys each query may attend to: (batch, queries, keys), or with a head axis after the batch.</param>
    /// <param name="useCausalMask">Whether a query is kept from attending to later keys.</param>
    /// <exception cref="ModelException">The tensors do not fit together.</exception>
    public SymbolicTensor Call(
        SymbolicTensor query,
        SymbolicTensor value,
        SymbolicTensor? key = null,
        SymbolicTensor? attentionMask = null,
        bool useCausalMask = false) =>
        CallAll(Inputs(query, value, key), new CallOptions { AttentionMask = attentionMask, UseCausalMask = useCausalMask })[0];

    /// <summary>
    /// Calls the layer and returns its output and the attention weights: <c>var (output, weights) = attention.CallWithScores(query, value)</c>.
    /// </summary>
    /// <param name="query">(batch, queries, features).</param>
    /// <param name="value">(batch, keys, features).</param>
    /// <param name="key">(batch, keys, features); the value by default.</param>
    /// <param name="attentionMask">Which keys each query may attend to.</param>
    /// <param name="useCausalMask">Whether a query is kept from attending to later keys.</param>
    /// <exception cref="ModelException">The tensors do not fit together.</exception>
    public SymbolicTensors CallWithScores(
        SymbolicTensor query,
        SymbolicTensor value,
        SymbolicTensor? key = null,
        SymbolicTensor? attentionMask = null,
        bool useCausalMask = false) =>
        CallAll(Inputs(query, value, key), new CallOptions { AttentionMask = attentionMask, UseCausalMask = useCausalMask, ReturnAttentionScores = true });

    internal sealed override SymbolicTensors CallAll(SymbolicTensors inputs, CallOptions options) =>
        base.CallAll(inputs.Count == 1 ? [inputs[0], inputs[0]] : inputs, options);

    /// <inheritdoc/>
    protected sealed override SymbolicTensor Forward(SymbolicTensor x) => Attend(x, x, x, CallOptions.None).Output;

    private protected sealed override SymbolicTensors ForwardAll(SymbolicTensors inputs, CallOptions options)
    {
        if (inputs.Count > 3) throw new ModelException($"takes query, value and key, but got {inputs.Count} tensors.");
        var (query, value) = (inputs[0], inputs[1]);
        var key = inputs.Count == 3 ? inputs[2] : value;
        foreach (var tensor in inputs) Check.MinimumRank(tensor, 3, "(batch, positions, features)");
        if (key.Shape.Dim(1) is var keys && value.Shape.Dim(1) is var values && keys != values && keys != Shape.Unknown && values != Shape.Unknown)
            throw new ModelException(
                $"expected as many values as keys, but got {keys} keys in {key.Shape} and {values} values in {value.Shape}. The order is query, value, key.");
        if (options.QueryMask is not null) query = query.WithMask(options.QueryMask);
        if (options.ValueMask is not null) value = value.WithMask(options.ValueMask);

        // Without a key, the value's mask is the key's too.
        key = options.KeyMask is not null ? key.WithMask(options.KeyMask) : inputs.Count == 3 ? key : key.WithMask(null);
        var (output, weights) = Attend(query, value, key, options);
        if (query.Mask is not null) output = output.WithMask(query.Mask);
        return options.ReturnAttentionScores ? [output, weights] : output;
    }

    private protected abstract (SymbolicTensor Output, SymbolicTensor Weights) Attend(
        SymbolicTensor query,
        SymbolicTensor value,
        SymbolicTensor key,
        CallOptions options);

    private protected SymbolicTensor Dropped(SymbolicTensor weights) =>
        Dropout == 0 ? weights : Ops.WhenTraining(Ops.Make(new Operators.Dropout(new Operators.RandomStream(Seed), (float)Dropout, []), weights), weights);

    /// <summary>True where a key is not later than the query: (queries, keys).</summary>
    private protected static SymbolicTensor Causal(SymbolicTensor query, SymbolicTensor key) => Ops.GreaterEqual(Positions(query, 1), Positions(key, 0));

    /// <summary>True where a key is less than <paramref name="window"/> positions from the query: (queries, keys).</summary>
    private protected static SymbolicTensor Near(SymbolicTensor query, SymbolicTensor key, int window)
    {
        var (rows, columns) = (Positions(query, 1), Positions(key, 0));
        return Ops.LogicalAnd(Ops.Greater(columns + window, rows), Ops.Greater(rows + window, columns));
    }

    private static SymbolicTensors Inputs(SymbolicTensor query, SymbolicTensor value, SymbolicTensor? key) =>
        key is null ? [query, value] : [query, value, key];

    private static SymbolicTensor Positions(SymbolicTensor x, int axis) => Ops.ExpandDims(Ops.Make(new Operators.Positions(1), x), axis);
}
