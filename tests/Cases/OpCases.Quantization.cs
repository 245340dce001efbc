using OnnxFunctional.Operators;
using Type = OnnxFunctional.DType;

namespace OnnxFunctional.Tests.Cases;

/// <content>Quantization, and 8-bit integers that are moved and converted.</content>
internal static partial class OpCases
{
    private static IEnumerable<OpCase> Quantized =>
    [
        Quantize("", new QuantizeLinear(0), Type.UInt8, X(3, 7), W().Given(0.05), [128]),
        Quantize("int8", new QuantizeLinear(0), Type.Int8, X(3, 5, 7), W().Given(0.03), [-7]),
        Quantize("saturated", new QuantizeLinear(0), Type.Int8, X(3, 17).In(-99, 99), W().Given(0.25), [0]),
        Quantize("halves", new QuantizeLinear(0), Type.UInt8, X(7).Given(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5), W().Given(1), [5]),
        Quantize("axis", new QuantizeLinear(1), Type.Int8, X(3, 5, 7), W(5).In(0.01, 0.1), [0, 3, -3, 17, 1]),
        Quantize("last", new QuantizeLinear(-1), Type.UInt8, X(3, 7), W(7).In(0.01, 0.1), [0, 255, 128, 1, 3, 7, 17]),
        Quantize("blocks", new QuantizeLinear(1, 3), Type.UInt8, W(3, 7), W(3, 3).In(0.01, 0.1), [0, 255, 128, 1, 3, 7, 17, 9, 100]),
        Dequantize("", new DequantizeLinear(0), X(3, 7).Ids(256, Type.UInt8), W().In(0.1, 1), [128]),
        Dequantize("int8", new DequantizeLinear(0), X(3, 7).Ids(256, Type.Int8).In(-128, 128), W().In(0.1, 1), [-3]),
        Dequantize("int32", new DequantizeLinear(0), X(3, 7).Ids(256, Type.Int32).In(-9999, 9999), W().In(0.1, 1), [0]),
        Dequantize("axis", new DequantizeLinear(1), X(3, 5, 7).Ids(256, Type.Int8).In(-128, 128), W(5).In(0.1, 1), [0, 3, -3, 17, 1]),
        Dequantize("first", new DequantizeLinear(-2), W(3, 7).Ids(256, Type.UInt8), W(3).In(0.1, 1), [0, 255, 17]),
        Dequantize("blocks", new DequantizeLinear(0, 2), W(5, 7).Ids(256, Type.Int8).In(-128, 128), W(3, 7).In(0.1, 1), [.. Enumerable.Range(-9, 21)]),
        Span("", X(3, 7)),
        Span("positive", X(3, 5, 7).In(1, 3)),
        Span("negative", X(17).In(-3, -1)),
        Span("zeros", X(3).Given(0, 0, 0)),

        // Of 7 bits: see QuantizedFiles.
        Integers("", X(3, 5).Ids(256, Type.UInt8), W(5, 7).Ids(256, Type.Int8).In(-64, 64), [12], [0]),
        Integers("each", X(3, 5).Ids(256, Type.UInt8), W(5, 7).Ids(256, Type.UInt8), [12, 0, 255], [0, 1, 2, 3, 4, 5, 255]) with { UnknownBatch = false },
        Integers("stacked", X(3, 2, 17).Ids(256, Type.Int8).In(-128, 128), W(17, 1).Ids(256, Type.Int8).In(-128, 128), [-3], [7]),
    ];

