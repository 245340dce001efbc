namespace OnnxFunctional;

/// <summary>The options of a layer call: Keras' keyword arguments. Files store and restore them.</summary>
internal sealed record CallOptions
{
    public static CallOptions None { get; } = new();

    /// <summary>An explicit mask that replaces the mask of the first tensor.</summary>
    public SymbolicTensor? Mask { get; init; }

    /// <summary>Attention: which key positions each query may attend to, (batch, queries, keys) or with a head axis.</summary>
    public SymbolicTensor? AttentionMask { get; init; }

    /// <summary>Attention: which query positions are valid.</summary>
    public SymbolicTensor? QueryMask { get; init; }

    /// <summary>Attention: which value positions are valid.</summary>
    public SymbolicTensor? ValueMask { get; init; }

    /// <summary>Attention: which key positions are valid.</summary>
    public SymbolicTensor? KeyMask { get; init; }

    /// <summary>Attention: a query does not attend to later keys.</summary>
    public bool UseCausalMask { get; init; }

    /// <summary>Attention: the attention weights are a second output.</summary>
    public bool ReturnAttentionScores { get; init; }

    /// <summary>Recurrent layers: the last states are outputs even if the layer's own option does not ask for them.</summary>
    public bool ReturnState { get; init; }

    /// <summary>Recurrent layers that run backwards: outputs are ordered by their time step, not in the order in which they were computed.</summary>
    public bool OwnTimes { get; init; }

    /// <summary>ReversibleEmbedding: from vectors to a score per index.</summary>
    public bool Reverse { get; init; }

    /// <summary>True to compute always as in training, false to compute always as in inference; null to follow the use of the model.</summary>
    public bool? Training { get; init; }

    /// <summary>The same options with other tensors.</summary>
    public CallOptions Moved(Func<SymbolicTensor, SymbolicTensor> move) => this with
    {
        Mask = Mask is null ? null : move(Mask),
        AttentionMask = AttentionMask is null ? null : move(AttentionMask),
        QueryMask = QueryMask is null ? null : move(QueryMask),
        ValueMask = ValueMask is null ? null : move(ValueMask),
        KeyMask = KeyMask is null ? null : move(KeyMask),
    };

    /// <summary>The tensors among the options, which are also inputs of the call.</summary>
    public IEnumerable<SymbolicTensor> Tensors =>
        new[] { Mask, AttentionMask, QueryMask, ValueMask, KeyMask }.OfType<SymbolicTensor>();
}
