namespace OnnxFunctional.Training.Data;

/// <summary>Words as indices in a vocabulary, or as vectors with a one there.</summary>
internal sealed class CategoryCell : LabelCell
{
    private readonly int _oovIndices;
    private readonly bool _isOneHot;
    private Categories _words = new();
    private string[]? _vocabulary;

    public CategoryCell(string column, MissingValues missing, TableColumn kind)
        : base(column, missing)
    {
        (_oovIndices, _isOneHot, _vocabulary) = (kind.NumOovIndices, kind.Kind == ColumnKind.OneHot, kind.Vocabulary?.ToArray());
        foreach (var word in _vocabulary ?? []) _words.Add(word);
    }

    /// <summary>The words by index, without that of others.</summary>
    public IReadOnlyList<string> Vocabulary => _vocabulary ?? [];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Names => !_isOneHot ? [Column]
        : [.. Enumerable.Repeat(Column + "=[UNK]", _oovIndices), .. Vocabulary.Select(word => Column + "=" + word)];

    /// <inheritdoc/>
    public override bool MustLearn => _vocabulary is null;

    /// <summary>Whether words that are not in the vocabulary have an index.</summary>
    public bool TakesOthers => _oovIndices > 0;

    /// <inheritdoc/>
    public override void Learn(TableCursor cursor, int column) => _words.Add(cursor[column]);

    /// <inheritdoc/>
    public override void EndLearning()
    {
        _vocabulary = _words.Sort(out _);
        if (_vocabulary.Length == 0) throw new DataException($"Column '{Column}' has no word, and so no categories. Leave it out.");
        _words = new();
        foreach (var word in _vocabulary) _words.Add(word);
    }

    /// <inheritdoc/>
    public override bool TryRead(ReadOnlySpan<char> cell, out long label)
    {
        var isKnown = _words.TryFind(cell, out var index);
        label = isKnown ? index + _oovIndices : 0;
        return isKnown || TakesOthers;
    }

    /// <inheritdoc/>
    public override bool TryRead(ReadOnlySpan<char> cell, Span<float> values)
    {
        if (!_isOneHot) return base.TryRead(cell, values);
        values.Clear();
        if (!TryRead(cell, out long label)) return false;
        values[(int)label] = 1;
        return true;
    }

    /// <inheritdoc/>
    public override (string Problem, string Remedy) Complaint(ReadOnlySpan<char> cell)
    {
        var known = string.Join(", ", Vocabulary.Take(20)) + (Vocabulary.Count > 20 ? ", ..." : "");
        return ($"none of the categories {known}", "Add it to the vocabulary, or give other words an index with numOovIndices: 1");
    }
}
