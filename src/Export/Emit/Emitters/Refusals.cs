namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Operators that cannot be written.</summary>
internal static class Refusals
{
    /// <summary>ONNX Runtime's generator draws other numbers than the engine's, so a file that draws could not be verified.</summary>
    public static void Random(Emission emission, Node node) =>
        emission.Refuse(
            node,
            "it draws random numbers outside training, and ONNX Runtime would draw others. "
            + "Wrap them in Ops.WhenTraining, or leave them out of the exported model.");

    public static void MissingInput(Emission emission, Node node) =>
        emission.Refuse(node, $"{node.Outputs[0].Origin} is needed but is not among the inputs. Add it to the model's inputs.");
}
