namespace OnnxFunctional.Training.Data;

/// <summary>The different texts of a column, numbered as they come.</summary>
internal sealed class Categories
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _bySpan;

    public Categories() => _bySpan = _numbers.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>How many there are.</summary>
    public int Count => _numbers.Count;

    /// <summary>The number of a text, which is a new one if it was not seen before.</summary>
    public int Add(ReadOnlySpan<char> text)
    {
        if (_bySpan.TryGetValue(text, out var number)) return number;
        number = _numbers.Count;
        _numbers.Add(text.ToString(), number);
        return number;
    }

    /// <summary>Finds the number of a text.</summary>
    public bool TryFind(ReadOnlySpan<char> text, out int number) => _bySpan.TryGetValue(text, out number);

    /// <summary>The texts in ordinal order.</summary>
    /// <param name="order">The place of each number in that order.</param>
    public string[] Sort(out int[] order)
    {
        string[] texts = [.. _numbers.Keys.Order(StringComparer.Ordinal)];
        order = new int[texts.Length];
        for (var place = 0; place < texts.Length; place++) order[_numbers[texts[place]]] = place;
        return texts;
    }
}
