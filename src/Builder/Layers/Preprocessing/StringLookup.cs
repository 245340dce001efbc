using System.Numerics.Tensors;

namespace OnnxFunctional.Layers;

/// <summary>Maps words to their indices in a vocabulary, or back.</summary>
/// <remarks>
/// <para>Indices: 0 for the mask token if there is one, then those of unknown words, then the vocabulary in order.</para>
/// <para>
/// In a model, input: text, any shape (<c>Model.Input([1], DType.String)</c>). Output: integers of the same shape, or an encoding as in
/// <see cref="EncodingMode"/>; with invert, text of the same shape from integers. The lookup is part of the ONNX file. No weights.
/// </para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/categorical/string_lookup/</para>
/// </remarks>
/// <param name="maxTokens">The maximum size of the vocabulary, special tokens included; unlimited by default.</param>
/// <param name="numOovIndices">The number of indices for unknown words, over which a hash distributes them; 0 refuses them.</param>
/// <param name="maskToken">The word that stands for padding; none by default.</param>
/// <param name="oovToken">The token that an unknown index becomes with invert.</param>
/// <param name="vocabulary">The known words; if omitted, <see cref="Adapt"/> learns them.</param>
/// <param name="idfWeights">The inverse document frequency of each token, for EncodingMode.TfIdf with a given vocabulary.</param>
/// <param name="invert">Whether indices are mapped to words instead.</param>
/// <param name="outputMode">The form of the output.</param>
/// <param name="padToMaxTokens">Whether vectors have maxTokens elements even if the vocabulary is smaller.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <example>
/// <code>
/// var colors = new StringLookup(vocabulary: ["red", "green", "blue"]);
/// var input = Model.Input([1], DType.String);
/// var x = new Embedding(colors.VocabularySize, 4).Call(colors.Call(input));
/// </code>
/// </example>
/// <exception cref="ModelException">maxTokens is not above 1, or numOovIndices is negative.</exception>
public sealed class StringLookup(
    int? maxTokens = null,
    int numOovIndices = 1,
    string? maskToken = null,
    string oovToken = "[UNK]",
    IReadOnlyList<string>? vocabulary = null,
    IReadOnlyList<double>? idfWeights = null,
    bool invert = false,
    EncodingMode outputMode = EncodingMode.Int,
    bool padToMaxTokens = false,
    string? name = null)
    : Layer(name)
{
    private readonly IReadOnlyList<string>? _given = vocabulary;
    private readonly string _speaker = nameof(StringLookup);
    private Vocabulary<string>? _vocabulary;

    /// <summary>The lookup inside another layer, whose class messages name.</summary>
    internal StringLookup(
        string speaker, int? maxTokens, IReadOnlyList<string>? vocabulary, IReadOnlyList<double>? idfWeights, EncodingMode outputMode, bool pads)
        : this(maxTokens, maskToken: "", vocabulary: vocabulary, idfWeights: idfWeights, outputMode: outputMode, padToMaxTokens: pads) => _speaker = speaker;

    /// <summary>The maximum size of the vocabulary, special words included; unlimited by default.</summary>
    public int? MaxTokens { get; } = maxTokens is null or > 1
        ? maxTokens
        : throw Check.Option("StringLookup", nameof(maxTokens), Check.Text(maxTokens.Value), "more than 1");

    /// <summary>
    /// The number of indices for unknown words, over which FarmHash distributes them. With 0 the engine refuses unknown words; in an ONNX file their index
    /// is -1.
    /// </summary>
    public int NumOovIndices { get; } = numOovIndices >= 0
        ? numOovIndices
        : throw Check.Option("StringLookup", nameof(numOovIndices), Check.Text(numOovIndices), "0 or more");

    /// <summary>The word that stands for padding; none by default.</summary>
    public string? MaskToken { get; } = maskToken;

    /// <summary>The token that an unknown index becomes with Invert.</summary>
    public string OovToken { get; } = oovToken;

    /// <summary>The inverse document frequency of each word of the vocabulary, for EncodingMode.TfIdf; null until they are given or learned.</summary>
    public IReadOnlyList<double>? IdfWeights => Vocabulary is null ? idfWeights : Known().Rarities;

    /// <summary>Whether indices are mapped to words instead.</summary>
    public bool Invert { get; } = invert;

    /// <summary>The form of the output.</summary>
    public EncodingMode OutputMode { get; } = outputMode;

    /// <summary>Whether vectors have <see cref="MaxTokens"/> elements even if the vocabulary is smaller.</summary>
    public bool PadToMaxTokens { get; } = padToMaxTokens;

    /// <summary>All words by index, special ones included; null until they are given or learned.</summary>
    public IReadOnlyList<string>? Vocabulary => _vocabulary is null && _given is null ? null : Known().All;

    /// <summary>The number of indices: the inputDim of an Embedding.</summary>
    /// <exception cref="ModelException">There is no vocabulary yet.</exception>
    public int VocabularySize => Known().Size;

    /// <summary>Learns the vocabulary from words, the most frequent first.</summary>
    /// <param name="documents">The words of each sample.</param>
    /// <exception cref="ModelException">A vocabulary was given, or there are no words.</exception>
    public void Adapt(IEnumerable<IEnumerable<string>> documents)
    {
        ArgumentNullException.ThrowIfNull(documents);
        if (_given is not null) throw Wrong("a vocabulary was given, so there is nothing to adapt.");
        if (Calls.Count > 0) throw Wrong("it was already called, and its vocabulary is part of the model. Call Adapt before the layer.");
        var made = Make();
        made.Adapt(documents, string.CompareOrdinal, OutputMode == EncodingMode.TfIdf);
        _vocabulary = made;
    }

    /// <summary>The index of a word.</summary>
    /// <param name="word">The word.</param>
    /// <exception cref="ModelException">The word is unknown and NumOovIndices is 0, or there is no vocabulary yet.</exception>
    public long IndexOf(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        return Table(word).IndexOf(word);
    }

    /// <summary>The indices of words, in the same shape.</summary>
    /// <param name="words">The words.</param>
    /// <exception cref="ModelException">OutputMode is not Int, or a word is refused.</exception>
    public Tensor<long> Apply(Tensor<string> words)
    {
        ArgumentNullException.ThrowIfNull(words);
        if (OutputMode != EncodingMode.Int)
            throw Wrong($"its outputMode is {OutputMode}; use Encode, which returns vectors.");
        var given = new string[words.FlattenedLength];
        words.FlattenTo(given);
        var indices = new long[given.Length];
        Table(given).Indices(given, indices);
        return Tensor.Create(indices, words.Lengths);
    }

    /// <summary>A vector per sample (with OneHot, per word): (samples, indices).</summary>
    /// <param name="documents">The words of each sample.</param>
    /// <exception cref="ModelException">OutputMode is Int, an inverse document frequency is missing, or a word is refused.</exception>
    public Tensor<float> Encode(IReadOnlyList<IReadOnlyList<string>> documents)
    {
        ArgumentNullException.ThrowIfNull(documents);
        if (OutputMode == EncodingMode.Int)
            throw Wrong("its outputMode is Int; use Apply, which returns indices.");
        var (depth, rarities, table) = (Depth(), Rarities(), Table([.. documents.SelectMany(document => document)]));
        var rows = OutputMode == EncodingMode.OneHot
            ? [.. documents.SelectMany(document => document.Select(word => (IReadOnlyList<string>)[word]))]
            : documents;
        var values = new float[Sizes.Count(Shape.Of(rows.Count, depth), $"{_speaker}: the encoded texts", "Encode fewer texts at a time.")];
        for (var i = 0; i < rows.Count; i++)
        {
            var row = values.AsSpan(i * depth, depth);
            table.Count(rows[i], row);
            for (var j = 0; j < depth; j++)
                row[j] = OutputMode switch { EncodingMode.Count => row[j], EncodingMode.TfIdf => row[j] * (float)rarities![j], _ => Math.Min(row[j], 1) };
        }

        return Tensor.Create(values, [rows.Count, depth]);
    }

    /// <summary>The words at the given indices, in the same shape.</summary>
    /// <param name="indices">The indices.</param>
    /// <exception cref="ModelException">There is no vocabulary yet.</exception>
    public Tensor<string> ToWords(Tensor<long> indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        var words = new Operators.WordsAt(Table().All, OovToken);
        var given = new long[indices.FlattenedLength];
        indices.FlattenTo(given);
        return Tensor.Create(given.Select(number => words.WordAt(number)).ToArray(), indices.Lengths);
    }

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        var table = Table();
        if (!Invert) return Encoded(Ops.Make(new Operators.LookupText(table), x));
        if (OutputMode != EncodingMode.Int) throw new ModelException($"returns words with invert, so its outputMode must be Int, but it is {OutputMode}.");
        return Ops.Make(new Operators.WordsAt(table.All, OovToken), Ops.Cast(x, DType.Int64));
    }

    /// <summary>The indices of words, for words that it must not refuse.</summary>
    private WordTable Table(params ReadOnlySpan<string> words)
    {
        var table = Table();
        foreach (var word in words)
        {
            if (!table.Refuses(word)) continue;
            throw Wrong($"the word '{word}' is not in the vocabulary of {Known().Tokens.Count} words. Pass numOovIndices: 1 to give unknown words an index.");
        }

        return table;
    }

    /// <summary>The indices of words, known to this layer when it is called.</summary>
    internal WordTable Table() => new(Known(), MaskToken, OutputMode == EncodingMode.Int ? 0 : -1, NumOovIndices);

    /// <summary>The number of elements of a vector.</summary>
    internal int Depth() => PadToMaxTokens
        ? MaxTokens ?? throw Wrong("it pads to maxTokens, which is not given. Give it, or leave padToMaxTokens out.")
        : Known().Size;

    /// <summary>The factor of each element of a vector; null if they have none.</summary>
    internal IReadOnlyList<double>? Rarities()
    {
        if (OutputMode != EncodingMode.TfIdf) return null;
        var known = Known().Rarities ?? throw Wrong(
            "EncodingMode.TfIdf needs the inverse document frequency of each word. Pass idfWeights along with the vocabulary, or call Adapt.");
        return [.. known, .. Enumerable.Repeat(0.0, Depth() - known.Count)];
    }

    private SymbolicTensor Encoded(SymbolicTensor indices) => CategoryEncodings.Encode(
        indices, OutputMode == EncodingMode.TfIdf ? EncodingMode.Count : OutputMode, Depth(), rarity: Rarities());

    private Vocabulary<string> Make() =>
        new(_speaker, MaxTokens, NumOovIndices, MaskToken is not null && OutputMode == EncodingMode.Int, OovToken, MaskToken);

    private Vocabulary<string> Known()
    {
        if (_vocabulary is not null) return _vocabulary;
        if (_given is null) throw Wrong("there is no vocabulary yet. Call Adapt with words, or pass the vocabulary to the constructor.");
        var made = Make();
        made.Set(_given, idfWeights);
        return _vocabulary = made;
    }

    private ModelException Wrong(string what) => new($"{_speaker}{(Name.Length > 0 ? $" '{Name}'" : "")}: {what}") { NamesLayer = true };
}
