using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>
/// Quantized tensors. Operators that compute with quantized tensors are those of floats between DequantizeLinear and QuantizeLinear, which ONNX Runtime makes
/// one again; sums of products of integers are exact in float32 up to 2^24.
/// </summary>
internal static class Quantized
{
    public static FileResult[] Quantize(FileNode node)
    {
        var order = node.OrderOf(0);
        var type = node.Has(2) ? node.TypeInFile(2) ?? OnnxType(node.TypeOf(2)) : node.Int("output_dtype", (int)DataType.Uint8);
        if ((DataType)type is not (DataType.Int8 or DataType.Uint8))
            throw new ModelException($"it quantizes to {StoredTensors.NameOf(type)}; expected int8 or uint8.");
        var (scale, zero) = Scales(node, order, 1, 2, (DataType)type == DataType.Int8 ? DType.Int8 : DType.UInt8);
        return [new(Ops.Make(new QuantizeLinear(Axis(node, order), node.Int("block_size", 0)), node.AsItLies(0), scale, zero), order)];
    }

    public static FileResult[] Dequantize(FileNode node)
    {
        var order = node.OrderOf(0);
        if (node.TypeOf(0) == DType.Int32 && node.Has(2) && DataMoves.Longs(node.Known(2, "the zero point")).Any(number => number != 0))
            throw new ModelException("it has a zero point for int32; ONNX takes none, or 0.");
        var (scale, zero) = Scales(node, order, 1, 2, node.TypeOf(0));
        var bits = (DataType?)node.TypeInFile(0) is DataType.Int4 or DataType.Uint4 ? 4 : 8;
        return [new(Ops.Make(new DequantizeLinear(Axis(node, order), node.Int("block_size", 0), bits), node.AsItLies(0), scale, zero), order)];
    }

    /// <summary>8-bit integers by a scale and a zero point that the elements decide, so that 0 is exact.</summary>
    public static FileResult[] DynamicQuantize(FileNode node)
    {
        var order = node.OrderOf(0);
        var outputs = Ops.MakeAll(new DynamicQuantizeLinear(), node.AsItLies(0));
        return [new(outputs[0], order), outputs[1], outputs[2]];
    }

    public static FileResult[] MatMulInteger(FileNode node)
    {
        if (node.RankOf(0) < 2 || node.RankOf(1) < 2)
            throw new ModelException($"it multiplies {node.ShapeOf(0)} and {node.ShapeOf(1)}; expected matrices, or stacks of them.");
        return [Ops.Make(new MatMulInteger(), node.In(0), node.In(1), ZeroOf(node, 2, node.TypeOf(0)), ZeroOf(node, 3, node.TypeOf(1)))];
    }

    /// <summary>
    /// ONNX Runtime's product with weights in blocks: columns one after another, block by block, two integers of 4 bits in a byte; 2^(bits - 1) is 0 unless
    /// zero points say otherwise.
    /// </summary>
    public static FileResult[] MatMulNBits(FileNode node)
    {
        var (rows, columns, block, bits) = (node.Int("K", 0), node.Int("N", 0), node.Int("block_size", 0), node.Int("bits", 4));
        if (bits is not (4 or 8)) throw new ModelException($"its weights have {bits} bits; expected 4 or 8.");
        if (rows < 1 || columns < 1 || block < 1) throw new ModelException($"it has K {rows}, N {columns} and block_size {block}; expected positive numbers.");
        if (node.Has(4)) throw new ModelException("it reorders its rows (g_idx); expected weights in their order.");
        var blocks = (rows + block - 1) / block;
        var (packed, steps) = (Bytes(1, "the weights"), node.Known(2, "the scales").As<float>().ToArray());
        var points = node.Has(3) ? Bytes(3, "the zero points") : null;
        var perColumn = ((blocks * bits) + 7) / 8;
        Expect("weights", packed.Length, (long)columns * blocks * block * bits / 8);
        Expect("scales", steps.Length, (long)columns * blocks);
        if (points is not null) Expect("zero points", points.Length, (long)columns * perColumn);
        var (integers, scales, zeros) = (new byte[rows * columns], new float[blocks * columns], new byte[blocks * columns]);
        for (var column = 0; column < columns; column++)
        {
            for (var i = 0; i < blocks; i++)
            {
                scales[(i * columns) + column] = steps[(column * blocks) + i];
                zeros[(i * columns) + column] = points is null ? (byte)(1 << (bits - 1)) : At(points, column * perColumn, i);
            }

            for (var row = 0; row < rows; row++) integers[(row * columns) + column] = At(packed, column * blocks * block * bits / 8, row);
        }

        var scaleShape = Shape.Of(blocks, columns);
        var kernel = Ops.Make(
            new DequantizeLinear(0, block, bits),
            Ops.Make(new Constant(TensorData.Create(Shape.Of(rows, columns), DType.UInt8, integers))),
            Ops.Make(new Constant(TensorData.Of(scaleShape, scales))),
            Ops.Make(new Constant(TensorData.Create(scaleShape, DType.UInt8, zeros))));
        var product = Ops.MatMul(node.In(0), kernel);
        return [node.Has(5) ? product + node.In(5) : product];

        byte[] Bytes(int input, string what) => node.Known(input, what) is { Type: DType.UInt8 } data
            ? data.Bytes.ToArray() : throw new ModelException($"{what} are of {node.TypeOf(input).KerasName()}; expected uint8.");

        byte At(byte[] bytes, int start, int position) =>
            bits == 8 ? bytes[start + position] : (byte)((bytes[start + (position / 2)] >> (position % 2 * 4)) & 0xF);

        void Expect(string what, int count, long expected)
        {
            if (count == expected) return;
            throw new ModelException($"it has {count} numbers of {what}, but K {rows}, N {columns} and blocks of {block} take {expected}.");
        }
    }

