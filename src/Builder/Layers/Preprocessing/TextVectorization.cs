using System.Numerics.Tensors;

namespace OnnxFunctional.Layers;

/// <summary>Maps texts to sequences of indices, or to vectors of words: standardizes them, splits them, looks up the words.</summary>
/// <remarks>
/// <para>Indices: 0 for padding, 1 for unknown words, then the vocabulary from 2, the most frequent word first.</para>
/// <para>
/// In a model, input: text, (batch) or (batch, 1) (<c>Model.Input([1], DType.String)</c>). Output: indices (batch, outputSequenceLength), or vectors (batch,
/// indices). It is part of the ONNX file, which then takes text. Before a model, <see cref="Apply"/> and <see cref="Encode"/> do the same. No weights.
/// </para>
/// <para>As in TensorFlow, upper case and white space are those of ASCII.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/text/text_vectorization/</para>
/// </remarks>
/// <param name="maxTokens">The maximum size of the vocabulary, special tokens included; unlimited by default.</param>
/// <param name="standardize">How a text is standardized.</param>
/// <param name="split">How a text is split.</param>
/// <param name="ngrams">
/// The lengths of n-grams that are tokens too: 2 stands for single words and pairs, a list for exactly those lengths; none by default.
/// </param>
/// <param name="outputMode">The form of the output.</param>
/// <param name="outputSequenceLength">The length to which every sequence is cut or padded; by default that of the longest text.</param>
/// <param name="padToMaxTokens">Whether vectors have maxTokens elements even if the vocabulary is smaller.</param>
/// <param name="vocabulary">The known words; if omitted, <see cref="Adapt"/> learns them.</param>
/// <param name="idfWeights">The inverse document frequency of each token, for EncodingMode.TfIdf with a given vocabulary.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">An option is out of range, or options do not go together.</exception>
/// <example>
/// <code>
/// var vectorize = new TextVectorization(maxTokens: 5000, outputSequenceLength: 40);
/// vectorize.Adapt(texts);
/// var input = Model.Input([1], DType.String);
/// var x = input.Apply(vectorize, new Embedding(vectorize.VocabularySize, 16), new GlobalAveragePooling1D(), new Dense(1, Activation.Sigmoid));
/// </code>
/// </example>
public sealed class TextVectorization(
    int? maxTokens = null,
    TextStandardization standardize = TextStandardization.LowerAndStripPunctuation,
    TextSplit split = TextSplit.Whitespace,
    IntValues? ngrams = null,
    EncodingMode outputMode = EncodingMode.Int,
    int? outputSequenceLength = null,
    bool padToMaxTokens = false,
    IReadOnlyList<string>? vocabulary = null,
    IReadOnlyList<double>? idfWeights = null,
    string? name = null)
    : Layer(name)
{
    private readonly IReadOnlyList<string>? _given = vocabulary;
    private readonly IReadOnlyList<double>? _rarities = idfWeights;
    private StringLookup? _lookup;

    /// <summary>The maximum number of indices, padding and unknown words included; unlimited by default.</summary>
    public int? MaxTokens { get; } = maxTokens is null or > 1
        ? maxTokens
        : throw Check.Option("TextVectorization", nameof(maxTokens), Check.Text(maxTokens.Value), "more than 1");

    /// <summary>How a text is standardized.</summary>
    public TextStandardization Standardize { get; } = standardize;

    /// <summary>How a text is split.</summary>
    public TextSplit Split { get; } = split;

    /// <summary>The lengths of n-grams that are tokens too: 2 stands for single words and pairs, a list for exactly those lengths; none by default.</summary>
    public IntValues? Ngrams { get; } = ngrams?.All(length => length > 0) == false
        ? throw Check.Option("TextVectorization", nameof(ngrams), ngrams.ToString()!, "positive integers")
        : ngrams;

    /// <summary>The form of the output.</summary>
    public EncodingMode OutputMode { get; } = outputMode;

    /// <summary>The length to which every sequence is cut or padded; by default that of the longest text.</summary>
    public int? OutputSequenceLength { get; } = outputSequenceLength is { } length
        ? Check.Positive(length, "TextVectorization", nameof(outputSequenceLength))
        : null;

    /// <summary>Whether vectors have <see cref="MaxTokens"/> elements even if the vocabulary is smaller.</summary>
    public bool PadToMaxTokens { get; } = padToMaxTokens;

    /// <summary>The inverse document frequency of each word of the vocabulary, for EncodingMode.TfIdf; null until they are given or learned.</summary>
    public IReadOnlyList<double>? IdfWeights => Lookup.IdfWeights;

    /// <summary>All words by index; null until they are given or learned.</summary>
    public IReadOnlyList<string>? Vocabulary => Lookup.Vocabulary;

    /// <summary>The number of indices: the inputDim of an Embedding.</summary>
    /// <exception cref="ModelException">There is no vocabulary yet.</exception>
    public int VocabularySize => Lookup.VocabularySize;

    private StringLookup Lookup => _lookup ??= new(nameof(TextVectorization), MaxTokens, _given, _rarities, OutputMode, PadToMaxTokens);

    private TextRules Rules => new(Standardize, Split, Ngrams);

    /// <summary>Learns the vocabulary from texts.</summary>
    /// <param name="texts">The texts to count tokens of.</param>
    /// <exception cref="ModelException">A vocabulary was given, the layer was called already, or the texts have no words.</exception>
    public void Adapt(IEnumerable<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        if (Calls.Count > 0)
        {
            throw new ModelException(
                $"TextVectorization '{Name}' was already called, and its vocabulary is part of the model. Call Adapt before the layer.")
            {
                NamesLayer = true,
            };
        }

        Lookup.Adapt(texts.Select(Tokens));
    }

    /// <summary>The indices of the words of each text: (texts, length), padded with zeros.</summary>
    /// <param name="texts">The texts.</param>
    /// <exception cref="ModelException">OutputMode is not Int, or there is no vocabulary yet.</exception>
    public Tensor<long> Apply(IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        if (OutputMode != EncodingMode.Int)
            throw new ModelException($"TextVectorization: its outputMode is {OutputMode}; use Encode, which returns vectors.") { NamesLayer = true };
        var (rows, table) = (texts.Select(Tokens).ToArray(), Lookup.Table());
        var length = OutputSequenceLength ?? rows.Select(row => row.Count).DefaultIfEmpty(0).Max();
        var values = new long[Sizes.Count(Shape.Of(rows.Length, length), "TextVectorization: the result", "Convert fewer texts at a time.")];
        for (var i = 0; i < rows.Length; i++) table.Indices(rows[i], values.AsSpan(i * length, length));
        return Tensor.Create(values, [rows.Length, length]);
    }

    /// <summary>A vector of word occurrences per text: (texts, indices).</summary>
    /// <param name="texts">The texts.</param>
    /// <exception cref="ModelException">OutputMode is Int, or there is no vocabulary yet.</exception>
    public Tensor<float> Encode(IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return Lookup.Encode([.. texts.Select(Tokens)]);
    }

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank > 2 || (x.Rank == 2 && x.Shape[1] != 1))
            throw new ModelException($"takes one text per sample, (batch) or (batch, 1), but got {x.Shape}. Reshape the texts, or use StringLookup for words.");
        if (x.Rank == 2) x = Ops.Squeeze(x, 1);
        var table = Lookup.Table();
        if (OutputMode == EncodingMode.OneHot)
            throw new ModelException("returns a vector per text, so its outputMode cannot be OneHot. Use MultiHot, Count or TfIdf.");
        if (OutputMode == EncodingMode.Int)
        {
            var length = OutputSequenceLength ?? throw new ModelException(
                "has no outputSequenceLength, so the length of its output would depend on the texts. Give it, for example outputSequenceLength: 100.");
            return Ops.Make(new Operators.TokenIndices(Rules, table, length), x);
        }

        var counts = Ops.Make(new Operators.CountTokens(Rules, table), x);
        var missing = Lookup.Depth() - table.Size;
        if (missing > 0) counts = Ops.Pad(counts, [0, 0], [0, missing]);
        if (OutputMode == EncodingMode.MultiHot) return Ops.Minimum(counts, 1);
        return Lookup.Rarities() is { } rarities
            ? counts * Ops.Constant(Shape.Of(rarities.Count), [.. rarities.Select(factor => (float)factor)])
            : counts;
    }

    private IReadOnlyList<string> Tokens(string text) => Rules.Tokens(text);
}