    private static IEnumerable<OpCase> Bytes =>
    [
        One(new Cast(Type.Float32), x => x, X(3, 7).Ids(256, Type.UInt8), "uint8_to_float"),
        One(new Cast(Type.Float32), x => x, X(3, 7).Ids(256, Type.Int8).In(-128, 128), "int8_to_float"),
        One(new Cast(Type.Int64), x => x, X(3, 7).Ids(256, Type.Int8).In(-128, 128), "int8_to_int64"),
        One(new Cast(Type.Int32), x => x, X(3, 7).Ids(256, Type.UInt8), "uint8_to_int32"),
        One(new Cast(Type.Bool), x => x != 0 ? 1 : 0, X(3, 7).Ids(2, Type.UInt8), "uint8_to_bool"),
        One(new Cast(Type.UInt8), x => x, X(3, 7).Truth(), "bool_to_uint8"),
        One(new Cast(Type.UInt8), Math.Truncate, X(3, 7).In(0, 255), "float_to_uint8"),
        One(new Cast(Type.Int8), Math.Truncate, X(3, 7).In(-128, 127), "float_to_int8"),
        One(new Cast(Type.UInt8), x => (byte)(long)x, X(5).Ids(9).Given(-1, 256, (1L << 40) + 5, 255, -129), "int64_to_uint8"),
        One(new Cast(Type.Int8), x => (sbyte)(long)x, X(5).Ids(9, Type.Int32).Given(-1, 128, (1L << 30) + 5, 255, -129), "int32_to_int8"),
        One(new Cast(Type.Int8), x => (sbyte)(byte)x, X(3, 7).Ids(256, Type.UInt8), "uint8_to_int8"),
        One(new Cast(Type.UInt8), x => (byte)(sbyte)x, X(3, 7).Ids(256, Type.Int8).In(-128, 128), "int8_to_uint8"),
        Same("uint8", new Reshape([-1]), [21], X(3, 7).Ids(256, Type.UInt8)),
        Expanded("uint8", W(3, 1).Ids(256, Type.UInt8), W(3, 7)),
        Permuted([2, 0, 1], X(3, 5, 7).Ids(256, Type.Int8).In(-128, 128)),
        Joined("uint8", 1, X(3, 7).Ids(256, Type.UInt8), X(3, 2).Ids(256, Type.UInt8)),
        Sliced("int8", [1], [-1], [int.MinValue], [-2], X(3, 7).Ids(256, Type.Int8).In(-128, 128)),
        Padded("uint8", new Pad([0, 1], [0, 2], PadMode.Constant, 7), X(3, 5).Ids(256, Type.UInt8)),
        Padded("int8", new Pad([0, 1], [0, 2], PadMode.Constant, -7), X(3, 5).Ids(256, Type.Int8).In(-128, 128)),
        Gathered("uint8", 0, W(7, 3).Ids(256, Type.UInt8), X(5).Ids(7)),
    ];

    private static OpCase Quantize(string variation, QuantizeLinear op, Type type, OpInput x, OpInput scale, double[] zeros) =>
        new(variation, op, x, scale, new(scale.Dims) { Type = type, Values = zeros })
        {
            Differentiable = false,
            Reference = inputs =>
            [
                Plain.Of(inputs[0].Dims, place =>
                {
                    var (lowest, highest) = type.RangeOf8Bit();

                    // Quotients are rounded to float32 before they are rounded to integers, as by the engine.
                    var whole = Math.Round((double)((float)inputs[0][place] / (float)ScaleOf(inputs[1], op.Axis, op.Block, place)), MidpointRounding.ToEven);
                    return Math.Clamp(whole + ScaleOf(inputs[2], op.Axis, op.Block, place), lowest, highest);
                }),
            ],
        };

    private static OpCase Dequantize(string variation, DequantizeLinear op, OpInput x, OpInput scale, double[] zeros) =>
        new(variation, op, x, scale, new(scale.Dims) { Type = x.Type, Values = zeros })
        {
            Reference = inputs =>
            [
                Plain.Of(inputs[0].Dims, place =>
                    (inputs[0][place] - ScaleOf(inputs[2], op.Axis, op.Block, place)) * ScaleOf(inputs[1], op.Axis, op.Block, place)),
            ],
        };

    private static OpCase Span(string variation, OpInput x) => new(variation, new DynamicQuantizeLinear(), x)
    {
        Differentiable = false,
        Reference = inputs =>
        {
            var (lowest, highest) = ((float)Math.Min(inputs[0].Values.Min(), 0), (float)Math.Max(inputs[0].Values.Max(), 0));
            var scale = lowest == highest ? 1 : (highest - lowest) / 255;
            var zero = Math.Clamp(MathF.Round(-lowest / scale), 0, 255);
            return
            [
                inputs[0].Map(value => Math.Clamp(MathF.Round((float)value / scale) + zero, 0, 255)),
                new Plain([], [scale]),
                new Plain([], [zero]),
            ];
        },
    };

    private static OpCase Integers(string variation, OpInput a, OpInput b, double[] left, double[] right) =>
        new(
            variation,
            new MatMulInteger(),
            a,
            b,
            new(left.Length == 1 ? [] : [left.Length]) { Type = a.Type, Values = left },
            new(right.Length == 1 ? [] : [right.Length]) { Type = b.Type, Values = right })
        {
            Reference = inputs =>
            [
                Plain.Of([.. inputs[0].Dims[..^1], inputs[1].Dims[^1]], place =>
                    Enumerable.Range(0, inputs[1].Dims[0]).Sum(i =>
                        (inputs[0][[.. place[..^1], i]] - inputs[2].Values[left.Length == 1 ? 0 : place[^2]])
                        * (inputs[1][[i, place[^1]]] - inputs[3].Values[right.Length == 1 ? 0 : place[^1]]))),
            ],
        };

    private static double ScaleOf(Plain scales, int axis, int block, int[] place)
    {
        var along = axis < 0 ? axis + place.Length : axis;
        if (scales.Rank == 0) return scales.Values[0];
        if (block == 0) return scales[place[along]];
        return scales[[.. place.Select((position, i) => i == along ? position / block : position)]];
    }
}
