using System.Collections;
using System.Diagnostics.CodeAnalysis;
using OnnxFunctional.Notebooks;

namespace OnnxFunctional.Training;

/// <summary>Losses and metrics of data: by name, <c>scores["accuracy"]</c>, or in Keras' order, where the loss is the first: <c>scores[0]</c>.</summary>
/// <example><c>var (loss, accuracy) = trainer.Evaluate(x, y);</c></example>
[SuppressMessage("Naming", "CA1710", Justification = "The name says what it holds.")]
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public sealed class Scores : IReadOnlyDictionary<string, double>, IHtml
{
    private readonly OrderedDictionary<string, double> _values;

    internal Scores(IEnumerable<KeyValuePair<string, double>> values) => _values = new(values);

    /// <summary>The number of values.</summary>
    public int Count => _values.Count;

    /// <summary>The names, in order.</summary>
    public IEnumerable<string> Keys => _values.Keys;

    /// <summary>The values, in order.</summary>
    public IEnumerable<double> Values => _values.Values;

    /// <summary>The value of that name.</summary>
    /// <param name="key">The name: <c>loss</c>, <c>accuracy</c>.</param>
    /// <exception cref="ModelException">There is none; the message lists the names.</exception>
    public double this[string key] => _values.TryGetValue(key, out var value)
        ? value
        : throw new ModelException($"There is no value '{key}'." + Suggested(key) + $" There are: {string.Join(", ", _values.Keys)}.");

    /// <summary>The value at an index: 0 is the loss; those of outputs and the metrics follow.</summary>
    /// <param name="index">The position: the loss first, then metrics in order.</param>
    /// <exception cref="ModelException">There are fewer values; the message lists their names.</exception>
    public double this[int index] => index >= 0 && index < Count
        ? _values.GetAt(index).Value
        : throw new ModelException($"There is no value {index}; expected 0 to {Count - 1}: {string.Join(", ", _values.Keys)}.");

    /// <summary>Deconstructs the loss and one metric.</summary>
    /// <param name="loss">The loss.</param>
    /// <param name="metric">The metric.</param>
    /// <exception cref="ModelException">There are more or fewer values.</exception>
    public void Deconstruct(out double loss, out double metric) => (loss, metric) = (Expect(2)[0], this[1]);

    /// <summary>Deconstructs the loss and two metrics.</summary>
    /// <param name="loss">The loss.</param>
    /// <param name="metric1">The first metric.</param>
    /// <param name="metric2">The second metric.</param>
    /// <exception cref="ModelException">There are more or fewer values.</exception>
    public void Deconstruct(out double loss, out double metric1, out double metric2) => (loss, metric1, metric2) = (Expect(3)[0], this[1], this[2]);

    /// <summary>Whether there is a value of that name.</summary>
    /// <param name="key">The name.</param>
    public bool ContainsKey(string key) => _values.ContainsKey(key);

    /// <summary>Finds the value of a name.</summary>
    /// <param name="key">The name.</param>
    /// <param name="value">The value, if there is one.</param>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out double value) => _values.TryGetValue(key, out value);

    /// <summary>Enumerates names and values in order.</summary>
    public IEnumerator<KeyValuePair<string, double>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Names and values: <c>loss: 0.2145 - accuracy: 0.9366</c>.</summary>
    public override string ToString() => string.Join(" - ", _values.Select(value => $"{value.Key}: {LogNumber.Text(value.Value)}"));

    void IHtml.WriteHtml(HtmlWriter html) =>
        html.Table([.. Keys], [[.. Values.Select(LogNumber.Text)]], numbers: [.. Enumerable.Range(0, Count)]);

    private string Suggested(string key) => Naming.Nearest(key, _values.Keys) is { } nearest ? $" Did you mean '{nearest}'?" : "";

    private Scores Expect(int count) => Count == count
        ? this
        : throw new ModelException($"{Count} values cannot be deconstructed into {count} variables: {string.Join(", ", _values.Keys)}.");
}
