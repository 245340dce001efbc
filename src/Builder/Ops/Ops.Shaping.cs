using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <content>Shapes, pieces and selections.</content>
public static partial class Ops
{
    /// <summary>Joins tensors along an axis (https://keras.io/api/ops/numpy/#concatenate-function).</summary>
    /// <param name="tensors">Tensors of the same type that agree in all other dimensions.</param>
    /// <param name="axis">The axis along which they are joined.</param>
    /// <exception cref="ModelException">The tensors differ in another dimension or in type.</exception>
    public static SymbolicTensor Concatenate(SymbolicTensors tensors, int axis = -1) =>
        tensors.Count == 1 ? tensors[0] : Make(new Concat(axis), Promote(tensors).Span);

    /// <summary>Inserts axes of size 1 at these positions of the result (https://keras.io/api/ops/numpy/#expand_dims-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The positions of the new axes in the result.</param>
    /// <exception cref="ModelException">An axis is out of range or named twice.</exception>
    public static SymbolicTensor ExpandDims(SymbolicTensor x, Axes axis) => View(new Unsqueeze(axis.List), x);

    /// <summary>Selects slices along an axis by index (https://keras.io/api/ops/numpy/#take-function).</summary>
    /// <param name="x">The tensor to select from.</param>
    /// <param name="indices">Integers of any shape; negative ones count from the end.</param>
    /// <param name="axis">The axis that the indices count along.</param>
    /// <returns>The shape of x with that axis replaced by the shape of the indices.</returns>
    /// <exception cref="ModelException">The indices are not integers, or there is no such axis.</exception>
    public static SymbolicTensor Take(SymbolicTensor x, SymbolicTensor indices, int axis = 0) => Make(new Gather(axis), x, indices);

    /// <summary>
    /// 1 at the index, 0 elsewhere, along a new last axis; an index out of range gives zeros (https://keras.io/api/ops/nn/#one_hot-function).
    /// </summary>
    /// <param name="indices">Integers from 0.</param>
    /// <param name="numClasses">The size of the new last axis.</param>
    /// <exception cref="ModelException">The indices are not integers, or there are no classes.</exception>
    public static SymbolicTensor OneHot(SymbolicTensor indices, int numClasses) =>
        Make(new OneHot(Check.Positive(numClasses, nameof(OneHot), nameof(numClasses))), indices);

    /// <summary>
    /// The lower triangle of matrices: elements above a diagonal become 0 (https://keras.io/api/ops/numpy/#tril-function).
    /// </summary>
    /// <param name="x">Matrices, (..., rows, columns).</param>
    /// <param name="k">The diagonal: 0 is the main one, positive ones lie above it.</param>
    /// <exception cref="ModelException">The tensor has less than two axes.</exception>
    public static SymbolicTensor Tril(SymbolicTensor x, int k = 0) => Make(new Trilu(false, k), x);

    /// <summary>
    /// The upper triangle of matrices: elements below a diagonal become 0 (https://keras.io/api/ops/numpy/#triu-function).
    /// </summary>
    /// <param name="x">Matrices, (..., rows, columns).</param>
    /// <param name="k">The diagonal: 0 is the main one, positive ones lie above it.</param>
    /// <exception cref="ModelException">The tensor has less than two axes.</exception>
    public static SymbolicTensor Triu(SymbolicTensor x, int k = 0) => Make(new Trilu(true, k), x);

    /// <summary>Adds a constant value before and after each axis (https://keras.io/api/ops/numpy/#pad-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="before">How many elements are added before each axis, the batch included.</param>
    /// <param name="after">How many elements are added after each axis.</param>
    /// <param name="value">The value of the added elements.</param>
    /// <exception cref="ModelException">There is not one number per axis.</exception>
    public static SymbolicTensor Pad(SymbolicTensor x, ReadOnlySpan<int> before, ReadOnlySpan<int> after, double value = 0) =>
        Make(new Pad(IntList.Create(before), IntList.Create(after), PadMode.Constant, (float)value), x);

