using System.Runtime.InteropServices;
using Google.Protobuf;

namespace OnnxFunctional.Export.Proto;

/// <summary>
/// One graph of a file while it is being written: nodes in execution order, initializers, descriptions of values. Names are unique within the file.
/// </summary>
internal sealed class OnnxGraph
{
    /// <summary>The operator of ONNX's second domain that files may hold.</summary>
    public const string LabelEncoder = "LabelEncoder";

    /// <summary>ONNX's second domain, of operators on text and tables.</summary>
    public const string MachineLearning = "ai.onnx.ml";

    /// <summary>A product with weights of 4 or 8 bits, of ONNX Runtime's own domain.</summary>
    public const string MatMulNBits = "MatMulNBits";

    /// <summary>A sum and its normalization, of ONNX Runtime's own domain.</summary>
    public const string SkipLayerNormalization = "SkipLayerNormalization";

    /// <summary>ONNX Runtime's own domain.</summary>
    public const string Contrib = "com.microsoft";

    private readonly NameSet _valueNames;
    private readonly NameSet _nodeNames;

    public OnnxGraph(string name)
        : this(name, new(), new())
    {
    }

    private OnnxGraph(string name, NameSet valueNames, NameSet nodeNames)
    {
        _valueNames = valueNames;
        _nodeNames = nodeNames;
        Proto = new GraphProto { Name = name };
    }

    public GraphProto Proto { get; }

    /// <summary>Whether an operator that files may hold is of ONNX Runtime's own domain.</summary>
    public static bool IsContrib(string op) => op is MatMulNBits or SkipLayerNormalization;

    /// <summary>A graph inside this one: the body of a Scan. Its names differ from those of the outer graph, which it can see.</summary>
    public OnnxGraph Body(string name) => new(name, _valueNames, _nodeNames);

    /// <summary>The wanted name of a value, with a number appended if it is taken.</summary>
    public string Reserve(string wanted) => _valueNames.Unique(wanted);

    public void Node(string name, string op, IEnumerable<string> inputs, IEnumerable<string> outputs, params IEnumerable<AttributeProto> attributes)
    {
        var node = new NodeProto { Name = _nodeNames.Unique(name), OpType = op };
        if (op == LabelEncoder) node.Domain = MachineLearning;
        if (IsContrib(op)) node.Domain = Contrib;
        node.Input.AddRange(inputs);
        node.Output.AddRange(outputs);
        node.Attribute.AddRange(attributes);

        // Missing optional inputs at the end are left out instead of being written as empty names.
        while (node.Input is [.., ""]) node.Input.RemoveAt(node.Input.Count - 1);
        while (node.Output is [.., ""]) node.Output.RemoveAt(node.Output.Count - 1);

        // ONNX Runtime merges nodes that are equal but for what is read of them; then the empty name of one becomes an output of the other, for all readers.
        for (var i = 0; i < node.Output.Count; i++)
        {
            if (node.Output[i].Length == 0) node.Output[i] = Reserve(name + "/unused");
        }

        Proto.Node.Add(node);
    }

    /// <summary>The node that gives a value; null if none of this graph does.</summary>
    public NodeProto? NodeOf(string value) => Proto.Node.LastOrDefault(node => node.Output.Contains(value));

    public TensorProto Initializer<T>(string name, Shape shape, DType type, T[] data) where T : struct =>
        Initializer(name, shape, type, ByteString.CopyFrom(MemoryMarshal.AsBytes<T>(data)));

    /// <summary>Adds a stored tensor whose bytes may be made when they are written.</summary>
    public TensorProto Initializer(string name, Shape shape, DType type, ByteString data)
    {
        var tensor = new TensorProto { Name = name, DataType = ElementType(type), RawData = data };
        foreach (var dim in shape.Dims) tensor.Dims.Add(dim);
        Proto.Initializer.Add(tensor);
        return tensor;
    }

    /// <summary>Adds a stored tensor of 8-bit integers that fit in 4 bits: two in a byte, the first in its lower half.</summary>
    public void Nibbles(string name, Shape shape, DType type, byte[] data)
    {
        var packed = new byte[(data.Length + 1) / 2];
        for (var i = 0; i < data.Length; i++) packed[i / 2] |= (byte)((data[i] & 0xF) << (i % 2 * 4));
        Initializer(name, shape, type, packed).DataType = (int)(type == DType.Int8 ? TensorProto.Types.DataType.Int4 : TensorProto.Types.DataType.Uint4);
    }

    /// <summary>Writes type and shape of a value inside the graph.</summary>
    public void Describe(string name, TensorSpec spec, IReadOnlyList<string?>? dimensionNames = null) =>
        Proto.ValueInfo.Add(Info(name, spec, dimensionNames));

    public void Input(string name, TensorSpec spec, IReadOnlyList<string?>? dimensionNames = null) => Proto.Input.Add(Info(name, spec, dimensionNames));

    public void Output(string name, TensorSpec spec, IReadOnlyList<string?>? dimensionNames = null) => Proto.Output.Add(Info(name, spec, dimensionNames));

    public static int ElementType(DType type) => (int)(type switch
    {
        DType.Float32 => TensorProto.Types.DataType.Float,
        DType.Float64 => TensorProto.Types.DataType.Double,
        DType.Float16 => TensorProto.Types.DataType.Float16,
        DType.BFloat16 => TensorProto.Types.DataType.Bfloat16,
        DType.Int32 => TensorProto.Types.DataType.Int32,
        DType.Int64 => TensorProto.Types.DataType.Int64,
        DType.Int8 => TensorProto.Types.DataType.Int8,
        DType.UInt8 => TensorProto.Types.DataType.Uint8,
        DType.Bool => TensorProto.Types.DataType.Bool,
        DType.String => TensorProto.Types.DataType.String,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "An element type without a number in ONNX."),
    });

    private static ValueInfoProto Info(string name, TensorSpec spec, IReadOnlyList<string?>? dimensionNames)
    {
        var shape = new TensorShapeProto();
        for (var i = 0; i < spec.Shape.Rank; i++)
        {
            var dimension = new TensorShapeProto.Types.Dimension();
            if (spec.Shape.Dims[i] != Shape.Unknown) dimension.DimValue = spec.Shape.Dims[i];
            else if (dimensionNames?[i] is { } symbol) dimension.DimParam = symbol;
            shape.Dim.Add(dimension);
        }

        var tensor = new TypeProto.Types.Tensor { ElemType = ElementType(spec.Type), Shape = shape };
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }
}
