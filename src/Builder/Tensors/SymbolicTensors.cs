using System.Collections;
using System.Runtime.CompilerServices;

namespace OnnxFunctional;

/// <summary>One tensor or several, in order: what a model takes and gives. A single tensor converts to it, and so does a collection literal.</summary>
[CollectionBuilder(typeof(SymbolicTensors), nameof(Create))]
public readonly struct SymbolicTensors : IReadOnlyList<SymbolicTensor>
{
    private readonly SymbolicTensor[]? _items;

    private SymbolicTensors(SymbolicTensor[] items) => _items = items;

    /// <summary>How many tensors there are.</summary>
    public int Count => _items?.Length ?? 0;

    /// <summary>One of them, by position.</summary>
    public SymbolicTensor this[int index] => (_items ?? [])[index];

    internal ReadOnlySpan<SymbolicTensor> Span => _items;

    /// <summary>Makes the list; what a collection literal calls.</summary>
    public static SymbolicTensors Create(ReadOnlySpan<SymbolicTensor> tensors) => new(tensors.ToArray());

    /// <summary>A list of one.</summary>
    public static implicit operator SymbolicTensors(SymbolicTensor tensor) => new([tensor]);

    /// <summary>A list of several.</summary>
    public static implicit operator SymbolicTensors(SymbolicTensor[] tensors) => Create(tensors);

    /// <summary>Goes through the tensors in order.</summary>
    public IEnumerator<SymbolicTensor> GetEnumerator() => ((IEnumerable<SymbolicTensor>)(_items ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
