using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>Other shapes, pieces and selections.</content>
public static partial class Ops
{
    /// <summary>Tensors one after the other along an axis.</summary>
    /// <param name="tensors">They agree in every other dimension.</param>
    /// <param name="axis">The axis they are joined along.</param>
    public static SymbolicTensor Concatenate(SymbolicTensors tensors, int axis = -1) => tensors.Count == 1 ? tensors[0] : Make(new Concat(axis), tensors.Span);

    /// <summary>A new axis of size 1 at that place of the result.</summary>
    public static SymbolicTensor ExpandDims(SymbolicTensor x, Axes axis) => Make(new Unsqueeze(axis.List), x);

    /// <summary>Slices along an axis, chosen by whole numbers.</summary>
    /// <param name="x">What is chosen from.</param>
    /// <param name="indices">Whole numbers of any shape; negative ones count from the end.</param>
    /// <param name="axis">The axis they count along.</param>
    /// <returns>x's shape with that axis replaced by the shape of the indices.</returns>
    public static SymbolicTensor Take(SymbolicTensor x, SymbolicTensor indices, int axis = 0) => Make(new Gather(axis), x, indices);

    /// <summary>One at the index, zero elsewhere, along a new last axis.</summary>
    public static SymbolicTensor OneHot(SymbolicTensor indices, int numClasses) => Make(new OneHot(numClasses), indices);

    /// <summary>A number added before and after each axis.</summary>
    public static SymbolicTensor Pad(SymbolicTensor x, ReadOnlySpan<int> before, ReadOnlySpan<int> after, float value = 0) => Make(new Pad(IntList.Create(before), IntList.Create(after), PadMode.Constant, value), x);

    /// <summary>The same elements in another shape: 0 keeps a dimension, -1 (once) is what remains.</summary>
    /// <example><c>Ops.Reshape(x, 0, -1)</c> flattens everything but the batch.</example>
    public static SymbolicTensor Reshape(SymbolicTensor x, params ReadOnlySpan<int> shape) => Make(new Reshape(IntList.Create(shape)), x);

    /// <summary>A range of one axis: from start (inclusive) to end (exclusive) by steps; negative positions count from the end.</summary>
    /// <param name="x">What is cut.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="start">The first position.</param>
    /// <param name="end">The position after the last; none means to the end (with a negative step: to the front).</param>
    /// <param name="step">Every how many positions.</param>
    public static SymbolicTensor Slice(SymbolicTensor x, int axis, int start, int? end = null, int step = 1) =>
        Make(new Slice([axis], [start], [end ?? (step > 0 ? int.MaxValue : int.MinValue)], [step]), x);

    /// <summary>Pieces of given sizes along an axis.</summary>
    public static SymbolicTensors Split(SymbolicTensor x, ReadOnlySpan<int> sizes, int axis = -1) => MakeAll(new Split(axis, IntList.Create(sizes)), x);

    /// <summary>Without axes of size 1.</summary>
    public static SymbolicTensor Squeeze(SymbolicTensor x, Axes axis) => Make(new Squeeze(axis.List), x);

    /// <summary>The whole repeated along each axis.</summary>
    public static SymbolicTensor Tile(SymbolicTensor x, params ReadOnlySpan<int> repeats) => Make(new Tile(IntList.Create(repeats)), x);

    /// <summary>Axes in another order: axis i of the result is axis <c>permutation[i]</c> of x.</summary>
    public static SymbolicTensor Transpose(SymbolicTensor x, params ReadOnlySpan<int> permutation) => Make(new Transpose(IntList.Create(permutation)), x);
}