    /// <summary>
    /// The same elements in another shape: 0 keeps a dimension, -1 (at most once) is inferred (https://keras.io/api/ops/numpy/#reshape-function).
    /// </summary>
    /// <param name="x">The tensor.</param>
    /// <param name="shape">The new dimensions, the batch included; -1 once for what remains.</param>
    /// <exception cref="ModelException">The elements do not fit the new shape.</exception>
    /// <example><c>Ops.Reshape(x, 0, -1)</c> flattens everything but the batch.</example>
    public static SymbolicTensor Reshape(SymbolicTensor x, params ReadOnlySpan<int> shape) => View(new Reshape(IntList.Create(shape)), x);

    /// <summary>Selects a range of an axis, from start (inclusive) to end (exclusive); negative positions count from the end.</summary>
    /// <param name="x">The tensor to cut.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="start">The first position.</param>
    /// <param name="end">The position after the last. Default: to the end, or with a negative step to the start.</param>
    /// <param name="step">The distance between selected positions.</param>
    /// <exception cref="ModelException">There is no such axis, or the step is 0.</exception>
    public static SymbolicTensor Slice(SymbolicTensor x, int axis, int start, int? end = null, int step = 1) =>
        Make(new Slice([axis], [start], [end ?? (step > 0 ? int.MaxValue : int.MinValue)], [step]), x);

    /// <summary>One position of an axis, which stays with size 1; a negative position counts from the end.</summary>
    internal static SymbolicTensor Position(SymbolicTensor x, int axis, int position)
    {
        var size = x.Shape.Dims[axis];
        if (size != Shape.Unknown && (position >= size || position < -size))
            throw new ModelException($"the index {position} is out of range for axis {axis} of {x.Shape}; expected {-size} to {size - 1}.");
        return Slice(x, axis, position, position == -1 ? null : position + 1);
    }

    /// <summary>Joins tensors of the same shape along a new axis (https://keras.io/api/ops/numpy/#stack-function).</summary>
    /// <param name="tensors">Tensors of the same shape.</param>
    /// <param name="axis">The position of the new axis in the result.</param>
    /// <exception cref="ModelException">The tensors differ in shape or type.</exception>
    public static SymbolicTensor Stack(SymbolicTensors tensors, int axis = 0) =>
        Concatenate(tensors.Select(tensor => ExpandDims(tensor, axis)).ToArray(), axis);

    /// <summary>Cuts a tensor into pieces of these sizes along an axis (https://keras.io/api/ops/numpy/#split-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="sizes">The sizes of the parts along the axis.</param>
    /// <param name="axis">The axis, which counts from the end if negative.</param>
    /// <exception cref="ModelException">The sizes do not add up to that of the axis, or there is no such axis.</exception>
    public static SymbolicTensors Split(SymbolicTensor x, ReadOnlySpan<int> sizes, int axis = -1) => MakeAll(new Split(axis, IntList.Create(sizes)), x);

    /// <summary>Removes axes of size 1 (https://keras.io/api/ops/numpy/#squeeze-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axes, of size 1, that are removed.</param>
    /// <exception cref="ModelException">An axis does not exist, or its size is not 1.</exception>
    public static SymbolicTensor Squeeze(SymbolicTensor x, Axes axis) => View(new Squeeze(axis.List), x);

    /// <summary>Repeats a tensor along each axis (https://keras.io/api/ops/numpy/#tile-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="repeats">How often each axis is repeated, the batch included.</param>
    /// <exception cref="ModelException">There is not one number per axis, or one is negative.</exception>
    public static SymbolicTensor Tile(SymbolicTensor x, params ReadOnlySpan<int> repeats) => Make(new Tile(IntList.Create(repeats)), x);

    /// <summary>Reorders axes: axis i of the result is axis <c>permutation[i]</c> of x (https://keras.io/api/ops/numpy/#transpose-function).</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="permutation">Which axis of the input each axis of the result is.</param>
    /// <exception cref="ModelException">The permutation does not name each axis once.</exception>
    public static SymbolicTensor Transpose(SymbolicTensor x, params ReadOnlySpan<int> permutation) => Make(new Transpose(IntList.Create(permutation)), x);

    /// <summary>The elements in another shape. A view of a constant is one: a file has no form for a step without tensors.</summary>
    private static SymbolicTensor View(ViewOp op, SymbolicTensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x.Value.Producer.Op is Operators.Constant { Data: var data } ? Make(new Constant(data.In(op.Infer([x.Value.Spec])[0].Shape))) : Make(op, x);
    }
}
