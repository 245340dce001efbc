using OnnxFunctional.Export.Layouts;

namespace OnnxFunctional.Export.Importers;

/// <summary>A node of a file as a layer: its name is the node's, its class the operator.</summary>
internal sealed class NodeLayer : MultiOutputLayer
{
    private readonly FileNode _node;

    public NodeLayer(FileNode node, string name)
        : base(null)
    {
        _node = node;
        NameAsInFile(name);
    }

    internal override string ClassName => _node.OpType;

    internal override bool NamesWeightsAlone => true;

    internal override string WhyNoConfiguration => OfAFile;

    /// <summary>Why layers that a file is made of have no configuration: one sentence for all of them.</summary>
    public static string OfAFile =>
        "it holds nodes of an ONNX file, which have no configuration as layers of Keras have. ExportOnnx writes them, and OnnxFile.LoadModel opens that file.";

    /// <summary>A weight of the file, under its name there.</summary>
    public SymbolicTensor Parameter(string name, Shape shape, Initializer values, bool trainable) => Weight(name, shape, values, trainable);

    /// <summary>Sets a weight in each training step.</summary>
    public void Move(SymbolicTensor weight, SymbolicTensor value) => Update(weight, value);

    protected override SymbolicTensors Forward(SymbolicTensors tensors) => _node.Build(this, tensors);
}

/// <summary>An output of a file as a layer: its name is the output's.</summary>
internal abstract class FileOutput : Layer
{
    private protected FileOutput(string name)
        : base(null) => NameAsInFile(name);

    internal override string ClassName => "Output";

    internal override string WhyNoConfiguration => NodeLayer.OfAFile;
}

/// <summary>An output whose axes are brought into the file's order.</summary>
internal sealed class OutputLayer(string name, Layout order) : FileOutput(name)
{
    private readonly Layout _order = order;

    protected override SymbolicTensor Forward(SymbolicTensor x) => _order.IsIdentity ? x : Ops.Make(new Operators.Transpose(_order.Axes), x);
}

/// <summary>An output that is the same for every input.</summary>
internal sealed class ConstantOutput(string name, TensorData data) : FileOutput(name)
{
    private readonly TensorData _data = data;

    internal override bool GivesConstants => true;

    protected override SymbolicTensor Forward(SymbolicTensor x) =>
        new(Node.Create(new Operators.Identity(), [Ops.Make(new Operators.Constant(_data)).Value], x.Scope).Outputs[0], x.Scope);
}
