namespace OnnxFunctional;

/// <summary>What a layer call carries beside its tensors: Keras' keyword arguments. Files record it and give it back.</summary>
internal sealed record CallOptions
{
    public static CallOptions None { get; } = new();

    /// <summary>A mask given outright instead of the one that travels with the first tensor.</summary>
    public SymbolicTensor? Mask { get; init; }

    /// <summary>Attention: which key positions each query may see, (batch, queries, keys) or with a head axis.</summary>
    public SymbolicTensor? AttentionMask { get; init; }

    /// <summary>Attention: which query positions count.</summary>
    public SymbolicTensor? QueryMask { get; init; }

    /// <summary>Attention: which value positions count.</summary>
    public SymbolicTensor? ValueMask { get; init; }

    /// <summary>Attention: which key positions count.</summary>
    public SymbolicTensor? KeyMask { get; init; }

    /// <summary>Attention: a query sees no later key.</summary>
    public bool UseCausalMask { get; init; }

    /// <summary>Attention: the weights are a second output.</summary>
    public bool ReturnAttentionScores { get; init; }

    /// <summary>Recurrent layers: the last states are outputs even if the layer was not set up so.</summary>
    public bool ReturnState { get; init; }

    /// <summary>Recurrent layers: the outputs of a layer that goes backwards stand at their own times instead of in the order they were computed.</summary>
    public bool OwnTimes { get; init; }

    /// <summary>Whether the call always computes as in training, or always as otherwise; nothing where it depends on what is done with the model.</summary>
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

    /// <summary>The tensors among the options, which are inputs of the call as any other.</summary>
    public IEnumerable<SymbolicTensor> Tensors =>
        new[] { Mask, AttentionMask, QueryMask, ValueMask, KeyMask }.OfType<SymbolicTensor>();
}
