using System.Runtime.InteropServices;
using Google.Protobuf;
using OnnxFunctional.Export.Proto;
using AttributeType = OnnxFunctional.Export.Proto.AttributeProto.Types.AttributeType;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.Export;

/// <summary>Small ONNX models, built message by message.</summary>
internal static class HandmadeModels
{
    public static ModelProto Model(GraphProto graph, long opset = 21)
    {
        graph.Name = "handmade";
        return new ModelProto { IrVersion = 10, Graph = graph, OpsetImport = { new OperatorSetIdProto { Domain = "", Version = opset } } };
    }

    /// <summary>y = relu(x W + b), x float[batch, 3], W = [[1, 2], [3, 4], [5, 6]], b = [0.5, -100].</summary>
    public static ModelProto Dense() => Model(new GraphProto
    {
        Input = { Value("x", DataType.Float, "batch", 3) },
        Output = { Value("y", DataType.Float, "batch", 2) },
        Initializer = { Floats("W", [3, 2], 1, 2, 3, 4, 5, 6), Floats("b", [2], 0.5f, -100) },
        Node = { Node("Gemm", ["x", "W", "b"], ["z"]), Node("Relu", ["z"], ["y"]) },
    });

    /// <summary>sum = a + b, larger = a > b; both float[batch, 4].</summary>
    public static ModelProto AddAndCompare() => Model(new GraphProto
    {
        Input = { Value("a", DataType.Float, "batch", 4), Value("b", DataType.Float, "batch", 4) },
        Output = { Value("sum", DataType.Float, "batch", 4), Value("larger", DataType.Bool, "batch", 4) },
        Node = { Node("Add", ["a", "b"], ["sum"]), Node("Greater", ["a", "b"], ["larger"]) },
    });

    /// <summary>y = x, of any type.</summary>
    public static ModelProto Identity(DataType type) => Model(new GraphProto
    {
        Input = { Value("x", type, "n") },
        Output = { Value("y", type, "n") },
        Node = { Node("Identity", ["x"], ["y"]) },
    });

    /// <summary>y = table[ids], ids int64[n], the table of three rows.</summary>
    public static ModelProto Lookup() => Model(new GraphProto
    {
        Input = { Value("ids", DataType.Int64, "n") },
        Output = { Value("y", DataType.Float, "n", 2) },
        Initializer = { Floats("table", [3, 2], 0, 1, 10, 11, 20, 21) },
        Node = { Node("Gather", ["table", "ids"], ["y"]) },
    });

    /// <summary>y = x + 1 + 1 + ... repeated as often as the int64 scalar "times".</summary>
    public static ModelProto Loop()
    {
        var body = new GraphProto
        {
            Name = "body",
            Input = { Value("i", DataType.Int64), Value("go", DataType.Bool), Value("before", DataType.Float) },
            Output = { Value("going", DataType.Bool), Value("after", DataType.Float) },
            Node = { Node("Identity", ["go"], ["going"]), Node("Add", ["before", "one"], ["after"]) },
        };
        var loop = Node("Loop", ["times", "", "x"], ["y"]);
        loop.Attribute.Add(new AttributeProto { Name = "body", Type = AttributeType.Graph, G = body });
        return Model(new GraphProto
        {
            Input = { Value("x", DataType.Float), Value("times", DataType.Int64) },
            Output = { Value("y", DataType.Float) },
            Initializer = { Floats("one", [], 1) },
            Node = { loop },
        });
    }

    public static NodeProto Node(string type, string[] inputs, string[] outputs, params AttributeProto[] attributes) =>
        new() { OpType = type, Name = outputs[0] + "_node", Input = { inputs }, Output = { outputs }, Attribute = { attributes } };

    public static AttributeProto Ints(string name, params long[] values) => new() { Name = name, Type = AttributeType.Ints, Ints = { values } };

    public static TensorProto Floats(string name, long[] dimensions, params float[] values) => new()
    {
        Name = name,
        DataType = (int)DataType.Float,
        Dims = { dimensions },
        RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())),
    };

    public static TensorProto Longs(string name, long[] dimensions, params long[] values) => new()
    {
        Name = name,
        DataType = (int)DataType.Int64,
        Dims = { dimensions },
        RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())),
    };

    /// <summary>Dimensions are numbers, names, or null for unknown.</summary>
    public static ValueInfoProto Value(string name, DataType type, params object?[] dimensions)
    {
        var shape = new TensorShapeProto();
        foreach (var dimension in dimensions)
        {
            shape.Dim.Add(dimension switch
            {
                int number => new TensorShapeProto.Types.Dimension { DimValue = number },
                string symbol => new TensorShapeProto.Types.Dimension { DimParam = symbol },
                _ => new TensorShapeProto.Types.Dimension(),
            });
        }

        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = shape } } };
    }

    /// <summary>Writes a model into a folder and returns its path.</summary>
    public static string Put(TemporaryFolder folder, ModelProto file)
    {
        var path = folder.File("file.onnx");
        File.WriteAllBytes(path, file.ToByteArray());
        return path;
    }
}
