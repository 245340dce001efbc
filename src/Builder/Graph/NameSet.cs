using System.Globalization;

namespace OnnxFunctional;

/// <summary>
/// Names that are taken. It remembers how far each name was numbered, so that thousands of equal wishes take time in proportion to their number.
/// </summary>
internal sealed class NameSet
{
    private readonly HashSet<string> _taken;
    private readonly Dictionary<string, int> _last = new(StringComparer.Ordinal);

    /// <param name="taken">Names that are taken from the start.</param>
    public NameSet(params IEnumerable<string> taken) => _taken = new(taken, StringComparer.Ordinal);

    /// <summary>Takes a name; false if it is taken.</summary>
    public bool Add(string name) => _taken.Add(name);

    public bool Contains(string name) => _taken.Contains(name);

    /// <summary>Takes the wanted name, or the first of name_1, name_2 ... that is free, and returns it.</summary>
    public string Unique(string wanted)
    {
        if (_taken.Add(wanted)) return wanted;
        var number = _last.GetValueOrDefault(wanted);
        string name;
        do name = wanted + "_" + (++number).ToString(CultureInfo.InvariantCulture);
        while (!_taken.Add(name));
        _last[wanted] = number;
        return name;
    }
}
