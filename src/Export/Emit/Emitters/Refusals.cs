namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>Operators that have no place in a file.</summary>
internal static class Refusals
{
    /// <summary>The numbers of another generator are other numbers, so a file that draws could not be proved.</summary>
    public static void Random(Emission emission, Node node) =>
        emission.Refuse(node, "it draws random numbers outside training, and ONNX Runtime would draw others. Put Ops.WhenTraining around them, or leave them out of the exported model.");

    public static void MissingInput(Emission emission, Node node) =>
        emission.Refuse(node, $"{node.Outputs[0].Origin} is needed but is not among the inputs. Add it to the model's inputs.");
}
