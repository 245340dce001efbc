using OnnxFunctional.Layers;

namespace OnnxFunctional.Operators;

/// <summary>An operator that reads or gives text.</summary>
internal abstract record TextOp : Op
{
    public sealed override bool TakesText => true;

    /// <summary>The spec of the input, which must be text.</summary>
    protected static TensorSpec Text(ReadOnlySpan<TensorSpec> inputs) => inputs[0].Type == DType.String
        ? inputs[0]
        : throw new ModelException($"takes text, but got {inputs[0].Type.KerasName()} {inputs[0].Shape}. Make the input with dtype: DType.String.");
}

/// <summary>The indices of each text's tokens, cut at a length, and padded with zeros: (batch) to (batch, length).</summary>
/// <param name="Rules">How texts become tokens.</param>
/// <param name="Words">The indices of tokens.</param>
/// <param name="Length">The number of indices.</param>
internal sealed record TokenIndices(TextRules Rules, WordTable Words, int Length) : TextOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [new(Text(inputs).Shape.Insert(inputs[0].Shape.Rank, Length), DType.Int64)];
}

/// <summary>How often each index occurs among the tokens of each text: (batch) to (batch, indices).</summary>
/// <param name="Rules">How texts become tokens.</param>
/// <param name="Words">The indices of tokens.</param>
internal sealed record CountTokens(TextRules Rules, WordTable Words) : TextOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [new(Text(inputs).Shape.Insert(inputs[0].Shape.Rank, Words.Size), DType.Float32)];
}

/// <summary>The index of each word.</summary>
/// <param name="Words">The indices of words.</param>
internal sealed record LookupText(WordTable Words) : TextOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [Text(inputs) with { Type = DType.Int64 }];
}

/// <summary>The word of each index.</summary>
/// <param name="Words">The words by index.</param>
/// <param name="Other">The word of an index without one.</param>
internal sealed record WordsAt(IReadOnlyList<string> Words, string Other) : TextOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0] with { Type = DType.String }];

    /// <summary>The word of an index.</summary>
    public string WordAt(long index) => index >= 0 && index < Words.Count ? Words[(int)index] : Other;
}

/// <summary>The bin of each word, or of each integer as its decimal digits.</summary>
/// <param name="Bins">The number of bins.</param>
/// <param name="Mask">The word whose bin is 0, and which no other word has then.</param>
/// <param name="Salt">The key of the hash; without one it has none.</param>
internal sealed record HashText(int Bins, string? Mask, (ulong First, ulong Second)? Salt) : TextOp
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => [inputs[0] with { Type = DType.Int64 }];

    /// <summary>The bin of a word.</summary>
    public long BinOf(string word)
    {
        if (word == Mask) return 0;
        var hash = Salt is { } key ? TextHash.Keyed(word, key.First, key.Second) : TextHash.Fingerprint(word);
        return Mask is null ? (long)(hash % (ulong)Bins) : 1 + (long)(hash % (ulong)(Bins - 1));
    }
}

/// <summary>The bin of several features together, text or integers: TensorFlow's hash of a cross.</summary>
/// <param name="Bins">The number of bins.</param>
internal sealed record CrossHash(int Bins) : TextOp
{
    // The key that TensorFlow uses where none is given.
    private const ulong Key = 0xDECAFCAFFE;

    private const ulong Factor = 0xc6a4a7935bd1e995;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        foreach (var input in inputs)
        {
            if (input.Type is not (DType.String or DType.Int64))
                throw new ModelException($"takes text or integers, but got {input.Type.KerasName()}. Cast real numbers to integers, or use Discretization.");
            if (!input.Shape.IsCompatibleWith(inputs[0].Shape))
                throw new ModelException($"takes features of equal shapes, but got {inputs[0].Shape} and {input.Shape}. Reshape one of them.");
        }

        return [inputs[0] with { Type = DType.Int64 }];
    }

    /// <summary>The bin of features, each as a hash or as an integer.</summary>
    public long BinOf(ReadOnlySpan<ulong> features)
    {
        var hash = Key;
        foreach (var feature in features)
        {
            unchecked
            {
                hash ^= Factor;
                hash ^= Shifted(feature * Factor) * Factor;
                hash *= Factor;
                hash = Shifted(Shifted(hash) * Factor);
            }
        }

        return (long)(hash % (ulong)Bins);

        static ulong Shifted(ulong value) => value ^ (value >> 47);
    }
}
