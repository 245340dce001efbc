namespace OnnxFunctional.Layers;

/// <summary>The indices of words: what a lookup of text computes.</summary>
/// <param name="vocabulary">The known words.</param>
/// <param name="mask">The word that stands for padding, if there is one.</param>
/// <param name="maskIndex">Its index; -1 where padding is left out.</param>
/// <param name="unknowns">The number of indices for unknown words, which a hash distributes over them.</param>
internal sealed class WordTable(Vocabulary<string> vocabulary, string? mask, int maskIndex, int unknowns)
{
    /// <summary>The index of words that have none.</summary>
    public const int Refused = -1;

    /// <summary>The number of indices.</summary>
    public int Size => vocabulary.Size;

    /// <summary>The number of indices for unknown words.</summary>
    public int Unknowns => unknowns;

    /// <summary>The index of unknown words, if they share one.</summary>
    public int UnknownIndex => unknowns == 1 ? vocabulary.FirstUnknown : Refused;

    /// <summary>All words by index.</summary>
    public IReadOnlyList<string> All { get; } = vocabulary.All;

    /// <summary>Padding, then the known words, each with its index.</summary>
    public IEnumerable<(string Word, int Index)> Entries
    {
        get
        {
            if (mask is not null) yield return (mask, maskIndex);
            for (var i = 0; i < vocabulary.Tokens.Count; i++) yield return (vocabulary.Tokens[i], vocabulary.First + i);
        }
    }

    /// <summary>Whether words of no index are refused, and this one is such a word.</summary>
    public bool Refuses(string word) => unknowns == 0 && word != mask && vocabulary.Find(word) < 0;

    /// <summary>The index of a word.</summary>
    public int IndexOf(string word)
    {
        if (mask is not null && word == mask) return maskIndex;
        var found = vocabulary.Find(word);
        if (found >= 0) return found;
        return unknowns switch
        {
            0 => Refused,
            1 => vocabulary.FirstUnknown,
            _ => vocabulary.FirstUnknown + (int)(TextHash.Fingerprint(word) % (ulong)unknowns),
        };
    }

    /// <summary>The indices of words, cut at the length of the row, and padded with zeros.</summary>
    public void Indices(IReadOnlyList<string> words, Span<long> row)
    {
        for (var i = 0; i < row.Length; i++) row[i] = i < words.Count ? IndexOf(words[i]) : 0;
    }

    /// <summary>How often each index occurs among words; those of no index are left out.</summary>
    public void Count(IEnumerable<string> words, Span<float> row)
    {
        row.Clear();
        foreach (var word in words)
        {
            if (IndexOf(word) is >= 0 and var index) row[index]++;
        }
    }
}
