namespace OnnxFunctional.Training.Data;

/// <summary>
/// Items for the inputs or outputs of a model: in its order, <c>[a, b]</c>, or by name, <c>new() { ["class"] = a }</c>.
/// </summary>
/// <param name="items">Items in the model's order.</param>
/// <param name="what">What the items are, in messages: <c>losses</c>.</param>
internal sealed class NamedItems<T>(ReadOnlySpan<T> items, string what)
{
    private readonly List<T> _items = [.. items];
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private List<string>? _names;

    /// <summary>The items, by position or in the order in which they were named.</summary>
    public IReadOnlyList<T> Items => _items;

    /// <summary>The names, if the items were given by name.</summary>
    public IReadOnlyList<string>? Names => _names;

    /// <summary>Items by name.</summary>
    public static NamedItems<T> Of(IEnumerable<KeyValuePair<string, T>> items, string what)
    {
        var result = new NamedItems<T>([], what) { _names = [] };
        foreach (var (name, item) in items) result.Set(name, item);
        return result;
    }

    /// <summary>The item of that name.</summary>
    /// <exception cref="ModelException">There is none; the message lists the names.</exception>
    public T Get(string name) => Find(name, out var item)
        ? item
        : throw new ModelException(
            _names is null
                ? $"The {what} have no names: they were given in the model's order."
                : $"There is no '{name}' among the {what} ({Quoted(_names)}).");

    /// <summary>Gives the item of a name.</summary>
    /// <exception cref="ModelException">Other items were given by position.</exception>
    public void Set(string name, T item)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_names is null && _items.Count > 0)
            throw new ModelException($"The {what} were given in the model's order, so '{name}' cannot be added by name. Give all by name, or all in order.");
        _names ??= [];
        if (!_places.TryAdd(name, _items.Count))
        {
            _items[_places[name]] = item;
            return;
        }

        _names.Add(name);
        _items.Add(item);
    }

    /// <summary>The item of that name, or at that position if the items have no names.</summary>
    public bool Find(string name, int position, out T item)
    {
        var place = _names is null ? position : _places.GetValueOrDefault(name, -1);
        var isThere = place >= 0 && place < _items.Count;
        item = isThere ? _items[place] : default!;
        return isThere;
    }

    /// <summary>Checks that items fit the outputs of a model: their names, or their number.</summary>
    /// <param name="outputs">The names of the outputs.</param>
    /// <param name="argument">The argument that gave them, in messages.</param>
    /// <exception cref="ModelException">They do not.</exception>
    public void Check(IReadOnlyList<string> outputs, string argument)
    {
        if (_names is null && _items.Count != outputs.Count)
        {
            throw new ModelException(
                $"{argument} is a list of {_items.Count}, but the model has {outputs.Count} output(s) ({string.Join(", ", outputs)}). "
                + "Give one for each in that order, or give them by name.");
        }

        foreach (var name in (_names ?? []).Except(outputs))
        {
            throw new ModelException(
                $"{argument} names '{name}', but the model's outputs are {Quoted(outputs)}."
                + (Naming.Nearest(name, outputs) is { } nearest
                    ? $" Did you mean '{nearest}'?"
                    : " Outputs are named after the layers that compute them; give those a name."));
        }
    }

    /// <summary>Names in quotes.</summary>
    public static string Quoted(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));

    private bool Find(string name, out T item) => Find(name, -1, out item);
}
