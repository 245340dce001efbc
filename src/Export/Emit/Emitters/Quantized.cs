using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Quantization.</summary>
internal static class Quantized
{
    // Scales for blocks and integers of 4 bits came with that opset.
    private const int Blocks = 21;

    public static void Quantize(Emission emission, Node node, QuantizeLinear op) => Write(emission, node, "QuantizeLinear", op.Axis, op.Block);

    public static void Dequantize(Emission emission, Node node, DequantizeLinear op)
    {
        if (BlockProducts.Absorb(emission, node)) return;
        Write(emission, node, "DequantizeLinear", op.Axis, op.Block, op.Bits == 4 && emission.Opset >= Blocks);
    }

    public static void DynamicQuantize(Emission emission, Node node)
    {
        var source = Operands.Any(emission, node.Inputs[0]);
        string[] outputs =
        [
            emission.Declare(node.Outputs[0], source.Layout, "quantized"),
            emission.Declare(node.Outputs[1], Layout.Identity(0), "scale"),
            emission.Declare(node.Outputs[2], Layout.Identity(0), "zero_point"),
        ];
        emission.Node("DynamicQuantizeLinear", [source.Name], outputs);
    }

    /// <summary>ONNX Runtime takes one zero point of the left side.</summary>
    public static void MatMulInteger(Emission emission, Node node)
    {
        if (node.Inputs[2].Spec.Shape.Rank > 0)
        {
            Normalizations.Decomposed(emission, node);
            return;
        }

        var layout = Layout.Identity(node.Outputs[0].Spec.Shape.Rank);
        emission.Result(node.Outputs[0], layout, "MatMulInteger", node.Inputs.Select(emission.Read));
    }

    private static void Write(Emission emission, Node node, string op, int axis, int block, bool packs = false)
    {
        if (block > 0 && emission.Opset < Blocks)
        {
            Normalizations.Decomposed(emission, node);
            return;
        }

        packs &= emission.IsStatic(node.Inputs[0]) && emission.IsStatic(node.Inputs[2]);
        var (rank, scale) = (node.Inputs[0].Spec.Shape.Rank, node.Inputs[1]);
        var source = packs ? new EmittedTensor(emission.Packed(node.Inputs[0]), Layout.Identity(rank)) : Operands.Any(emission, node.Inputs[0]);
        var layout = block > 0 ? source.Layout : Layout.Identity(scale.Spec.Shape.Rank);
        var inputs = new List<string> { source.Name, emission.Read(scale, layout) };

        // 32-bit integers have no zero point in a file.
        if (packs) inputs.Add(emission.Packed(node.Inputs[2]));
        else if (node.Inputs[2].Spec.Type.Is8Bit()) inputs.Add(emission.Read(node.Inputs[2], layout));
        var attributes = new List<AttributeProto>();
        if (scale.Spec.Shape.Rank > 0) attributes.Add(Attributes.Int("axis", source.Layout.Position(ShapeRules.Axis(axis, rank, op))));
        if (block > 0) attributes.Add(Attributes.Int("block_size", block));
        emission.Result(node.Outputs[0], source.Layout, op, inputs, attributes);
    }
}
