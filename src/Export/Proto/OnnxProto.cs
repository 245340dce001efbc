using System.Runtime.InteropServices;
using Google.Protobuf.Collections;

namespace OnnxFunctional.Export.Proto;

/// <summary>The common parts of all files we write, and how they are read back.</summary>
internal static class OnnxProto
{
    // The first in which LabelEncoder has tables of each type.
    private const int MachineLearningVersion = 2;

    public const string Producer = "OnnxFunctional";

    /// <summary>The file that holds a graph.</summary>
    public static ModelProto Model(GraphProto graph, int opset)
    {
        var model = new ModelProto
        {
            IrVersion = IrVersion(opset),
            ProducerName = Producer,
            ProducerVersion = typeof(OnnxProto).Assembly.GetName().Version!.ToString(3),
            Graph = graph,
        };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = opset });
        if (graph.Node.Any(node => node.Domain == OnnxGraph.MachineLearning))
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = OnnxGraph.MachineLearning, Version = MachineLearningVersion });
        if (graph.Node.Any(node => node.Domain == OnnxGraph.Contrib)) model.OpsetImport.Add(new OperatorSetIdProto { Domain = OnnxGraph.Contrib, Version = 1 });
        return model;
    }

    public static void Add(this RepeatedField<StringStringEntryProto> metadata, string key, string value) =>
        metadata.Add(new StringStringEntryProto { Key = key, Value = value });

    /// <summary>The value of a key, or null if it is not there.</summary>
    public static string? Find(this RepeatedField<StringStringEntryProto> metadata, string key) => metadata.FirstOrDefault(entry => entry.Key == key)?.Value;

    /// <summary>The dimensions of a stored tensor.</summary>
    /// <exception cref="OverflowException">A dimension is beyond 32 bits.</exception>
    public static Shape ShapeOf(TensorProto tensor) => Shape.Of([.. tensor.Dims.Select(dim => checked((int)dim))]);

    /// <summary>The number of elements of a stored tensor.</summary>
    public static long Elements(TensorProto tensor) => tensor.Dims.Aggregate(1L, (product, dim) => product * dim);

    /// <summary>The elements of a stored tensor, or null unless they are float32 and inside the file.</summary>
    public static float[]? FloatsOf(TensorProto tensor)
    {
        if (tensor.DataType != (int)TensorProto.Types.DataType.Float || tensor.DataLocation == TensorProto.Types.DataLocation.External) return null;
        return tensor.FloatData.Count > 0 ? [.. tensor.FloatData] : MemoryMarshal.Cast<byte, float>(tensor.RawData.Span).ToArray();
    }

    /// <summary>The version of the file format that belongs to an operator set.</summary>
    private static int IrVersion(int opset) => opset >= 21 ? 10 : opset >= 19 ? 9 : 8;
}
