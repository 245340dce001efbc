using OnnxFunctional.Export.Layouts;

namespace OnnxFunctional.Export.Importers;

/// <summary>A node of a file as a layer: its name is the node's, its class the operator.</summary>
internal sealed class NodeLayer(FileNode node, string name) : OperatorLayer(name, node.Build)
{
    internal override string ClassName { get; } = node.OpType;

    internal override string WhyNoConfiguration => OfAFile;

    /// <summary>Why layers that a file is made of have no configuration: one sentence for all of them.</summary>
    public static string OfAFile =>
        "it holds nodes of an ONNX file, which have no configuration as layers of Keras have. ExportOnnx writes them, and OnnxFile.LoadModel opens that file.";
}

/// <summary>An output of a file as a layer: its name is the output's.</summary>
internal abstract class FileOutput(string name, Func<OperatorLayer, SymbolicTensors, SymbolicTensors> operators) : OperatorLayer(name, operators)
{
    internal override string ClassName => "Output";

    internal override string WhyNoConfiguration => NodeLayer.OfAFile;
}

/// <summary>An output whose axes are brought into the file's order.</summary>
internal sealed class OutputLayer(string name, Layout order) : FileOutput(
    name, (_, x) => order.IsIdentity ? x : [Ops.Make(new Operators.Transpose(order.Axes), x[0])]);

/// <summary>An output that is the same for every input.</summary>
internal sealed class ConstantOutput(string name, TensorData data) : FileOutput(name, (_, x) => Same(data, x[0].Scope))
{
    internal override bool GivesConstants => true;

    private static SymbolicTensors Same(TensorData data, LayerCall? scope) =>
        [new SymbolicTensor(Node.Create(new Operators.Identity(), [Ops.Make(new Operators.Constant(data)).Value], scope).Outputs[0], scope)];
}
