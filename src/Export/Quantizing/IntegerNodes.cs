using System.Runtime.InteropServices;
using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Quantizing;

/// <summary>The nodes by which integers stand for floats, in the forms that ONNX Runtime has operators for.</summary>
internal static class IntegerNodes
{
    /// <summary>A value through its 8-bit form.</summary>
    public static Value Rounded(Value value, Quantum quantum, LayerCall? scope)
    {
        var scale = Constant(TensorData.Of(Shape.Of(), [quantum.Scale]), scope);
        var zero = Constant(TensorData.Create(Shape.Of(), DType.UInt8, [quantum.Zero]), scope);
        var integers = Made(new QuantizeLinear(0), scope, value, scale, zero);
        return Made(new DequantizeLinear(0), scope, integers, scale, zero);
    }

    /// <summary>
    /// A value not below the range of its integers, which changes none of them. ONNX Runtime moves QuantizeLinear to before a pool, whose kernel for 8-bit
    /// integers takes ten times as long as the one for floats; it does not move it to before a Max.
    /// </summary>
    public static Value AtLeast(Value value, Quantum quantum, LayerCall? scope) =>
        Made(new Max(), scope, value, Constant(TensorData.Of(Shape.Of(), [-quantum.Zero * quantum.Scale]), scope));

    /// <summary>Weights as floats: <c>DequantizeLinear(integers, scales)</c>.</summary>
    public static Value Kernel(IntegerWeights weights, Shape shape, LayerCall? scope)
    {
        var (rank, grid) = (shape.Rank, weights.Grid);
        var isInBlocks = grid.RowsPerScale < grid.Rows;

        // In the order of the file, so that nothing moves them there.
        var layout = rank > 2 ? Layout.KernelOf(rank) : Layout.Identity(rank);
        var bytes = MemoryMarshal.AsBytes(weights.Integers.AsSpan()).ToArray();
        if (!layout.IsIdentity) bytes = Arrangement.Of(shape, layout.Steps).Apply(bytes, shape);
        var scaleShape = !grid.PerColumn ? Shape.Of() : isInBlocks ? Shape.Of(grid.Scales / grid.Columns, grid.Columns) : Shape.Of(grid.Columns);
        var axis = isInBlocks || !grid.PerColumn ? 0 : layout.Position(rank - 1);
        var read = Made(
            new DequantizeLinear(axis, isInBlocks ? grid.RowsPerScale : 0, grid.Bits == 4 ? 4 : 8),
            scope,
            Constant(TensorData.Create(layout.Stored(shape), DType.Int8, bytes), scope),
            Constant(TensorData.Of(scaleShape, weights.Scales), scope),
            Constant(TensorData.Create(scaleShape, DType.Int8, new byte[weights.Scales.Length]), scope));
        return layout.IsIdentity ? read : Made(new Transpose(Layout.Identity(rank).GraphPermutationTo(layout)), scope, read);
    }

    /// <summary>
    /// Weights as floats by operators that ONNX Runtime computes once, when it loads the file: a DequantizeLinear whose reader has no operator for integers is
    /// computed again in each run.
    /// </summary>
    public static Value Widened(IntegerWeights weights, Shape shape, LayerCall? scope)
    {
        var (rank, perColumn) = (shape.Rank, weights.Grid.PerColumn);
        var layout = rank > 2 ? Layout.KernelOf(rank) : Layout.Identity(rank);
        var bytes = MemoryMarshal.AsBytes(weights.Integers.AsSpan()).ToArray();
        if (!layout.IsIdentity) bytes = Arrangement.Of(shape, layout.Steps).Apply(bytes, shape);
        int[] scaleDims = [.. Enumerable.Range(0, rank).Select(axis => perColumn && axis == layout.Position(rank - 1) ? shape.Dims[^1] : 1)];
        var floats = Made(new Cast(DType.Float32), scope, Constant(TensorData.Create(layout.Stored(shape), DType.Int8, bytes), scope));
        var scaled = Made(new Mul(), scope, floats, Constant(TensorData.Of(Shape.Of(scaleDims), weights.Scales), scope));
        return layout.IsIdentity ? scaled : Made(new Transpose(Layout.Identity(rank).GraphPermutationTo(layout)), scope, scaled);
    }

    /// <summary>A bias in 32-bit integers, in steps of input times weight.</summary>
    public static Value Bias(float[] bias, IntegerWeights weights, float input, LayerCall? scope)
    {
        var perColumn = weights.Grid.PerColumn;
        var steps = Array.ConvertAll(weights.Scales, scale => scale * input);
        int[] integers = [.. bias.Select((number, i) => (int)Math.Clamp(Math.Round(number / (double)steps[perColumn ? i : 0]), int.MinValue, int.MaxValue))];
        var scaleShape = perColumn ? Shape.Of(steps.Length) : Shape.Of();
        return Made(
            new DequantizeLinear(0),
            scope,
            Constant(TensorData.Of(Shape.Of(bias.Length), integers), scope),
            Constant(TensorData.Of(scaleShape, steps), scope),
            Constant(TensorData.Of(scaleShape, new int[steps.Length]), scope));
    }

    /// <summary>A value as integers of the range that it has in each run.</summary>
    public static (Value Integers, Value Scale, Value Zero) BySpan(Value x, LayerCall? scope)
    {
        var results = Node.Create(new DynamicQuantizeLinear(), [x], scope).Outputs;
        return (results[0], results[1], results[2]);
    }

    /// <summary><c>(x - zero) W</c> of integers, times both scales.</summary>
    public static Value Multiplied((Value Integers, Value Scale, Value Zero) x, IntegerWeights weights, Shape shape, LayerCall? scope)
    {
        var bytes = MemoryMarshal.AsBytes(weights.Integers.AsSpan()).ToArray();
        var scaleShape = weights.Grid.PerColumn ? Shape.Of(weights.Scales.Length) : Shape.Of();
        var kernel = Constant(TensorData.Create(shape, DType.Int8, bytes), scope);
        var product = Made(new MatMulInteger(), scope, x.Integers, kernel, x.Zero, Constant(TensorData.Create(Shape.Of(), DType.Int8, [0]), scope));
        var scale = Made(new Mul(), scope, x.Scale, Constant(TensorData.Of(scaleShape, weights.Scales), scope));
        return Made(new Mul(), scope, Made(new Cast(DType.Float32), scope, product), scale);
    }

    /// <summary>Rows of a table, each times its own scale.</summary>
    public static Value Rows(IntegerWeights weights, Shape shape, Value rows, LayerCall? scope)
    {
        var bytes = MemoryMarshal.AsBytes(weights.Integers.AsSpan()).ToArray();
        var table = Made(new Gather(0), scope, Constant(TensorData.Create(shape, DType.Int8, bytes), scope), rows);
        var scales = Made(new Gather(0), scope, Constant(TensorData.Of(Shape.Of(shape.Dims[0], 1), weights.Scales), scope), rows);
        return Made(new Mul(), scope, Made(new Cast(DType.Float32), scope, table), scales);
    }

    public static Value Floats(float[] numbers, Shape shape, LayerCall? scope) => Constant(TensorData.Of(shape, numbers), scope);

    public static Value Vector(float[] numbers, LayerCall? scope) => Floats(numbers, Shape.Of(numbers.Length), scope);

    private static Value Constant(TensorData data, LayerCall? scope) => Node.Create(new Constant(data), [], scope).Outputs[0];

    private static Value Made(Op op, LayerCall? scope, params Value[] inputs) => Node.Create(op, inputs, scope).Outputs[0];
}
