using System.ComponentModel;

namespace OnnxFunctional.Layers;

/// <summary>The base of Add, Multiply and the like: tensors of shapes that broadcast, one result.</summary>
/// <remarks>
/// <para>
/// A tensor of fewer dimensions gets axes of size 1 after the batch. The output's mask is true where any input's is; there is none if an input has none.
/// </para>
/// <para>Keras: https://keras.io/api/layers/merging_layers/</para>
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class ElementwiseMerge : MergeLayer
{
    private protected ElementwiseMerge(string? name)
        : base(name)
    {
    }

    /// <inheritdoc/>
    protected sealed override SymbolicTensor Forward(IReadOnlyList<SymbolicTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        var rank = tensors.Max(tensor => tensor.Rank);
        var aligned = new SymbolicTensor[tensors.Count];
        for (var i = 0; i < aligned.Length; i++)
        {
            var x = tensors[i];
            if (x.Rank == 0) throw new ModelException("expected tensors with a batch, but got a scalar. Use Ops for scalars.");
            if (x.Rank < rank) x = Ops.ExpandDims(x, Axes.Create([.. Enumerable.Range(1, rank - x.Rank)])).WithMask(x.Mask);
            aligned[i] = x;
        }

        var result = aligned[0].Shape;
        foreach (var tensor in aligned[1..]) result = Operators.ShapeRules.Broadcast(result, tensor.Shape, ClassName);
        return Merge(aligned);
    }

    private protected abstract SymbolicTensor Merge(SymbolicTensor[] tensors);

    private protected override SymbolicTensor? OutputMask(SymbolicTensors inputs, SymbolicTensors outputs)
    {
        SymbolicTensor? mask = null;
        foreach (var input in inputs)
        {
            if (input.Mask is null) return null;
            mask = mask is null ? input.Mask : Ops.LogicalOr(mask, input.Mask);
        }

        return mask;
    }

    /// <summary>A mask over all but the last axis, in a shape that broadcasts against the elements.</summary>
    private protected static SymbolicTensor? Elements(SymbolicTensor x) => x.Mask is null ? null : Ops.ExpandDims(x.Mask, -1);
}

/// <summary>The sum of all tensors: <c>a + b + ...</c>.</summary>
/// <remarks>
/// <para>Inputs: shapes that broadcast. Output: the broadcast shape. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/merging_layers/add/</para>
/// </remarks>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class Add(string? name = null) : ElementwiseMerge(name)
{
    private protected override SymbolicTensor Merge(SymbolicTensor[] tensors) => tensors.Aggregate(Ops.Add);
}

/// <summary>The difference of two tensors: <c>a - b</c>.</summary>
/// <remarks>
/// <para>Inputs: two shapes that broadcast. Output: the broadcast shape. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/merging_layers/subtract/</para>
/// </remarks>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class Subtract(string? name = null) : ElementwiseMerge(name)
{
    private protected override SymbolicTensor Merge(SymbolicTensor[] tensors) =>
        tensors.Length == 2
            ? tensors[0] - tensors[1]
            : throw new ModelException($"takes two tensors, but got {tensors.Length}. Chain several Subtract layers, or use Ops.");
}

/// <summary>The mean of all tensors: <c>(a + b + ...) / count</c>.</summary>
/// <remarks>
/// <para>Inputs: shapes that broadcast. Output: the broadcast shape. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/merging_layers/average/</para>
/// </remarks>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class Average(string? name = null) : ElementwiseMerge(name)
{
    private protected override SymbolicTensor Merge(SymbolicTensor[] tensors) => tensors.Aggregate(Ops.Add) / tensors.Length;
}

/// <summary>The product of all tensors: <c>a b ...</c>; masked elements count as 1.</summary>
/// <remarks>
/// <para>Inputs: shapes that broadcast. Output: the broadcast shape, 0 where all masks are false. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/merging_layers/multiply/</para>
/// </remarks>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class Multiply(string? name = null) : ElementwiseMerge(name)
{
    private protected override SymbolicTensor Merge(SymbolicTensor[] tensors)
    {
        var product = tensors.Select(x => Elements(x) is { } mask ? Ops.Where(mask, x, 1) : x).Aggregate(Ops.Multiply);
        var masks = tensors.Select(Elements).OfType<SymbolicTensor>().ToList();
        return masks.Count == tensors.Length ? Ops.Where(masks.Aggregate(Ops.LogicalOr), product, 0) : product;
    }
}

/// <summary>The base of Maximum and Minimum: masked elements do not count.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class ExtremumMerge : ElementwiseMerge
{
    private protected ExtremumMerge(string? name)
        : base(name)
    {
    }

    private protected sealed override SymbolicTensor Merge(SymbolicTensor[] tensors)
    {
        var (result, shown) = (tensors[0], Elements(tensors[0]));
        foreach (var tensor in tensors[1..])
        {
            var (x, mask) = (tensor, Elements(tensor));
            if (mask is not null) x = Ops.Where(mask, x, result);
            if (shown is not null) result = Ops.Where(shown, result, x);
            shown = mask is not null && shown is not null ? Ops.LogicalOr(shown, mask) : null;
            result = Choose(result, x);
        }

        return result;
    }

    private protected abstract SymbolicTensor Choose(SymbolicTensor left, SymbolicTensor right);
}

/// <summary>The elementwise maximum of all tensors: <c>max(a, b, ...)</c>.</summary>
/// <remarks>
/// <para>Inputs: shapes that broadcast. Output: the broadcast shape. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/merging_layers/maximum/</para>
/// </remarks>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class Maximum(string? name = null) : ExtremumMerge(name)
{
    private protected override SymbolicTensor Choose(SymbolicTensor left, SymbolicTensor right) => Ops.Maximum(left, right);
}

/// <summary>The elementwise minimum of all tensors: <c>min(a, b, ...)</c>.</summary>
/// <remarks>
/// <para>Inputs: shapes that broadcast. Output: the broadcast shape. No weights.</para>
/// <para>Keras: https://keras.io/api/layers/merging_layers/minimum/</para>
/// </remarks>
/// <param name="name">The layer's name; by default the model chooses one.</param>
public sealed class Minimum(string? name = null) : ExtremumMerge(name)
{
    private protected override SymbolicTensor Choose(SymbolicTensor left, SymbolicTensor right) => Ops.Minimum(left, right);
}