    public static FileResult[] ConvInteger(FileNode node)
    {
        var rank = node.RankOf(0);
        var (x, kernel) = (Ops.Cast(node.In(0, Layout.ChannelsFirst(rank)), DType.Float32), Ops.Cast(node.In(1, Layout.KernelOf(rank)), DType.Float32));

        // Padding is with the zero point: with 0 after it is subtracted. Zero points of the kernel are along its last axis, the output channels.
        if (node.Has(2)) x -= Ops.Cast(node.In(2), DType.Float32);
        if (node.Has(3)) kernel -= Ops.Cast(node.In(3), DType.Float32);
        return [new(Ops.Cast(Ops.Make(new Conv(Convolutions.WindowOf(node, 1)), x, kernel), DType.Int32), Layout.ChannelsFirst(rank))];
    }

    public static FileResult[] LinearMatMul(FileNode node)
    {
        var a = Floats(node, 0, node.RankOf(0) - 2);
        var b = Floats(node, 3, node.RankOf(3) - 1);
        return [Again(node, Ops.MatMul(a, b), 6)];
    }

    /// <summary>A convolution of quantized tensors; the bias has the product of both scales.</summary>
    public static FileResult[] LinearConv(FileNode node)
    {
        var rank = node.RankOf(0);
        var x = Ordered(Floats(node, 0, 1), Layout.ChannelsFirst(rank));
        var kernel = Ordered(Floats(node, 3, 0), Layout.KernelOf(rank));
        var window = Convolutions.WindowOf(node, 3);
        SymbolicTensor result;
        if (node.Has(8))
        {
            var scale = node.In(1).Rank == 0 ? node.In(1) : Ops.Reshape(node.In(1), []);
            var scales = Scalar(node, 4) * scale;
            var bias = Ops.Make(new DequantizeLinear(0), node.In(8), scales, Parts.Zeros(node, scales.Shape, DType.Int32));
            result = Ops.Make(new Conv(window), x, kernel, bias);
        }
        else
        {
            result = Ops.Make(new Conv(window), x, kernel);
        }

        return [new(Again(node, result, 6), Layout.ChannelsFirst(rank))];
    }

    /// <summary>A quantized input as floats: its scale and zero point are the next inputs, several of them along an axis.</summary>
    private static SymbolicTensor Floats(FileNode node, int input, int axis) =>
        Ops.Make(new DequantizeLinear(axis), node.In(input), Scalar(node, input + 1), Scalar(node, input + 2));

    private static SymbolicTensor Again(FileNode node, SymbolicTensor x, int scale) =>
        Ops.Make(new QuantizeLinear(0), x, Scalar(node, scale), Scalar(node, scale + 1));

    private static SymbolicTensor Ordered(SymbolicTensor x, Layout order) => Ops.Make(new Transpose(Layout.Identity(x.Rank).GraphPermutationTo(order)), x);

    /// <summary>A scale or zero point; a list of one is a single one.</summary>
    private static SymbolicTensor Scalar(FileNode node, int input)
    {
        if (node.RankOf(input) != 1 || node.ShapeOf(input).Dims[0] != 1) return node.In(input);
        return node.Value(input).Data is { } data
            ? Ops.Make(new Constant(DataMoves.Reshaped(data, Shape.Of())))
            : Ops.Reshape(node.In(input), []);
    }

    private static int Axis(FileNode node, Layout order) =>
        order.Rank == 0 || (node.RankOf(1) <= 1 && node.ShapeOf(1).ElementCount == 1)
            ? 0
            : order[ShapeRules.Axis(node.Int("axis", 1), order.Rank, node.OpType)];

    private static (SymbolicTensor Scale, SymbolicTensor Zero) Scales(FileNode node, Layout order, int scale, int zero, DType type)
    {
        if (node.Int("block_size", 0) > 0)
        {
            var scales = node.In(scale, order);
            return (scales, node.Has(zero) ? node.In(zero, order) : Parts.Zeros(node, scales.Shape, type));
        }

        var one = Scalar(node, scale);
        return (one, node.Has(zero) ? Scalar(node, zero) : Parts.Zeros(node, one.Shape, type));
    }

    private static SymbolicTensor ZeroOf(FileNode node, int input, DType type) =>
        node.Has(input) ? Scalar(node, input) : Parts.Zeros(node, Shape.Of(), type);

    private static int OnnxType(DType type) => (int)(type == DType.Int8 ? DataType.Int8 : type == DType.UInt8 ? DataType.Uint8 : DataType.Undefined);
}
