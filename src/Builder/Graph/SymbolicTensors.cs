using System.Collections;
using System.Runtime.CompilerServices;

namespace OnnxFunctional;

/// <summary>One or more tensors, in order: the inputs or outputs of a model. A single tensor and a collection expression convert to it.</summary>
[CollectionBuilder(typeof(SymbolicTensors), nameof(Create))]
public readonly struct SymbolicTensors : IReadOnlyList<SymbolicTensor>
{
    private readonly SymbolicTensor[]? _items;

    private SymbolicTensors(SymbolicTensor[] items) => _items = items;

    /// <summary>The number of tensors.</summary>
    public int Count => _items?.Length ?? 0;

    /// <summary>The tensor at an index.</summary>
    /// <param name="index">The position, from 0.</param>
    public SymbolicTensor this[int index] => (_items ?? [])[index];

    internal ReadOnlySpan<SymbolicTensor> Span => _items;

    /// <summary>Creates the list; called by collection expressions.</summary>
    /// <param name="tensors">The tensors.</param>
    public static SymbolicTensors Create(ReadOnlySpan<SymbolicTensor> tensors) => new(tensors.ToArray());

    /// <summary>Deconstructs two tensors: <c>var (output, state) = gru.CallWithState(x)</c>.</summary>
    /// <param name="first">The first tensor.</param>
    /// <param name="second">The second tensor.</param>
    /// <exception cref="ModelException">There is another number of tensors.</exception>
    public void Deconstruct(out SymbolicTensor first, out SymbolicTensor second) => (first, second) = (Expect(2)[0], this[1]);

    /// <summary>Deconstructs three tensors: <c>var (output, hidden, cell) = lstm.CallWithState(x)</c>.</summary>
    /// <param name="first">The first tensor.</param>
    /// <param name="second">The second tensor.</param>
    /// <param name="third">The third tensor.</param>
    /// <exception cref="ModelException">There is another number of tensors.</exception>
    public void Deconstruct(out SymbolicTensor first, out SymbolicTensor second, out SymbolicTensor third) =>
        (first, second, third) = (Expect(3)[0], this[1], this[2]);

    /// <summary>A list of one.</summary>
    public static implicit operator SymbolicTensors(SymbolicTensor tensor) => new([tensor]);

    /// <summary>A list of several.</summary>
    public static implicit operator SymbolicTensors(SymbolicTensor[] tensors) => Create(tensors);

    /// <summary>Enumerates the tensors in order.</summary>
    public IEnumerator<SymbolicTensor> GetEnumerator() => ((IEnumerable<SymbolicTensor>)(_items ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private SymbolicTensors Expect(int count) =>
        Count == count ? this : throw new ModelException($"{Count} tensors cannot be deconstructed into {count} variables.");
}
