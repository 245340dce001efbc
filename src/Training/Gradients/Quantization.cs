using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>Quantization by its definition in simpler operators.</summary>
internal static class Quantization
{
    /// <summary><c>saturate(round(x / scale) + zero point)</c>, in the order of operations of ONNX Runtime.</summary>
    public static SymbolicTensor Quantize(QuantizeLinear op, SymbolicTensors x)
    {
        var zero = Ops.Cast(Along(op.Axis, op.Block, x[0], x[2]), DType.Float32);
        var (lowest, highest) = x[2].DType.RangeOf8Bit();
        var whole = Ops.Round(x[0] / Along(op.Axis, op.Block, x[0], x[1])) + zero;
        return Ops.Cast(Ops.Make(new Clip(lowest, highest), whole), x[2].DType);
    }

    /// <summary><c>(x - zero point) * scale</c>.</summary>
    public static SymbolicTensor Dequantize(DequantizeLinear op, SymbolicTensors x)
    {
        var zero = Ops.Cast(Along(op.Axis, op.Block, x[0], x[2]), DType.Float32);
        return (Ops.Cast(x[0], DType.Float32) - zero) * Along(op.Axis, op.Block, x[0], x[1]);
    }

    /// <summary>Integers, scale and zero point of what the elements span, 0 included.</summary>
    public static SymbolicTensors QuantizeBySpan(SymbolicTensors x)
    {
        Axes all = [.. Enumerable.Range(0, x[0].Rank)];
        var (lowest, highest) = (Ops.Minimum(Ops.Min(x[0], all), 0), Ops.Maximum(Ops.Max(x[0], all), 0));

        // Zeros span nothing: ONNX Runtime takes 1.
        var scale = Ops.Where(Ops.Equal(lowest, highest), 1, (highest - lowest) / 255);
        var zero = Ops.Cast(Ops.Make(new Clip(byte.MinValue, byte.MaxValue), Ops.Round(-lowest / scale)), DType.UInt8);
        return new[] { Quantize(new QuantizeLinear(0), new[] { x[0], scale, zero }), scale, zero };
    }

    /// <summary>The product of matrices less their zero points, exact up to sums of 2^24.</summary>
    public static SymbolicTensor Multiply(SymbolicTensors x)
    {
        var (left, right) = (Ops.Cast(x[2], DType.Float32), Ops.Cast(x[3], DType.Float32));
        if (left.Rank == 1) left = Ops.ExpandDims(left, 1);
        var product = Ops.Make(new MatMul(), Ops.Cast(x[0], DType.Float32) - left, Ops.Cast(x[1], DType.Float32) - right);
        return Ops.Cast(product, DType.Int32);
    }

    /// <summary>One number for each position, as it broadcasts against a tensor.</summary>
    private static SymbolicTensor Along(int axis, int block, SymbolicTensor x, SymbolicTensor each)
    {
        axis = ShapeRules.Axis(axis, x.Rank, "QuantizeLinear");
        if (block > 0)
        {
            var blocks = Ops.Make(new Positions(axis), x) / Ops.Constant([], [(long)block]);
            return Ops.Make(new Gather(axis), each, blocks);
        }

        return each.Rank == 0 ? each : Ops.Reshape(each, [.. Enumerable.Range(0, x.Rank).Select(i => i == axis ? -1 : 1)]);
    }
}
