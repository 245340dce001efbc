namespace OnnxFunctional.Layers;

/// <summary>
/// An embedding that also goes back: indices to vectors, <c>y = embeddings[x]</c>, and vectors to a score per index, <c>y = x embeddings^T</c>.
/// </summary>
/// <remarks>
/// <para>
/// Input: integers from 0 to inputDim - 1, any shape; reversed, vectors (batch, ..., outputDim). Output: (..., outputDim); reversed, (batch, ..., inputDim).
/// Weights: embeddings (inputDim, outputDim), and with tieWeights off reverse_embeddings (outputDim, inputDim).
/// </para>
/// <para>Keras: https://keras.io/api/layers/core_layers/</para>
/// </remarks>
/// <param name="inputDim">The number of different indices.</param>
/// <param name="outputDim">The size of a vector.</param>
/// <param name="tieWeights">Whether the way back uses the transposed embeddings instead of a matrix of its own.</param>
/// <param name="embeddingsInitializer">Initializer of the vectors; uniform within 0.05 of zero by default.</param>
/// <param name="embeddingsRegularizer">A penalty on the vectors.</param>
/// <param name="embeddingsConstraint">A constraint applied to the vectors after each step.</param>
/// <param name="maskZero">Whether index 0 is padding: the output carries the mask <c>x != 0</c>.</param>
/// <param name="logitSoftCap">A bound c that scores approach but do not pass: <c>c tanh(y / c)</c>; none by default.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">A size or the bound is not positive.</exception>
/// <example><code>
/// var words = new ReversibleEmbedding(inputDim: 10_000, outputDim: 64);
/// var vectors = words.Call(Model.Input([null], DType.Int32));
/// var scores = words.CallReverse(vectors);
/// </code></example>
public sealed class ReversibleEmbedding(
    int inputDim,
    int outputDim,
    bool tieWeights = true,
    Initializer? embeddingsInitializer = null,
    Regularizer? embeddingsRegularizer = null,
    Constraint? embeddingsConstraint = null,
    bool maskZero = false,
    double? logitSoftCap = null,
    Regularizer? activityRegularizer = null,
    string? name = null)
    : Layer(name)
{
    /// <summary>The number of different indices.</summary>
    public int InputDim { get; } = Check.Positive(inputDim, "ReversibleEmbedding", nameof(inputDim));

    /// <summary>The size of a vector.</summary>
    public int OutputDim { get; } = Check.Positive(outputDim, "ReversibleEmbedding", nameof(outputDim));

    /// <summary>Whether the way back uses the transposed embeddings instead of a matrix of its own.</summary>
    public bool TieWeights { get; } = tieWeights;

    /// <summary>Initializer of the vectors.</summary>
    public Initializer EmbeddingsInitializer { get; } = embeddingsInitializer ?? Initializer.RandomUniform;

    /// <summary>A penalty on the vectors.</summary>
    public Regularizer? EmbeddingsRegularizer { get; } = embeddingsRegularizer;

    /// <summary>A constraint applied to the vectors after each step.</summary>
    public Constraint? EmbeddingsConstraint { get; } = embeddingsConstraint;

    /// <summary>Whether index 0 is padding: the output carries the mask <c>x != 0</c>.</summary>
    public bool MaskZero { get; } = maskZero;

    /// <summary>A bound that scores approach but do not pass; null without.</summary>
    public double? LogitSoftCap { get; } = logitSoftCap is null or > 0
        ? logitSoftCap
        : throw Check.Option("ReversibleEmbedding", nameof(logitSoftCap), Check.Text(logitSoftCap.Value), "a number above 0");

    /// <summary>A penalty on the output.</summary>
    public Regularizer? ActivityRegularizer { get; } = activityRegularizer;

    /// <summary>Goes back: from vectors to a score per index.</summary>
    /// <param name="x">The vectors, (batch, ..., outputDim).</param>
    /// <exception cref="ModelException">The tensor does not fit; the message says what was expected.</exception>
    public SymbolicTensor CallReverse(SymbolicTensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return CallAll(x, new CallOptions { Reverse = true })[0];
    }

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x) => Vectors(x);

    private protected override SymbolicTensors ForwardAll(SymbolicTensors inputs, CallOptions options)
    {
        var y = options.Reverse && inputs.Count == 1 ? Scores(inputs[0]) : base.ForwardAll(inputs, options)[0];
        if (ActivityRegularizer is not null) AddLoss(ActivityRegularizer.PerSample(y));
        return y;
    }

    private SymbolicTensor Vectors(SymbolicTensor x)
    {
        if (x.DType is DType.Bool or DType.String)
            throw new ModelException(
                $"expected integers, but got {x.DType.KerasName()}. Declare the input with dtype: DType.Int64; put a StringLookup before it for text.");
        var (embeddings, _) = Matrices();
        var y = Ops.Make(new Operators.Gather(0, Strict: true), embeddings, x.DType.IsInteger() ? x : Ops.Cast(x, DType.Int64));
        return MaskZero ? y.WithMask(Ops.NotEqual(x, 0)) : y;
    }

    private SymbolicTensor Scores(SymbolicTensor x)
    {
        Check.MinimumRank(x, 2, "vectors (batch, ..., features)");
        if (x.Shape[^1] is { } size && size != OutputDim)
            throw new ModelException($"goes back from vectors of {OutputDim} numbers, but got {x.Shape}. A Dense({OutputDim}) before it fits them.");
        var (embeddings, reverse) = Matrices();
        var scores = Ops.MatMul(x, reverse ?? Ops.Transpose(embeddings, 1, 0));
        return LogitSoftCap is { } cap ? Ops.Tanh(scores / cap) * cap : scores;
    }

    /// <summary>Both weights, whichever way comes first.</summary>
    private (SymbolicTensor Embeddings, SymbolicTensor? Reverse) Matrices() => (
        Weight("embeddings", [InputDim, OutputDim], EmbeddingsInitializer, regularizer: EmbeddingsRegularizer, constraint: EmbeddingsConstraint),
        TieWeights ? null : Weight("reverse_embeddings", [OutputDim, InputDim], EmbeddingsInitializer));
}
