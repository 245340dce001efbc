using System.Numerics.Tensors;
using System.Text;

namespace OnnxFunctional.Layers;

/// <summary>How a text is standardized before it is split.</summary>
public enum TextStandardization
{
    /// <summary>Lower case, no punctuation.</summary>
    LowerAndStripPunctuation,

    /// <summary>Lower case.</summary>
    Lower,

    /// <summary>No punctuation.</summary>
    StripPunctuation,

    /// <summary>Unchanged.</summary>
    None,
}

/// <summary>How a text is split.</summary>
public enum TextSplit
{
    /// <summary>The words between white space.</summary>
    Whitespace,

    /// <summary>Every character.</summary>
    Character,

    /// <summary>The whole text is one token.</summary>
    None,
}

/// <summary>Maps texts to sequences of indices, or to vectors of words: standardizes them, splits them, looks up the words. It runs before the model.</summary>
/// <remarks>
/// <para>Indices: 0 for padding, 1 for unknown words, then the vocabulary from 2, the most frequent word first.</para>
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
public sealed class TextVectorization(
    int? maxTokens = null,
    TextStandardization standardize = TextStandardization.LowerAndStripPunctuation,
    TextSplit split = TextSplit.Whitespace,
    IntValues? ngrams = null,
    EncodingMode outputMode = EncodingMode.Int,
    int? outputSequenceLength = null,
    bool padToMaxTokens = false,
    IReadOnlyList<string>? vocabulary = null,
    IReadOnlyList<double>? idfWeights = null)
{
    // Keras' list: what its regular expression removes.
    private const string Punctuation = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'";

    private readonly IReadOnlyList<string>? _given = vocabulary;
    private StringLookup? _lookup;

    /// <summary>The maximum number of indices, padding and unknown words included; unlimited by default.</summary>
    public int? MaxTokens { get; } = maxTokens;

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

    /// <summary>The inverse document frequency of each word, for EncodingMode.TfIdf with a given vocabulary.</summary>
    public IReadOnlyList<double>? IdfWeights { get; } = idfWeights;

    /// <summary>All words by index.</summary>
    /// <exception cref="ModelException">There is no vocabulary yet.</exception>
    public IReadOnlyList<string> Vocabulary => Lookup.Vocabulary;

    /// <summary>The number of indices: the inputDim of an Embedding.</summary>
    /// <exception cref="ModelException">There is no vocabulary yet.</exception>
    public int VocabularySize => Lookup.VocabularySize;

    private StringLookup Lookup => _lookup ??= new StringLookup(
        MaxTokens,
        maskToken: "",
        vocabulary: _given,
        idfWeights: IdfWeights,
        outputMode: OutputMode,
        padToMaxTokens: PadToMaxTokens);

    /// <summary>Learns the vocabulary from texts.</summary>
    /// <exception cref="ModelException">A vocabulary was given, or the texts have no words.</exception>
    public void Adapt(IEnumerable<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        Lookup.Adapt(texts.Select(Tokens));
    }

    /// <summary>The indices of the words of each text: (texts, length), padded with zeros.</summary>
    /// <exception cref="ModelException">OutputMode is not Int, or there is no vocabulary yet.</exception>
    public Tensor<long> Apply(IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        if (OutputMode != EncodingMode.Int)
            throw new ModelException($"TextVectorization: its outputMode is {OutputMode}; use Encode, which returns vectors.") { NamesLayer = true };
        var rows = texts.Select(text => Tokens(text).Select(Lookup.IndexOf).ToArray()).ToArray();
        var length = OutputSequenceLength ?? rows.Select(row => row.Length).DefaultIfEmpty(0).Max();
        var values = new long[Sizes.Count(Shape.Of(rows.Length, length), "TextVectorization: the result", "Convert fewer texts at a time.")];
        for (var i = 0; i < rows.Length; i++) rows[i].AsSpan(0, Math.Min(rows[i].Length, length)).CopyTo(values.AsSpan(i * length));
        return Tensor.Create(values, [rows.Length, length]);
    }

    /// <summary>A vector of word occurrences per text: (texts, indices).</summary>
    /// <exception cref="ModelException">OutputMode is Int, or there is no vocabulary yet.</exception>
    public Tensor<float> Encode(IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return Lookup.Encode([.. texts.Select(Tokens)]);
    }

    /// <summary>The tokens of a text.</summary>
    internal IReadOnlyList<string> Tokens(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Standardize is TextStandardization.Lower or TextStandardization.LowerAndStripPunctuation) text = text.ToLowerInvariant();
        if (Standardize is TextStandardization.StripPunctuation or TextStandardization.LowerAndStripPunctuation)
        {
            var kept = new StringBuilder(text.Length);
            foreach (var character in text)
            {
                if (!Punctuation.Contains(character)) kept.Append(character);
            }

            text = kept.ToString();
        }

        string[] words = Split switch
        {
            TextSplit.Whitespace => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
            TextSplit.Character => [.. text.EnumerateRunes().Select(rune => rune.ToString())],
            _ => [text],
        };
        if (Ngrams is not { } lengths) return words;
        var tokens = new List<string>();
        foreach (var length in lengths.Count == 1 ? Enumerable.Range(1, lengths[0]) : lengths)
        {
            for (var i = 0; i + length <= words.Length; i++) tokens.Add(string.Join(' ', words[i..(i + length)]));
        }

        return tokens;
    }
}
