using System.Numerics.Tensors;

namespace OnnxFunctional.Layers;

/// <summary>Maps arbitrary integers, such as product ids, to their indices in a vocabulary, or back.</summary>
/// <remarks>
/// <para>
/// Indices: 0 for the mask token if there is one, then those of unknown tokens, then the vocabulary in order. The lookup is part of the model and of its ONNX
/// file.
/// </para>
/// <para>Input: integers, any shape. Output: integers of the same shape, or an encoding as in <see cref="EncodingMode"/>. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/preprocessing_layers/categorical/integer_lookup/</para>
/// </remarks>
/// <param name="maxTokens">The maximum size of the vocabulary, special tokens included; unlimited by default.</param>
/// <param name="numOovIndices">The number of indices for unknown tokens, which are distributed over them by remainder; 0 refuses them.</param>
/// <param name="maskToken">The token that stands for padding; none by default.</param>
/// <param name="oovToken">The token that an unknown index becomes with invert.</param>
/// <param name="vocabulary">The known tokens; if omitted, <see cref="Adapt"/> learns them.</param>
/// <param name="idfWeights">The inverse document frequency of each token, for EncodingMode.TfIdf with a given vocabulary.</param>
/// <param name="invert">Whether indices are mapped to tokens instead.</param>
/// <param name="outputMode">The form of the output.</param>
/// <param name="padToMaxTokens">Whether vectors have maxTokens elements even if the vocabulary is smaller.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">An option is out of range, or options do not go together.</exception>
public sealed class IntegerLookup(
    int? maxTokens = null,
    int numOovIndices = 1,
    long? maskToken = null,
    long oovToken = -1,
    IReadOnlyList<long>? vocabulary = null,
    IReadOnlyList<double>? idfWeights = null,
    bool invert = false,
    EncodingMode outputMode = EncodingMode.Int,
    bool padToMaxTokens = false,
    string? name = null)
    : Layer(name)
{
    // Up to this token, a table indexed by the token is small; beyond it, every token is compared with the whole vocabulary.
    private const int LargestTable = 1 << 20;

    // Integers beyond this have no exact float32, in which the engine computes.
    private const long LargestExact = 1 << 24;

    private readonly IReadOnlyList<long>? _given = vocabulary;
    private Vocabulary<long>? _vocabulary;

    /// <summary>The maximum size of the vocabulary, special tokens included; unlimited by default.</summary>
    public int? MaxTokens { get; } = maxTokens is null or > 1
        ? maxTokens
        : throw Check.Option("IntegerLookup", nameof(maxTokens), Check.Text(maxTokens.Value), "more than 1");

    /// <summary>
    /// The number of indices for unknown tokens, which are distributed over them by remainder. With 0 the engine refuses unknown tokens; in an ONNX file their
    /// index is -1.
    /// </summary>
    public int NumOovIndices { get; } = numOovIndices >= 0
        ? numOovIndices
        : throw Check.Option("IntegerLookup", nameof(numOovIndices), Check.Text(numOovIndices), "0 or more");

    /// <summary>The token that stands for padding; none by default.</summary>
    public long? MaskToken { get; } = maskToken;

    /// <summary>The token that an unknown index becomes with Invert.</summary>
    public long OovToken { get; } = oovToken;

    /// <summary>The vocabulary, given or learned, without special tokens; null until then.</summary>
    public IReadOnlyList<long>? Vocabulary => _vocabulary?.Tokens ?? _given;

    /// <summary>The inverse document frequency of each token of the vocabulary, for EncodingMode.TfIdf; null until they are given or learned.</summary>
    public IReadOnlyList<double>? IdfWeights => _vocabulary?.Rarities is { } learned ? [.. learned.Skip(_vocabulary.First)] : idfWeights;

    /// <summary>Whether indices are mapped to tokens instead.</summary>
    public bool Invert { get; } = invert;

    /// <summary>The form of the output.</summary>
    public EncodingMode OutputMode { get; } = outputMode;

    /// <summary>Whether vectors have <see cref="MaxTokens"/> elements even if the vocabulary is smaller.</summary>
    public bool PadToMaxTokens { get; } = padToMaxTokens;

    /// <summary>Learns the vocabulary from data, the most frequent token first.</summary>
    /// <param name="data">Integers, one sample per row.</param>
    /// <exception cref="ModelException">A vocabulary was given, the layer was called already, or there is no data.</exception>
    public void Adapt(Tensor<long> data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (_given is not null)
            throw new ModelException($"IntegerLookup '{Name}': a vocabulary was given, so there is nothing to adapt.") { NamesLayer = true };
        if (Calls.Count > 0)
            throw new ModelException($"IntegerLookup '{Name}' was already called, and its vocabulary is part of the model. Call Adapt before the layer.")
            {
                NamesLayer = true,
            };
        var values = new long[data.FlattenedLength];
        data.FlattenTo(values);
        var perRow = data.Rank > 1 && data.Lengths[0] > 0 ? values.Length / (int)data.Lengths[0] : 1;
        var made = Make();
        made.Adapt(values.Chunk(Math.Max(perRow, 1)), (left, right) => left.CompareTo(right), OutputMode == EncodingMode.TfIdf);
        _vocabulary = made;
    }

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        var vocabulary = Known();
        if (vocabulary.Tokens.Any(token => Math.Abs(token) >= LargestExact))
            throw new ModelException(
                $"holds the token {vocabulary.Tokens.MaxBy(Math.Abs)}; expected tokens below {LargestExact}, which the engine tells apart.");
        if (Invert && OutputMode != EncodingMode.Int)
            throw new ModelException($"returns tokens with invert, so its outputMode must be Int, but it is {OutputMode}.");
        if (PadToMaxTokens && MaxTokens is null) throw new ModelException("pads to maxTokens, which is not given. Give it, or leave padToMaxTokens out.");
        if (OutputMode == EncodingMode.TfIdf && vocabulary.Rarities is null)
            throw new ModelException(
                "needs the inverse document frequency of each token for EncodingMode.TfIdf. Pass idfWeights along with the vocabulary, or call Adapt.");
        var numbers = Ops.Cast(x, DType.Float32);
        if (Invert) return Ops.Cast(Tokens(numbers, vocabulary), DType.Int64);

        var found = Positions(numbers, vocabulary);
        if (NumOovIndices > 0)
            found = Ops.Where(
                Ops.Less(found, 0),
                NumOovIndices == 1 ? vocabulary.FirstUnknown : Ops.Mod(numbers, NumOovIndices) + vocabulary.FirstUnknown,
                found);
        var padding = MaskToken is { } mask ? Ops.Equal(numbers, mask) : null;
        if (NumOovIndices == 0) found = Refusing(padding is null ? found : Ops.Where(padding, 0, found), vocabulary.Size);
        if (padding is not null) found = Ops.Where(padding, OutputMode == EncodingMode.Int ? 0 : -1, found);
        var depth = PadToMaxTokens ? MaxTokens!.Value : vocabulary.Size;
        IReadOnlyList<double>? rarities = OutputMode == EncodingMode.TfIdf
            ? [.. vocabulary.Rarities!, .. Enumerable.Repeat(0.0, depth - vocabulary.Size)]
            : null;
        return CategoryEncodings.Encode(
            Ops.Cast(found, DType.Int64),
            OutputMode == EncodingMode.TfIdf ? EncodingMode.Count : OutputMode,
            depth,
            rarity: rarities);
    }

    private Vocabulary<long> Make() =>
        new("IntegerLookup", MaxTokens, NumOovIndices, MaskToken is not null && OutputMode == EncodingMode.Int, OovToken, MaskToken ?? 0);

    private Vocabulary<long> Known()
    {
        if (_vocabulary is not null) return _vocabulary;
        if (_given is null) throw new ModelException("its vocabulary is not known yet. Call Adapt with data first, or pass it to the constructor.");
        var made = Make();
        made.Set(_given, idfWeights);
        return _vocabulary = made;
    }

    /// <summary>The index of each token, -1 for an unknown one.</summary>
    private static SymbolicTensor Positions(SymbolicTensor x, Vocabulary<long> vocabulary)
    {
        var (least, most) = (vocabulary.Tokens.Min(), vocabulary.Tokens.Max());
        if (least >= 0 && most < LargestTable)
        {
            var table = new float[most + 1];
            Array.Fill(table, -1);
            foreach (var token in vocabulary.Tokens) table[token] = vocabulary.Find(token);
            var inside = Ops.Take(Ops.Constant(Shape.Of(table.Length), table), Ops.Cast(Ops.Clip(x, 0, most), DType.Int64));
            return Ops.Where(Ops.LogicalAnd(Ops.GreaterEqual(x, 0), Ops.LessEqual(x, most)), inside, -1);
        }

        // One more than the index where a token matches, 0 elsewhere: a token matches at most once.
        var tokens = Ops.Constant(Shape.Of(vocabulary.Tokens.Count), [.. vocabulary.Tokens.Select(token => (float)token)]);
        var numbers = Ops.Constant(Shape.Of(vocabulary.Tokens.Count), [.. vocabulary.Tokens.Select(token => vocabulary.Find(token) + 1f)]);
        return Ops.Sum(Ops.Cast(Ops.Equal(Ops.ExpandDims(x, -1), tokens), DType.Float32) * numbers, -1) - 1;
    }

    /// <summary>The same indices, but -1 is refused. Where it counts from the end, in an ONNX file, it remains -1.</summary>
    private static SymbolicTensor Refusing(SymbolicTensor found, int size) => Ops.Make(
        new Operators.Gather(0, Strict: true),
        Ops.Constant(Shape.Of(size + 1), [.. Enumerable.Range(0, size).Select(index => (float)index), -1]),
        Ops.Cast(found, DType.Int64));

    private SymbolicTensor Tokens(SymbolicTensor x, Vocabulary<long> vocabulary)
    {
        var table = Ops.Constant(Shape.Of(vocabulary.Size), [.. vocabulary.All.Select(token => (float)token)]);
        var inside = Ops.Take(table, Ops.Cast(Ops.Clip(x, 0, vocabulary.Size - 1), DType.Int64));
        return Ops.Where(Ops.LogicalAnd(Ops.GreaterEqual(x, 0), Ops.Less(x, vocabulary.Size)), inside, OovToken);
    }
}
