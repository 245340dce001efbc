namespace OnnxFunctional.Layers;

/// <summary>The vocabulary of the lookup layers. Indices are, in order: the mask token's, those of unknown tokens, those of the known tokens.</summary>
internal sealed class Vocabulary<T>(string layer, int? maxTokens, int unknowns, bool masked, T unknown, T? mask)
    where T : notnull
{
    private readonly Dictionary<T, int> _positions = [];
    private List<T> _tokens = [];

    /// <summary>Known tokens, without the special ones.</summary>
    public IReadOnlyList<T> Tokens => _tokens;

    /// <summary>The factor of each index, special ones included, if documents were counted.</summary>
    public IReadOnlyList<double>? Rarities { get; private set; }

    /// <summary>The index of the first unknown token.</summary>
    public int FirstUnknown => masked ? 1 : 0;

    /// <summary>The index of the first known token.</summary>
    public int First => FirstUnknown + unknowns;

    public int Size => First + _tokens.Count;

    /// <summary>All tokens by index.</summary>
    public IReadOnlyList<T> All => [.. masked ? [mask!] : Array.Empty<T>(), .. Enumerable.Repeat(unknown, unknowns), .. _tokens];

    /// <summary>The index of a token, or -1.</summary>
    public int Find(T token) => _positions.TryGetValue(token, out var position) ? First + position : -1;

    /// <summary>Sets the tokens; the special ones may come first, in their order.</summary>
    /// <exception cref="ModelException">There are no tokens, too many, duplicates, or a special token among them.</exception>
    public void Set(IEnumerable<T> tokens, IReadOnlyList<double>? rarities = null)
    {
        var given = tokens.ToList();
        if (given.Count == 0) throw Wrong("is empty; expected at least one token");
        var special = All.Take(First).ToList();
        var withSpecial = given.Count > First && First > 0 && given.Take(First).SequenceEqual(special);
        var known = withSpecial ? given[First..] : given;
        if (known.GroupBy(token => token).FirstOrDefault(group => group.Count() > 1) is { } repeated)
            throw Wrong($"holds '{repeated.Key}' {repeated.Count()} times; expected each token once");
        if (masked && known.Contains(mask!))
            throw Wrong($"holds the mask token '{mask}' after the first position; leave it out, or start with [{string.Join(", ", special)}]");
        if (maxTokens is { } limit && First + known.Count > limit)
            throw Wrong($"has {known.Count} tokens and {First} special ones; maxTokens allows {limit} together");
        if (rarities is not null && rarities.Count != given.Count)
            throw Wrong($"has {given.Count} tokens, but got {rarities.Count} inverse document frequencies (idfWeights); expected one for each");
        Take(known);
        if (rarities is null) return;
        Rarities = withSpecial ? rarities : [.. Enumerable.Repeat(rarities.Average(), First), .. rarities];
    }

    /// <summary>Learns the most frequent tokens of documents, up to the maximum size.</summary>
    /// <exception cref="ModelException">There are none.</exception>
    public void Adapt(IEnumerable<IEnumerable<T>> documents, Comparison<T> order, bool rarities)
    {
        var (counts, appearances, total) = (new Dictionary<T, long>(), new Dictionary<T, long>(), 0L);
        foreach (var document in documents)
        {
            total++;
            var seen = new HashSet<T>();
            foreach (var token in document)
            {
                if ((masked && token.Equals(mask)) || token.Equals(unknown)) continue;
                counts[token] = counts.GetValueOrDefault(token) + 1;
                if (seen.Add(token)) appearances[token] = appearances.GetValueOrDefault(token) + 1;
            }
        }

        if (counts.Count == 0) throw Wrong("would be empty: Adapt was given no tokens");
        var known = counts.Keys.ToList();
        known.Sort((left, right) => counts[right].CompareTo(counts[left]) is var byCount && byCount != 0 ? byCount : order(right, left));
        if (maxTokens is { } limit && known.Count > limit - First) known.RemoveRange(Math.Max(0, limit - First), known.Count - Math.Max(0, limit - First));
        Take(known);
        if (!rarities) return;
        var idf = known.Select(token => Math.Log(1 + (total / (1.0 + appearances[token])))).ToList();
        Rarities = [.. Enumerable.Repeat(idf.Average(), First), .. idf];
    }

    private void Take(List<T> known)
    {
        _tokens = known;
        _positions.Clear();
        for (var i = 0; i < known.Count; i++) _positions.Add(known[i], i);
    }

    private ModelException Wrong(string what) => new($"{layer}: the vocabulary {what}.") { NamesLayer = true };
}
