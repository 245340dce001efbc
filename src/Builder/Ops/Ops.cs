using OnnxFunctional.Operators;

namespace OnnxFunctional;

/// <summary>
/// Functions of tensors for custom layers, losses and activations, as in keras.ops (https://keras.io/api/ops/). Each becomes one or a few ONNX operators.
/// </summary>
public static partial class Ops
{
    // Float32 holds all whole numbers up to this one.
    private const long LargestExact = 1 << 24;

    /// <summary>A number as a tensor of rank 0.</summary>
    /// <param name="value">The value.</param>
    public static SymbolicTensor Constant(double value) => Make(new Operators.Constant(TensorData.Of(Shape.Of(), [(float)value])));

    /// <summary>A constant tensor from its elements in row-major order.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="values">The elements, row by row.</param>
    /// <exception cref="ModelException">The shape has another number of elements.</exception>
    public static SymbolicTensor Constant(Shape shape, ReadOnlySpan<float> values) => Make(new Operators.Constant(TensorData.Of(shape, values)));

    /// <summary>A constant tensor of integers from its elements in row-major order.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="values">The elements, row by row.</param>
    /// <exception cref="ModelException">The shape has another number of elements.</exception>
    public static SymbolicTensor Constant(Shape shape, ReadOnlySpan<long> values) => Make(new Operators.Constant(TensorData.Of(shape, values)));

    /// <summary>A number of a program's text: float32 where that is exact, as Keras has it, else an integer.</summary>
    internal static SymbolicTensor WholeNumber(long value) =>
        Math.Abs((double)value) <= LargestExact ? Constant(value) : WholeNumber(value, FitsInt32(value) ? DType.Int32 : DType.Int64);

    private static bool FitsInt32(long value) => value is >= int.MinValue and <= int.MaxValue;

    private static SymbolicTensor WholeNumber(long value, DType type) =>
        Make(new Operators.Constant(type == DType.Int64 ? TensorData.Of(Shape.Of(), [value]) : TensorData.Of(Shape.Of(), [(int)value])));

    /// <summary>A constant tensor whose elements are all the same number.</summary>
    internal static SymbolicTensor Filled(Shape shape, float value)
    {
        var values = new float[Sizes.Count(shape, "A constant of shape")];
        Array.Fill(values, value);
        return Constant(shape, values);
    }

    internal static SymbolicTensor Constant(DoubleValues values) => values.IsSingle ? Constant(values[0]) : Constant(Shape.Of(values.Count), values.ToFloats());

    /// <summary>Zeros of a known shape (https://keras.io/api/ops/numpy/#zeros-function); <see cref="ZerosLike"/> takes the shape of a tensor.</summary>
    /// <param name="shape">The dimensions, all known.</param>
    /// <param name="dtype">The type of the elements.</param>
    /// <exception cref="ModelException">A dimension is unknown.</exception>
    public static SymbolicTensor Zeros(Shape shape, DType dtype = DType.Float32) => Full(shape, 0, dtype);

    /// <summary>Ones of a known shape (https://keras.io/api/ops/numpy/#ones-function); <see cref="OnesLike"/> takes the shape of a tensor.</summary>
    /// <param name="shape">The dimensions, all known.</param>
    /// <param name="dtype">The type of the elements.</param>
    /// <exception cref="ModelException">A dimension is unknown.</exception>
    public static SymbolicTensor Ones(Shape shape, DType dtype = DType.Float32) => Full(shape, 1, dtype);

    /// <summary>A tensor of a known shape whose elements are all the same number (https://keras.io/api/ops/numpy/#full-function).</summary>
    /// <param name="shape">The dimensions, all known.</param>
    /// <param name="fillValue">The number.</param>
    /// <param name="dtype">The type of the elements.</param>
    /// <exception cref="ModelException">A dimension is unknown.</exception>
    public static SymbolicTensor Full(Shape shape, double fillValue, DType dtype = DType.Float32) => shape.IsKnown
        ? Cast(Filled(shape, (float)fillValue), dtype)
        : throw new ModelException(
            $"a constant of shape {shape} needs known dimensions. Give the input a batch size, Model.Input(batchShape: [16, 10]), "
            + "or take the shape of a tensor: Ops.ZerosLike(x).");

    /// <summary>Zeros of the shape of <paramref name="x"/>.</summary>
    /// <param name="x">The tensor.</param>
    public static SymbolicTensor ZerosLike(SymbolicTensor x) => Make(new ExpandLike(), Constant(0), x);

    /// <summary>Ones of the shape of <paramref name="x"/>.</summary>
    /// <param name="x">The tensor.</param>
    public static SymbolicTensor OnesLike(SymbolicTensor x) => Make(new ExpandLike(), Constant(1), x);

    /// <summary>Matrix product over the last two axes; leading axes are broadcast (https://keras.io/api/ops/numpy/#matmul-function).</summary>
    /// <param name="a">(..., m, k), or (k,).</param>
    /// <param name="b">(..., k, n), or (k,).</param>
    /// <returns>(..., m, n); the axis of a one-dimensional side is dropped.</returns>
    /// <exception cref="ModelException">The inner dimensions differ.</exception>
    public static SymbolicTensor MatMul(SymbolicTensor a, SymbolicTensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        var (left, right) = (a.Rank == 1 ? ExpandDims(a, 0) : a, b.Rank == 1 ? ExpandDims(b, 1) : b);
        var product = Make(new MatMul(), left, right);
        if (b.Rank == 1) product = Squeeze(product, -1);
        return a.Rank == 1 ? Squeeze(product, b.Rank == 1 ? -1 : -2) : product;
    }

    /// <summary>Applies an operator to tensors; the node belongs to the innermost layer call among theirs.</summary>
    internal static SymbolicTensors MakeAll(Op op, params ReadOnlySpan<SymbolicTensor> inputs)
    {
        LayerCall? scope = null;
        var values = new Value[inputs.Length];
        for (var i = 0; i < inputs.Length; i++)
        {
            ArgumentNullException.ThrowIfNull(inputs[i]);
            if (inputs[i].DType == DType.String && !op.TakesText && !op.ReadsOnlyShapeOf(i))
                throw new ModelException("computes with numbers, but got text. Make numbers of it first, with StringLookup, TextVectorization or Hashing.");
            var isWhole = inputs[i].DType is DType.Int8 or DType.UInt8 or DType.Int32 or DType.Int64 or DType.Bool;
            values[i] = isWhole && op.TakesFloats(i) ? Cast(inputs[i], DType.Float32).Value : inputs[i].Value;
            if (inputs[i].Scope is { } other && other.Depth > (scope?.Depth ?? 0)) scope = other;
        }

        var node = Node.Create(op, values, scope);
        var outputs = new SymbolicTensor[node.Outputs.Count];
        for (var i = 0; i < outputs.Length; i++) outputs[i] = new SymbolicTensor(node.Outputs[i], scope);
        return outputs;
    }

    internal static SymbolicTensor Make(Op op, params ReadOnlySpan<SymbolicTensor> inputs) => MakeAll(op, inputs)[0];
}
