namespace OnnxFunctional.Layers;

/// <summary>Maps each index to a learned vector: <c>y = embeddings[x]</c>.</summary>
/// <remarks>
/// <para>
/// Input: integers from 0 to inputDim - 1, any shape; the engine refuses others. Output: (..., outputDim). Weights: embeddings (inputDim, outputDim).
/// </para>
/// <para>
/// In an ONNX file the layer is Gather, in which -inputDim to -1 count from the end; ONNX Runtime refuses what is beyond.
/// </para>
/// <para>Keras: https://keras.io/api/layers/core_layers/embedding/</para>
/// </remarks>
/// <example><code>
/// var vectors = new Embedding(inputDim: 10_000, outputDim: 64, maskZero: true).Call(Model.Input([null], DType.Int32));
/// </code></example>
public sealed class Embedding : Layer
{
    /// <summary>Creates the layer.</summary>
    /// <param name="inputDim">The number of different indices.</param>
    /// <param name="outputDim">The size of a vector.</param>
    /// <param name="embeddingsInitializer">Initializer of the vectors; uniform within 0.05 of zero by default.</param>
    /// <param name="embeddingsRegularizer">A penalty on the vectors.</param>
    /// <param name="embeddingsConstraint">A constraint applied to the vectors after each step.</param>
    /// <param name="maskZero">Whether index 0 is padding: the output carries the mask <c>x != 0</c>.</param>
    /// <param name="loraRank">The rank of an adapter that is trained beside the frozen table of vectors, as by <c>EnableLora</c>; default: none.</param>
    /// <param name="loraAlpha">The factor on the adapter is this by the rank; default: the rank.</param>
    /// <param name="activityRegularizer">A penalty on the output.</param>
    /// <param name="name">The layer's name; by default the model chooses one.</param>
    /// <exception cref="ModelException">A size is not positive.</exception>
    public Embedding(
        int inputDim,
        int outputDim,
        Initializer? embeddingsInitializer = null,
        Regularizer? embeddingsRegularizer = null,
        Constraint? embeddingsConstraint = null,
        bool maskZero = false,
        int? loraRank = null,
        double? loraAlpha = null,
        Regularizer? activityRegularizer = null,
        string? name = null)
        : base(name)
    {
        InputDim = Check.Positive(inputDim, "Embedding", nameof(inputDim));
        OutputDim = Check.Positive(outputDim, "Embedding", nameof(outputDim));
        EmbeddingsInitializer = embeddingsInitializer ?? Initializer.RandomUniform;
        EmbeddingsRegularizer = embeddingsRegularizer;
        EmbeddingsConstraint = embeddingsConstraint;
        ActivityRegularizer = activityRegularizer;
        MaskZero = maskZero;
        UseLora(loraRank, loraAlpha);
    }

    /// <summary>The number of different indices.</summary>
    public int InputDim { get; }

    /// <summary>The size of a vector.</summary>
    public int OutputDim { get; }

    /// <summary>Initializer of the vectors.</summary>
    public Initializer EmbeddingsInitializer { get; }

    /// <summary>A penalty on the vectors.</summary>
    public Regularizer? EmbeddingsRegularizer { get; }

    /// <summary>A constraint applied to the vectors after each step.</summary>
    public Constraint? EmbeddingsConstraint { get; }

    /// <summary>A penalty on the output.</summary>
    public Regularizer? ActivityRegularizer { get; }

    /// <summary>Whether index 0 is padding: the output carries the mask <c>x != 0</c>.</summary>
    public bool MaskZero { get; }

    /// <summary>The rank of the adapter that is trained beside the vectors; null without. See <see cref="LayerBase.EnableLora"/>.</summary>
    public int? LoraRank => Lora?.Rank;

    /// <summary>The factor on the adapter is this by the rank; null for the rank.</summary>
    public double? LoraAlpha => Lora?.Alpha;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        if (x.DType is DType.Bool or DType.String)
            throw new ModelException(
                $"expected integers, but got {x.DType.KerasName()}. Declare the input with dtype: DType.Int64; put a StringLookup before it for text.");
        var embeddings = AdaptableWeight(
            "embeddings",
            Shape.Of(InputDim, OutputDim),
            EmbeddingsInitializer,
            EmbeddingsRegularizer,
            EmbeddingsConstraint);
        var y = Ops.Make(new Operators.Gather(0, Strict: true), embeddings, x.DType.IsInteger() ? x : Ops.Cast(x, DType.Int64));
        if (ActivityRegularizer is not null) AddLoss(ActivityRegularizer.PerSample(y));
        return MaskZero ? y.WithMask(Ops.NotEqual(x, 0)) : y;
    }
}
