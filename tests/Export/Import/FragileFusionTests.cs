using System.Numerics.Tensors;
using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Layers;
using static OnnxFunctional.Tests.Export.HandmadeModels;
using AttributeType = OnnxFunctional.Export.Proto.AttributeProto.Types.AttributeType;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.Export.Import;

/// <summary>Optimizers of ONNX Runtime end the process where a Cast between a Transpose and a MatMul was exchanged in vain.</summary>
[TestClass]
public sealed class FragileFusionTests
{
    [TestMethod]
    [DataRow("graph")]
    [DataRow("branch")]
    public void Files_with_the_nodes_run(string place)
    {
        NodeProto[] nodes =
        [
            Node("Transpose", ["x"], ["turned"], Ints("perm", 1, 0, 2)),
            Node("Cast", ["turned"], ["wide"], new AttributeProto { Name = "to", Type = AttributeType.Int, I = (long)DataType.Float }),
            Node("MatMul", ["wide", "W"], ["y"]),
        ];
        var graph = new GraphProto
        {
            Input = { Value("x", DataType.Int32, "batch", 1, 2), Value("yes", DataType.Bool) },
            Output = { Value("z", DataType.Float, 1, "batch", 2) },
            Initializer = { Floats("W", [2, 2], 1, 2, 3, 4) },
        };
        if (place == "graph")
        {
            graph.Node.Add(nodes);
            graph.Node.Add(Node("Relu", ["y"], ["z"]));
        }
        else
        {
            var branch = new GraphProto { Name = "branch", Output = { new ValueInfoProto { Name = "y" } }, Node = { nodes } };
            var choice = Node("If", ["yes"], ["z"]);
            foreach (var name in new[] { "then_branch", "else_branch" })
                choice.Attribute.Add(new AttributeProto { Name = name, Type = AttributeType.Graph, G = branch });
            graph.Node.Add(choice);
        }

        var file = Model(graph);
        Assert.IsTrue(FragileFusion.IsIn(file));
        using var model = OnnxModel.FromBytes(file.ToByteArray());
        var results = model.Run(OnnxValue.From(Tensor.Create(new[] { 1, 2, 3, 4 }, [2, 1, 2])), OnnxValue.Scalar(true));
        CollectionAssert.AreEqual(new float[] { 7, 10, 15, 22 }, results[0].As<float>().ToArray());
    }

    /// <summary>ONNX Runtime 1.27 took any Transpose before a Gemm for one that exchanges rows and columns (issue 32228).</summary>
    [TestMethod]
    [DataRow("MatMul")]
    [DataRow("Gemm")]
    public void A_Transpose_that_moves_nothing_moves_nothing_in_front_of_a_product(string type)
    {
        var graph = new GraphProto
        {
            Input = { Value("x", DataType.Float, "batch", 2) },
            Output = { Value("z", DataType.Float, "batch", 2) },
            Initializer = { Floats("W", [2, 2], 1, 2, 3, 4), Floats("b", [2], 1, 1) },
            Node = { Node("Transpose", ["x"], ["same"], Ints("perm", 0, 1)) },
        };
        if (type == "Gemm") graph.Node.Add(Node("Gemm", ["same", "W", "b"], ["z"]));
        else graph.Node.Add([Node("MatMul", ["same", "W"], ["y"]), Node("Add", ["y", "b"], ["z"])]);
        using var model = OnnxModel.FromBytes(Model(graph).ToByteArray());
        var z = model.Run(OnnxValue.From(Tensor.Create(new float[] { 1, 2, 3, 4 }, [2, 2])))[0].As<float>();
        CollectionAssert.AreEqual(new float[] { 8, 11, 16, 23 }, z.ToArray());
    }

    [TestMethod]
    public void Other_files_keep_the_optimizer()
    {
        var file = Model(new GraphProto
        {
            Node = { Node("Transpose", ["x"], ["turned"], Ints("perm", 0, 2, 1)), Node("MatMul", ["x", "turned"], ["y"]), Node("Cast", ["y"], ["z"]) },
        });
        Assert.IsFalse(FragileFusion.IsIn(file));
    }

    /// <summary>The loop over steps wants them first, and the indices come with samples first.</summary>
    [TestMethod]
    public void Files_of_ours_do_not_have_the_nodes()
    {
        var x = OnnxFunctional.Model.Input([4]);
        var hot = Ops.OneHot(Ops.Cast(Ops.Clip(x, 0, 3), DType.Int64), 4);
        var turned = Ops.Cast(Ops.Transpose(Ops.Greater(hot, 0.5), 1, 0, 2), DType.Float32);
        var outputs = new[] { new SimpleRnn(3, Activation.Softplus).Call(hot), Ops.MatMul(turned, Ops.Constant([4, 1], [1f, 2, 3, 4])) };
        foreach (var y in outputs)
        {
            var model = new Model(x, y);
            Assert.IsFalse(FragileFusion.IsIn(OnnxExporter.Emit(model, new ExportOptions()).Emitted.Proto), y.ToString());
            using var folder = new TemporaryFolder();
            Assert.IsTrue(model.ExportOnnx(folder.File("m.onnx")).Passed);
        }
    }
}
