namespace OnnxFunctional.Operators;

/// <summary>
/// <c>saturate(round(x / scale) + zero point)</c>, halves to even: x, scale, zero point give 8-bit integers. One scale and zero point for all elements, for
/// each position of an axis, or for each block of positions along it.
/// </summary>
/// <param name="Axis">The axis of several scales.</param>
/// <param name="Block">How many positions of the axis share a scale; 0 if each has its own.</param>
internal sealed record QuantizeLinear(int Axis, int Block = 0) : Op
{
    public override bool TakesFloats(int input) => input == 0;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        ShapeRules.RequireFloat(inputs[0], Name);
        QuantizationScales.Check(inputs, Axis, Block, Name);
        return inputs[2].Type.Is8Bit()
            ? [inputs[0] with { Type = inputs[2].Type }]
            : throw new ModelException($"{Name} takes a zero point of int8 or uint8, but got {inputs[2]}.");
    }
}

/// <summary>
/// <c>(x - zero point) * scale</c>: x of 8-bit or 32-bit integers, scale, zero point of the type of x give floats. Scales are as in
/// <see cref="QuantizeLinear"/>.
/// </summary>
/// <param name="Axis">The axis of several scales.</param>
/// <param name="Block">How many positions of the axis share a scale; 0 if each has its own.</param>
/// <param name="Bits">How many bits a constant x takes in a file: 8, or 4 where its numbers fit.</param>
internal sealed record DequantizeLinear(int Axis, int Block = 0, int Bits = 8) : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        if (!inputs[0].Type.Is8Bit() && inputs[0].Type != DType.Int32)
            throw new ModelException($"{Name} takes int8, uint8 or int32, but got {inputs[0]}.");
        if (inputs[2].Type != inputs[0].Type)
            throw new ModelException($"{Name} takes a zero point of the type of its input, {inputs[0].Type.KerasName()}, but got {inputs[2]}.");
        QuantizationScales.Check(inputs, Axis, Block, Name);
        return [inputs[0] with { Type = DType.Float32 }];
    }
}

/// <summary>
/// Quantizes to uint8 by what the elements span, 0 included: x gives the integers, the scale <c>(max - min) / 255</c> and the zero point
/// <c>saturate(round(-min / scale))</c>.
/// </summary>
internal sealed record DynamicQuantizeLinear : Op
{
    public override bool TakesFloats(int input) => true;

    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        ShapeRules.RequireFloat(inputs[0], Name);
        return [inputs[0] with { Type = DType.UInt8 }, new(Shape.Of(), DType.Float32), new(Shape.Of(), DType.UInt8)];
    }
}

/// <summary>
/// <c>(a - zero point of a) (b - zero point of b)</c> in int32: matrices of 8-bit integers and their zero points, one, or one for each row of a and column
/// of b.
/// </summary>
internal sealed record MatMulInteger : Op
{
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        for (var i = 0; i < 2; i++)
        {
            if (!inputs[i].Type.Is8Bit()) throw new ModelException($"{Name} takes int8 or uint8, but got {inputs[i]}.");
            if (inputs[i + 2].Type != inputs[i].Type)
                throw new ModelException($"{Name} takes a zero point of the type of {inputs[i]}, but got {inputs[i + 2]}.");
        }

        return [new MatMul().Infer([inputs[0] with { Type = DType.Float32 }, inputs[1] with { Type = DType.Float32 }])[0] with { Type = DType.Int32 }];
    }
}

/// <summary>Shapes of the scales of a quantized tensor.</summary>
internal static class QuantizationScales
{
    /// <exception cref="ModelException">Scale and zero point do not fit the tensor.</exception>
    public static void Check(ReadOnlySpan<TensorSpec> inputs, int axis, int block, string name)
    {
        var (x, scale, zero) = (inputs[0].Shape, inputs[1].Shape, inputs[2].Shape);
        if (inputs[1].Type != DType.Float32) throw new ModelException($"{name} takes a scale of float32, but got {inputs[1]}.");
        if (!zero.IsCompatibleWith(scale)) throw new ModelException($"{name} takes as many zero points as scales, but got {scale} and {zero}.");
        if (scale.Rank == 0 && block == 0) return;
        var along = x.Dims[ShapeRules.Axis(axis, x.Rank, name)];
        var blocks = along < 0 || block == 0 ? along : (along + block - 1) / block;
        var expected = block == 0 ? Shape.Of(along) : x.With(ShapeRules.Axis(axis, x.Rank, name), blocks);
        var inBlocks = block > 0 ? $" in blocks of {block}" : "";
        if (block < 0 || !scale.IsCompatibleWith(expected))
            throw new ModelException($"{name} of {x} along axis {axis}{inBlocks} takes scales of {expected}, but got {scale}.");
    }
}
