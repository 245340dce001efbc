using System.Numerics.Tensors;
using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;
using static OnnxFunctional.Tests.Export.HandmadeModels;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.Export.Import;

/// <summary>The smallest integer divided by -1 ends the process in ONNX Runtime 1.31; files that can do so are rewritten before it gets them.</summary>
[TestClass]
public sealed class IntegerDivisionTests
{
    [TestMethod]
    [DataRow("Div", "Int32")]
    [DataRow("Div", "Int64")]
    [DataRow("Mod", "Int32")]
    [DataRow("Mod", "Int64")]
    public void The_smallest_integer_is_divided_by_minus_one_without_a_trap(string op, string typeName)
    {
        var type = Enum.Parse<DataType>(typeName);
        var bytes = Division(op, type).ToByteArray();
        foreach (var optimization in new[] { GraphOptimization.None, GraphOptimization.All })
        {
            using var model = OnnxModel.FromBytes(bytes, options: new OnnxModelOptions { Optimization = optimization });
            if (type == DataType.Int32)
            {
                var y = Run(model, [int.MinValue, 7, -3, 5], [-1, 2, -1, 3]);
                CollectionAssert.AreEqual(op == "Div" ? [int.MinValue, 3, 3, 1] : new int[] { 0, 1, 0, 2 }, y);
            }
            else
            {
                var y = Run(model, [long.MinValue, 7, -3, 5], [-1L, 2, -1, 3]);
                CollectionAssert.AreEqual(op == "Div" ? [long.MinValue, 3, 3, 1] : new long[] { 0, 1, 0, 2 }, y);
            }
        }
    }

    /// <summary>Constants are divided when the file is opened.</summary>
    [TestMethod]
    public void Constants_are_divided_without_a_trap()
    {
        var model = Model(new GraphProto
        {
            Input = { Value("x", DataType.Int64, "n") },
            Initializer = { Longs("least", long.MinValue), Longs("minus", -1) },
            Node = { Node("Div", ["least", "minus"], ["q"]), Node("Add", ["x", "q"], ["y"]) },
            Output = { Value("y", DataType.Int64, "n") },
        });
        using var loaded = OnnxModel.FromBytes(model.ToByteArray());
        Assert.AreEqual(long.MinValue + 5, loaded.Run(OnnxValue.From(Tensor.Create([5L])))[0].As<long>()[0]);
    }

    [TestMethod]
    public void Divisions_that_cannot_trap_are_left_alone()
    {
        Assert.IsFalse(IsRewritten(Division("Div", DataType.Float)));
        var constant = Division("Div", DataType.Int64);
        constant.Graph.Input.RemoveAt(1);
        constant.Graph.Initializer.Add(Longs("b", 2));
        Assert.IsFalse(IsRewritten(constant));
        var fmod = Division("Mod", DataType.Int64);
        fmod.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "fmod", Type = AttributeProto.Types.AttributeType.Int, I = 1 });
        Assert.IsFalse(IsRewritten(fmod));

        // The type of a value inside follows from the operators before it.
        var inner = Division("Div", DataType.Float);
        inner.Graph.Node[0].Input[0] = "e";
        inner.Graph.Node.Insert(0, Node("Exp", ["a"], ["e"]));
        Assert.IsFalse(IsRewritten(inner));
        Assert.IsTrue(IsRewritten(Division("Div", DataType.Int32)));
    }

    /// <summary>A function's inputs have no types, so its divisions are rewritten in any case: floating-point results stay the same bits.</summary>
    [TestMethod]
    public void Divisions_in_functions_and_branches_are_rewritten_too()
    {
        var model = Division("Div", DataType.Float);
        model.Graph.Node[0] = new NodeProto { OpType = "Halve", Domain = "own", Input = { "a", "b" }, Output = { "y" }, Name = "call" };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "own", Version = 1 });
        model.Functions.Add(new FunctionProto
        {
            Name = "Halve",
            Domain = "own",
            Input = { "p", "q" },
            Output = { "r" },
            Node = { Node("Div", ["p", "q"], ["r"]) },
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = 21 } },
        });
        Assert.IsTrue(IsRewritten(model));
        using var loaded = OnnxModel.FromBytes(model.ToByteArray());
        float[] a = [3, -0f, float.PositiveInfinity, 7, 1e-40f, 5], b = [-1, -1, -1, 3, -1, 0];
        var y = loaded.Run(OnnxValue.From(Tensor.Create(a)), OnnxValue.From(Tensor.Create(b)))[0].As<float>();
        for (var i = 0; i < a.Length; i++)
            Assert.AreEqual(BitConverter.SingleToInt32Bits(a[i] / b[i]), BitConverter.SingleToInt32Bits(y[i]), $"{a[i]} / {b[i]}");
    }

    [TestMethod]
    public void Before_opset_9_such_a_division_is_refused()
    {
        var model = Division("Div", DataType.Int32);
        model.OpsetImport[0].Version = 8;
        var refusal = Assert.ThrowsExactly<OnnxFileException>(() => OnnxModel.FromBytes(model.ToByteArray()));
        StringAssert.Contains(refusal.Message, "-1 would end the process");
    }

    private static ModelProto Division(string op, DataType type) => Model(new GraphProto
    {
        Input = { Value("a", type, "n"), Value("b", type, "n") },
        Output = { Value("y", type, "n") },
        Node = { Node(op, ["a", "b"], ["y"]) },
    });

    private static TensorProto Longs(string name, long value) => new() { Name = name, DataType = (int)DataType.Int64, Int64Data = { value }, Dims = { 1 } };

    private static bool IsRewritten(ModelProto model)
    {
        var bytes = model.ToByteArray();
        return !bytes.AsSpan().SequenceEqual(OnnxFileGuard.ReadBytes(bytes, "the model", null, new OnnxFileLimits()).Bytes);
    }

    private static T[] Run<T>(OnnxModel model, T[] a, T[] b)
    {
        var y = model.Run(OnnxValue.From(Tensor.Create(a)), OnnxValue.From(Tensor.Create(b)))[0].As<T>();
        var values = new T[y.FlattenedLength];
        y.FlattenTo(values);
        return values;
    }
}
