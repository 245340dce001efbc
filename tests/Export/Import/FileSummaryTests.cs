using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Proto;
using static OnnxFunctional.Tests.Export.HandmadeModels;
using AttributeType = OnnxFunctional.Export.Proto.AttributeProto.Types.AttributeType;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.Export.Import;

[TestClass]
public sealed class FileSummaryTests
{
    [TestMethod]
    public void Types_of_every_kind_are_described()
    {
        var tensor = Value("t", DataType.Float, "batch", 3, null).Type;
        Assert.AreEqual("input  x: Float [batch, 3, ?]", Input(tensor));
        Assert.AreEqual("input  x: sequence of Float [batch, 3, ?]", Input(new TypeProto { SequenceType = new() { ElemType = tensor } }));
        Assert.AreEqual("input  x: optional sequence of Float [batch, 3, ?]",
            Input(new TypeProto { OptionalType = new() { ElemType = new TypeProto { SequenceType = new() { ElemType = tensor } } } }));
        Assert.AreEqual("input  x: map from Int64 to Float [batch, 3, ?]", Input(new TypeProto { MapType = new() { KeyType = 7, ValueType = tensor } }));
        Assert.AreEqual("input  x: Float of any shape", Input(new TypeProto { TensorType = new() { ElemType = 1 } }));
        Assert.AreEqual("input  x: a value of no declared type", Input(null));
        Assert.AreEqual("input  x: sequence of a value of no declared type", Input(new TypeProto { SequenceType = new() }));

        static string Input(TypeProto? type)
        {
            var model = Dense();
            model.Graph.Input[0].Type = type;
            return Summary(model).Split('\n').Select(line => line.TrimEnd()).Single(line => line.StartsWith("input", StringComparison.Ordinal));
        }
    }

    [TestMethod]
    public void Weights_in_Constant_nodes_branches_and_functions_are_counted()
    {
        var model = Dense();
        StringAssert.Contains(Summary(model), "8 parameters and constants in 2 tensors");
        var value = new AttributeProto { Name = "value", Type = AttributeType.Tensor, T = Floats("v", [2, 5], new float[10]) };
        model.Graph.Node.Add(Node("Constant", [], ["c"], value));
        var branch = new GraphProto
        {
            Name = "b",
            Initializer = { Floats("w", [100], new float[100]) },
            Node = { Node("Relu", ["w"], ["r"]) },
            Output = { new ValueInfoProto { Name = "r" } },
        };
        var attribute = new AttributeProto { Name = "then_branch", Type = AttributeType.Graph, G = branch };
        var other = new AttributeProto { Name = "else_branch", Type = AttributeType.Graph, G = branch.Clone() };
        model.Graph.Node.Add(Node("If", ["y"], ["q"], attribute, other));
        var function = new FunctionProto { Name = "f", Domain = "local", Output = { "k" } };
        function.Node.Add(Node("Constant", [], ["k"], Ints("value_ints", 1, 2, 3)));
        function.OpsetImport.Add(model.OpsetImport);
        model.Functions.Add(function);
        var text = Summary(model);
        StringAssert.Contains(text, "221 parameters and constants in 6 tensors");
        StringAssert.Contains(text, "     3 Relu");
        StringAssert.Contains(text, "     2 Constant");
    }

    private static string Summary(ModelProto model)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("m.onnx"), model.ToByteArray());
        return OnnxFile.Summarize(folder.File("m.onnx"));
    }
}
