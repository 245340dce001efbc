using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace OnnxFunctional.Training;

/// <summary>The values a <see cref="TrainingStep"/> reports, by name. One object serves all calls: the next call overwrites it.</summary>
internal sealed class StepResults(IReadOnlyList<string> names) : IReadOnlyDictionary<string, double>
{
    private readonly string[] _names = [.. names];
    private readonly double[] _values = new double[names.Count];

    /// <summary>The number of values.</summary>
    public int Count => _names.Length;

    /// <summary>The names, in the order they were reported.</summary>
    public IEnumerable<string> Keys => _names;

    /// <summary>The values, in the order of the names.</summary>
    public IEnumerable<double> Values => _values;

    /// <summary>The value of that name.</summary>
    /// <exception cref="ModelException">Nothing is reported under that name; the message lists the names.</exception>
    public double this[string key] =>
        Array.IndexOf(_names, key) is var place and >= 0
            ? _values[place]
            : throw new ModelException(
                $"The step does not report '{key}'." + (Naming.Nearest(key, _names) is { } nearest ? $" Did you mean '{nearest}'?" : "")
                + $" It reports: {string.Join(", ", _names)}.");

    /// <summary>Whether a value of that name is reported.</summary>
    public bool ContainsKey(string key) => Array.IndexOf(_names, key) >= 0;

    /// <summary>The value of that name, if there is one.</summary>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out double value)
    {
        var place = Array.IndexOf(_names, key);
        value = place < 0 ? 0 : _values[place];
        return place >= 0;
    }

    /// <summary>Enumerates names and values, in the order they were reported.</summary>
    public IEnumerator<KeyValuePair<string, double>> GetEnumerator()
    {
        for (var i = 0; i < _names.Length; i++) yield return KeyValuePair.Create(_names[i], _values[i]);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public string NameAt(int place) => _names[place];

    public double At(int place) => _values[place];

    public void Set(int place, double value) => _values[place] = value;
}
