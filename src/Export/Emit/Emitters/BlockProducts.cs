using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>
/// Products with weights of 4 or 8 bits as ONNX Runtime's MatMulNBits. From DequantizeLinear and MatMul, ONNX Runtime makes that operator too, but one that
/// also rounds what the weights are multiplied with to 8 bits; written so, it computes in float32, in every host the same.
/// </summary>
internal static class BlockProducts
{
    // In its kernels for float32, sums are of float32.
    private const int Float32Accuracy = 1;

    // Columns that have one scale are cut into blocks, which the operator takes: the largest that its kernels are made for loses the fewest bytes to scales.
    private const int LargestBlock = 256;
    private const int SmallestBlock = 16;

    /// <summary>Whether a product is written so.</summary>
    public static bool Takes(Emission emission, Node node) =>
        emission.TakesContrib && node.Op is MatMul { TransposeLeft: false, TransposeRight: false } && node.Inputs[1] is
        {
            Spec.Shape: { Rank: 2, IsKnown: true },

            // Of 8 bits with a scale for each column, ONNX Runtime has products of integers with integers.
            Producer: { Op: DequantizeLinear { Bits: 4 } or DequantizeLinear { Block: > 0 } } weights,
        } && weights.Inputs[0].Spec.Type.Is8Bit() && weights.Inputs.All(input => emission.Static(input)?.Data is not null)
        && BlockOf((DequantizeLinear)weights.Op, weights) is not null;

    /// <summary>Whether weights are only read by products that are written so.</summary>
    public static bool Absorb(Emission emission, Node weights)
    {
        var readers = emission.Facts.Readers(weights.Outputs[0]);
        return readers.Count > 0 && !emission.Facts.IsOutput(weights.Outputs[0])
            && readers.All(reader => reader.Index == 1 && Takes(emission, reader.Node));
    }

    public static void Write(Emission emission, Node node)
    {
        var weights = node.Inputs[1].Producer;
        var dequantize = (DequantizeLinear)weights.Op;
        var (rows, columns, block) = (node.Inputs[1].Spec.Shape.Dims[0], node.Inputs[1].Spec.Shape.Dims[1], BlockOf(dequantize, weights)!.Value);
        string[] stored = emission.Once(weights, "blocks", () => Stored(emission, weights, rows, columns, block));
        string[] inputs = [emission.Read(node.Inputs[0]), .. stored];
        emission.Result(
            node.Outputs[0],
            Layout.Identity(node.Outputs[0].Spec.Shape.Rank),
            OnnxGraph.MatMulNBits,
            inputs,
            Attributes.Int("K", rows),
            Attributes.Int("N", columns),
            Attributes.Int("bits", dequantize.Bits),
            Attributes.Int("block_size", block),
            Attributes.Int("accuracy_level", Float32Accuracy));
    }

    /// <summary>Columns block after block, each padded to its size, two integers of 4 bits in a byte; then the scales and zero points of each block.</summary>
    private static string[] Stored(Emission emission, Node weights, int rows, int columns, int block)
    {
        var dequantize = (DequantizeLinear)weights.Op;
        var (bits, blocks, middle) = (dequantize.Bits, (rows + block - 1) / block, 1 << (dequantize.Bits - 1));
        var (isSigned, scales) = (weights.Inputs[0].Spec.Type == DType.Int8, Elements<float>(emission, weights.Inputs[1]));
        var (integers, zeros) = (Elements<byte>(emission, weights.Inputs[0]), Elements<byte>(emission, weights.Inputs[2]));
        var (packed, steps) = (new byte[(long)columns * blocks * block * bits / 8], new float[columns * blocks]);
        var (perColumn, hasZeros) = ((blocks * bits + 7) / 8, zeros.Any(zero => Unsigned(zero) != middle));
        var points = new byte[hasZeros ? columns * perColumn : 0];
        for (var column = 0; column < columns; column++)
        {
            for (var i = 0; i < blocks; i++)
            {
                var scale = scales.Length == 1 ? 0 : dequantize.Block == 0 ? column : (i * block / dequantize.Block * columns) + column;
                var zero = Unsigned(zeros[scale]);
                steps[(column * blocks) + i] = scales[scale];
                if (hasZeros) Put(points, column * perColumn, i, zero);
                for (var k = 0; k < block; k++)
                {
                    var row = (i * block) + k;
                    Put(packed, ((column * blocks) + i) * (long)block * bits / 8, k, row < rows ? Unsigned(integers[((long)row * columns) + column]) : zero);
                }
            }
        }

        string[] names =
        [
            emission.Constant("weights", TensorData.Create(Shape.Of(columns, blocks, block * bits / 8), DType.UInt8, packed)),
            emission.Constant("scales", TensorData.Of(Shape.Of(columns * blocks), steps)),
        ];
        return hasZeros ? [.. names, emission.Constant("zero_points", TensorData.Create(Shape.Of(points.Length), DType.UInt8, points))] : names;

        int Unsigned(byte value) => isSigned ? (sbyte)value + middle : value;

        void Put(byte[] bytes, long start, int position, int value)
        {
            if (bits == 8) bytes[start + position] = (byte)value;
            else bytes[start + (position / 2)] |= (byte)(value << (position % 2 * 4));
        }
    }

    /// <summary>The size of the blocks in which weights are stored; null if their scales are not of columns or blocks of them.</summary>
    private static int? BlockOf(DequantizeLinear dequantize, Node weights)
    {
        var rows = weights.Inputs[0].Spec.Shape.Dims[0];
        var axis = ShapeRules.Axis(dequantize.Axis, 2, dequantize.Name);
        if (dequantize.Block > 0)
            return axis == 0 && dequantize.Block >= SmallestBlock && int.IsPow2(dequantize.Block) ? Math.Min(dequantize.Block, LargestBlock) : null;
        if (weights.Inputs[1].Spec.Shape.Rank > 0 && axis != 1) return null;

        // The least padding of those that take few scales.
        int[] sizes = [LargestBlock, LargestBlock / 2, LargestBlock / 4];
        return sizes.MinBy(size => (rows + size - 1) / size * size);
    }

    private static T[] Elements<T>(Emission emission, Value value)
        where T : struct
    {
        var tensor = emission.Static(value)!;
        return tensor.Arrangement.Apply(tensor.Data!.As<T>().ToArray(), tensor.Source);
    }
}
