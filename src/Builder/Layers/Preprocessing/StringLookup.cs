using System.Numerics.Tensors;

namespace OnnxFunctional.Layers;

/// <summary>
/// Maps words to their indices in a vocabulary, or back. It runs before the model, which usually begins with an <see cref="Embedding"/> of the indices.
/// </summary>
/// <remarks>
/// <para>Indices: 0 for the mask token if there is one, then those of unknown words, then the vocabulary in order.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/categorical/string_lookup/</para>
/// </remarks>
/// <param name="maxTokens">The maximum size of the vocabulary, special tokens included; unlimited by default.</param>
/// <param name="numOovIndices">The number of indices for unknown words: 1, or 0 to refuse unknown words.</param>
/// <param name="maskToken">The word that stands for padding; none by default.</param>
/// <param name="oovToken">The token that an unknown index becomes.</param>
/// <param name="vocabulary">The known words; if omitted, <see cref="Adapt"/> learns them.</param>
/// <param name="idfWeights">The inverse document frequency of each token, for EncodingMode.TfIdf with a given vocabulary.</param>
/// <param name="outputMode">The form of the output.</param>
/// <param name="padToMaxTokens">Whether vectors have maxTokens elements even if the vocabulary is smaller.</param>
public sealed class StringLookup(
    int? maxTokens = null,
    int numOovIndices = 1,
    string? maskToken = null,
    string oovToken = "[UNK]",
    IReadOnlyList<string>? vocabulary = null,
    IReadOnlyList<double>? idfWeights = null,
    EncodingMode outputMode = EncodingMode.Int,
    bool padToMaxTokens = false)
{
    private readonly IReadOnlyList<string>? _given = vocabulary;
    private Vocabulary<string>? _vocabulary;

    /// <summary>The maximum size of the vocabulary, special words included; unlimited by default.</summary>
    public int? MaxTokens { get; } = maxTokens is null or > 1
        ? maxTokens
        : throw Check.Option("StringLookup", nameof(maxTokens), Check.Text(maxTokens.Value), "more than 1");

    /// <summary>The number of indices for unknown words: 1, or 0 to refuse unknown words.</summary>
    public int NumOovIndices { get; } = numOovIndices is 0 or 1
        ? numOovIndices
        : throw Check.Option(
            "StringLookup",
            nameof(numOovIndices),
            Check.Text(numOovIndices),
            "0 or 1",
            "Several indices for unknown words would need Google's hash, which the library lacks.");

    /// <summary>The word that stands for padding; none by default.</summary>
    public string? MaskToken { get; } = maskToken;

    /// <summary>The token that an unknown index becomes with Invert.</summary>
    public string OovToken { get; } = oovToken;

    /// <summary>The inverse document frequency of each word, for EncodingMode.TfIdf with a given vocabulary.</summary>
    public IReadOnlyList<double>? IdfWeights { get; } = idfWeights;

    /// <summary>The form of the output.</summary>
    public EncodingMode OutputMode { get; } = outputMode;

    /// <summary>Whether vectors have <see cref="MaxTokens"/> elements even if the vocabulary is smaller.</summary>
    public bool PadToMaxTokens { get; } = padToMaxTokens;

    /// <summary>All words by index, special ones included.</summary>
    /// <exception cref="ModelException">There is no vocabulary yet.</exception>
    public IReadOnlyList<string> Vocabulary => Known().All;

    /// <summary>The number of indices: the inputDim of an Embedding.</summary>
    /// <exception cref="ModelException">There is no vocabulary yet.</exception>
    public int VocabularySize => Known().Size;

    /// <summary>Learns the vocabulary from words, the most frequent first.</summary>
    /// <param name="documents">The words of each sample.</param>
    /// <exception cref="ModelException">A vocabulary was given, or there are no words.</exception>
    public void Adapt(IEnumerable<IEnumerable<string>> documents)
    {
        ArgumentNullException.ThrowIfNull(documents);
        if (_given is not null) throw new ModelException("StringLookup: a vocabulary was given, so there is nothing to adapt.") { NamesLayer = true };
        var made = Make();
        made.Adapt(documents, string.CompareOrdinal, OutputMode == EncodingMode.TfIdf);
        _vocabulary = made;
    }

    /// <summary>The index of a word.</summary>
    /// <exception cref="ModelException">The word is unknown and NumOovIndices is 0, or there is no vocabulary yet.</exception>
    public long IndexOf(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        var vocabulary = Known();
        if (MaskToken is not null && word == MaskToken) return OutputMode == EncodingMode.Int ? 0 : -1;
        var found = vocabulary.Find(word);
        if (found >= 0) return found;
        return NumOovIndices == 1
            ? vocabulary.FirstUnknown
            : throw new ModelException($"StringLookup: the word '{word}' is not in the vocabulary of {vocabulary.Tokens.Count} words. "
                + "Pass numOovIndices: 1 to give unknown words an index.")
            {
                NamesLayer = true,
            };
    }

    /// <summary>The indices of words, in the same shape.</summary>
    /// <exception cref="ModelException">OutputMode is not Int, or a word is refused.</exception>
    public Tensor<long> Apply(Tensor<string> words)
    {
        ArgumentNullException.ThrowIfNull(words);
        if (OutputMode != EncodingMode.Int)
            throw new ModelException($"StringLookup: its outputMode is {OutputMode}; use Encode, which returns vectors.") { NamesLayer = true };
        var given = new string[words.FlattenedLength];
        words.FlattenTo(given);
        return Tensor.Create(given.Select(IndexOf).ToArray(), words.Lengths);
    }

    /// <summary>A vector per sample (with OneHot, per word): (samples, indices).</summary>
    /// <param name="documents">The words of each sample.</param>
    /// <exception cref="ModelException">OutputMode is Int, an inverse document frequency is missing, or a word is refused.</exception>
    public Tensor<float> Encode(IReadOnlyList<IReadOnlyList<string>> documents)
    {
        ArgumentNullException.ThrowIfNull(documents);
        var vocabulary = Known();
        if (OutputMode == EncodingMode.Int)
            throw new ModelException("StringLookup: its outputMode is Int; use Apply, which returns indices.") { NamesLayer = true };
        if (OutputMode == EncodingMode.TfIdf && vocabulary.Rarities is null)
            throw new ModelException("StringLookup: EncodingMode.TfIdf needs the inverse document frequency of each word. "
                + "Pass idfWeights along with the vocabulary, or call Adapt.")
            {
                NamesLayer = true,
            };
        var depth = PadToMaxTokens
            ? MaxTokens ?? throw new ModelException("StringLookup: padToMaxTokens needs maxTokens.") { NamesLayer = true }
            : vocabulary.Size;
        var rows = OutputMode == EncodingMode.OneHot
            ? [.. documents.SelectMany(document => document.Select(word => (IReadOnlyList<string>)[word]))]
            : documents;
        var values = new float[Sizes.Count(Shape.Of(rows.Count, depth), "StringLookup: the encoded texts", "Encode fewer texts at a time.")];
        for (var row = 0; row < rows.Count; row++)
        {
            foreach (var word in rows[row])
            {
                var number = IndexOf(word);
                if (number < 0) continue;
                ref var value = ref values[(row * depth) + number];
                value = OutputMode switch { EncodingMode.Count => value + 1, EncodingMode.TfIdf => value + (float)vocabulary.Rarities![(int)number], _ => 1 };
            }
        }

        return Tensor.Create(values, [rows.Count, depth]);
    }

    /// <summary>The words at the given indices, in the same shape.</summary>
    public Tensor<string> ToWords(Tensor<long> indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        var words = Known().All;
        var given = new long[indices.FlattenedLength];
        indices.FlattenTo(given);
        return Tensor.Create(given.Select(number => number >= 0 && number < words.Count ? words[(int)number] : OovToken).ToArray(), indices.Lengths);
    }

    private Vocabulary<string> Make() =>
        new("StringLookup", MaxTokens, NumOovIndices, MaskToken is not null && OutputMode == EncodingMode.Int, OovToken, MaskToken);

    private Vocabulary<string> Known()
    {
        if (_vocabulary is not null) return _vocabulary;
        if (_given is null)
            throw new ModelException("StringLookup: there is no vocabulary yet. Call Adapt with words, or pass the vocabulary to the constructor.")
            {
                NamesLayer = true,
            };
        var made = Make();
        made.Set(_given, IdfWeights);
        return _vocabulary = made;
    }
}
