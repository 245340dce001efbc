namespace OnnxFunctional.Layers;

/// <summary>How the outputs of both directions are combined.</summary>
public enum BidirectionalMerge
{
    /// <summary>Side by side along the features.</summary>
    Concat,

    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>Their product.</summary>
    Mul,

    /// <summary>Their mean.</summary>
    Ave,
}

/// <summary>A recurrent layer and a copy of it that reads the sequence backwards (Schuster and Paliwal 1997).</summary>
/// <remarks>
/// <para>
/// Input: (batch, time, features). Output: (batch, units of both) or (batch, time, units of both); the backward outputs are in order of time. A masked step of
/// a sequence outputs zeros. Masks and initial states go together as in <see cref="RecurrentLayer"/>.
/// </para>
/// <para>Weights: those of the forward layer, then those of the backward one.</para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/bidirectional/</para>
/// </remarks>
/// <example><code>
/// var x = new Bidirectional(new Lstm(32, returnSequences: true)).Call(Model.Input([null, 8]));   // (None, None, 64)
/// </code></example>
public sealed class Bidirectional : Layer
{
    /// <summary>Runs a recurrent layer in both directions.</summary>
    /// <param name="layer">The recurrent layer.</param>
    /// <param name="mergeMode">How the two outputs are combined; <see langword="null"/> returns both.</param>
    /// <param name="backwardLayer">Another layer for the backward direction; a copy of <paramref name="layer"/> by default.</param>
    /// <param name="name">The layer's name; by default the model chooses one.</param>
    /// <exception cref="ModelException">Both layers read in the same direction, or differ in what they return.</exception>
    public Bidirectional(
        RecurrentLayer layer,
        BidirectionalMerge? mergeMode = BidirectionalMerge.Concat,
        RecurrentLayer? backwardLayer = null,
        string? name = null)
        : base(name)
    {
        ArgumentNullException.ThrowIfNull(layer);
        MergeMode = mergeMode;
        Layer = layer.Copy("forward_" + Without(layer.Name, "forward_"), layer.GoBackwards, layer.ReturnSequences);
        BackwardLayer = backwardLayer is null
            ? layer.Copy("backward_" + Without(layer.Name, "backward_"), goBackwards: !layer.GoBackwards, layer.ReturnSequences)
            : backwardLayer.Copy(backwardLayer.Name, backwardLayer.GoBackwards, backwardLayer.ReturnSequences);
        if (Layer.GoBackwards == BackwardLayer.GoBackwards)
            throw Check.Option(
                "Bidirectional",
                nameof(backwardLayer),
                $"going {(Layer.GoBackwards ? "backwards" : "forwards")} as layer does",
                "goBackwards set on exactly one of them");
        if (Layer.ReturnSequences != BackwardLayer.ReturnSequences
            || Layer.ReturnState != BackwardLayer.ReturnState
            || Layer.Stateful != BackwardLayer.Stateful)
            throw Check.Option("Bidirectional", nameof(backwardLayer), "of other options than layer", "the same returnSequences, returnState and stateful");
    }

    /// <summary>How the two outputs are combined.</summary>
    public BidirectionalMerge? MergeMode { get; }

    /// <summary>The forward layer.</summary>
    public RecurrentLayer Layer { get; }

    /// <summary>The backward layer.</summary>
    public RecurrentLayer BackwardLayer { get; }

    /// <summary>Calls the layer with initial states: those of the forward layer, then those of the backward one.</summary>
    /// <param name="x">(batch, time, ...).</param>
    /// <param name="initialState">One tensor per state of each layer.</param>
    /// <param name="mask">Which steps count, a bool tensor (batch, time), such as <c>Ops.NotEqual(ids, 0)</c>; all by default.</param>
    /// <exception cref="ModelException">The tensors do not fit.</exception>
    public SymbolicTensor Call(SymbolicTensor x, SymbolicTensors initialState, SymbolicTensor? mask = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        return CallAll([x, .. initialState], new CallOptions { Mask = mask })[0];
    }

    /// <summary>Calls the layer and returns its output (or both), then the final states of the forward and of the backward layer.</summary>
    /// <param name="x">(batch, time, ...).</param>
    /// <param name="initialState">One tensor per state of each layer; zeros by default.</param>
    /// <param name="mask">Which steps count, a bool tensor (batch, time); by default the mask of <paramref name="x"/>, with initial states all.</param>
    /// <exception cref="ModelException">The tensors do not fit.</exception>
    public SymbolicTensors CallWithState(SymbolicTensor x, SymbolicTensors initialState = default, SymbolicTensor? mask = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        return CallAll([x, .. initialState], new CallOptions { ReturnState = true, Mask = mask });
    }

    /// <summary>Calls a layer without a merge mode and returns both outputs: <c>var (forward, backward) = layer.CallBoth(x)</c>.</summary>
    /// <param name="x">The sequences, (batch, time, ...).</param>
    /// <exception cref="ModelException">The layer merges its outputs, or the tensor does not fit.</exception>
    public SymbolicTensors CallBoth(SymbolicTensor x)
    {
        if (MergeMode is { } mode)
            throw new ModelException($"Bidirectional '{Name}' merges its outputs ({mode}); give it mergeMode: null to get both.") { NamesLayer = true };
        var results = CallAll(x, CallOptions.None);
        return [results[0], results[1]];
    }

    internal override SymbolicTensor CallOne(SymbolicTensor x) =>
        MergeMode is null
            ? throw new ModelException($"Bidirectional '{Name}' has no merge mode and returns two tensors; use CallBoth.") { NamesLayer = true }
            : base.CallOne(x);

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x) => ForwardAll(x, CallOptions.None)[0];

    private protected override SymbolicTensors ForwardAll(SymbolicTensors inputs, CallOptions options)
    {
        var states = inputs.Skip(1).ToArray();
        if (states.Length % 2 != 0)
            throw new ModelException($"takes initial states for both directions, but got {states.Length}; expected the forward ones, then the backward ones.");
        var inner = new CallOptions { OwnTimes = true, ReturnState = options.ReturnState, Mask = options.Mask is null ? null : inputs[0].Mask };
        var forward = Layer.CallAll([inputs[0], .. states[..(states.Length / 2)]], inner);
        var backward = BackwardLayer.CallAll([inputs[0], .. states[(states.Length / 2)..]], inner);
        var (y, reverse) = (forward[0], backward[0]);
        SymbolicTensors merged = MergeMode switch
        {
            BidirectionalMerge.Concat => Ops.Concatenate([y, reverse]),
            BidirectionalMerge.Sum => y + reverse,
            BidirectionalMerge.Mul => y * reverse,
            BidirectionalMerge.Ave => (y + reverse) / 2,
            _ => [y, reverse],
        };
        return [.. merged, .. forward.Skip(1), .. backward.Skip(1)];
    }

    private protected override SymbolicTensor? OutputMask(SymbolicTensors inputs, SymbolicTensors outputs) => Layer.ReturnSequences ? inputs[0].Mask : null;

    private static string Without(string name, string prefix) => name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;
}
