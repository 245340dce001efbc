using System.Diagnostics;
using OnnxFunctional.Notebooks;

namespace OnnxFunctional;

/// <summary>A tensor that stands for a value of a graph before it is computed. Layers are called on symbolic tensors and return them.</summary>
/// <remarks>
/// It is a handle of a value, with the layer call it was created in and its mask. Two handles of one value are equal.
/// </remarks>
[DebuggerDisplay("{ToString(),nq}")]
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public sealed partial class SymbolicTensor : IEquatable<SymbolicTensor>, IHtml
{
    internal SymbolicTensor(Value value, LayerCall? scope = null, SymbolicTensor? mask = null)
    {
        Value = value;
        Scope = scope;
        Mask = mask;
    }

    /// <summary>The dimensions; the first is the batch, which is usually unknown (<see langword="null"/>).</summary>
    public Shape Shape => Value.Spec.Shape;

    /// <summary>The type of the elements.</summary>
    public DType DType => Value.Spec.Type;

    /// <summary>
    /// Which positions are valid, as a bool tensor over the leading dimensions, or <see langword="null"/> if all are. Embedding and Masking set it;
    /// recurrent layers, attention, losses and metrics read it.
    /// </summary>
    public SymbolicTensor? Mask { get; }

    internal Value Value { get; }

    /// <summary>The layer call whose Forward created this handle; null on the outermost level.</summary>
    internal LayerCall? Scope { get; }

    internal int Rank => Shape.Rank;

    internal SymbolicTensor In(LayerCall? scope) => new(Value, scope, Mask is null ? null : new SymbolicTensor(Mask.Value, scope));

    internal SymbolicTensor WithMask(SymbolicTensor? mask) => ReferenceEquals(mask, Mask) ? this : new(Value, Scope, mask);

    /// <summary>Applies layers to the tensor, one after the other: <c>x.Apply(a, b)</c> is <c>b.Call(a.Call(x))</c>.</summary>
    /// <param name="layers">Layers with one input and one output.</param>
    /// <exception cref="ModelException">A layer does not accept the shape it receives; the message names the layer.</exception>
    public SymbolicTensor Apply(params ReadOnlySpan<Layer> layers)
    {
        var x = this;
        foreach (var layer in layers) x = layer.Call(x);
        return x;
    }

    /// <summary>The layer of an input, so that a list of layers may begin with one: <c>new Sequential([Model.Input([10]), new Dense(3)])</c>.</summary>
    /// <exception cref="ModelException">The tensor is computed by a layer or an operator.</exception>
    public static implicit operator InputLayer(SymbolicTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.Value.Producer.Op is Operators.Placeholder { Layer: var layer }
            ? layer
            : throw new ModelException($"A list of layers begins with an input, Model.Input([10]), but got {tensor}.");
    }

    /// <inheritdoc/>
    public bool Equals(SymbolicTensor? other) => other is not null && ReferenceEquals(Value, other.Value);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SymbolicTensor);

    /// <inheritdoc/>
    public override int GetHashCode() => Value.GetHashCode();

    /// <summary>The shape, type and origin, for the debugger: <c>(None, 10) float32 from dense</c>.</summary>
    public override string ToString() => $"{Shape} {DType.KerasName()} from {Value.Origin}";
}
