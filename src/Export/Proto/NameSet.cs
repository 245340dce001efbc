using System.Globalization;

namespace OnnxFunctional.Export.Proto;

/// <summary>
/// Names that are taken. It remembers how far each name was numbered, so that thousands of equal wishes take time in proportion to their number.
/// </summary>
internal sealed class NameSet
{
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _last = new(StringComparer.Ordinal);

    /// <summary>Reserves the wanted name, or the first of name_1, name_2 ... that is not taken.</summary>
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
