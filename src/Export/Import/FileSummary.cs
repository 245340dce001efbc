using System.Globalization;
using System.Text;
using OnnxFunctional.Export.Proto;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Export.Import;

/// <summary>A checked file of any origin as text: inputs, outputs, operators, parameters.</summary>
internal static class FileSummary
{
    public static string Describe(CheckedModel file, string path)
    {
        var model = file.Model;
        var text = new StringBuilder();
        var opsets = model.OpsetImport.Select(
            import => string.Create(CultureInfo.InvariantCulture, $"{(import.Domain.Length == 0 ? "ai.onnx" : Plain(import.Domain))} opset {import.Version}"));
        text.AppendLine(CultureInfo.InvariantCulture, $"{path}: {file.Bytes.Length:N0} bytes, IR version {model.IrVersion}, {string.Join(", ", opsets)}");
        if (model.ProducerName.Length > 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"written by {Plain(model.ProducerName)} {Plain(model.ProducerVersion)}");
        foreach (var input in model.Graph.Input) text.AppendLine(CultureInfo.InvariantCulture, $"input  {Describe(input)}");
        foreach (var output in model.Graph.Output) text.AppendLine(CultureInfo.InvariantCulture, $"output {Describe(output)}");

        var contents = new Contents();
        contents.Add(model.Graph);
        foreach (var function in model.Functions) contents.Add(function.Node);
        foreach (var (type, count) in contents.Operators.OrderByDescending(entry => entry.Value).ThenBy(entry => entry.Key, StringComparer.Ordinal))
            text.AppendLine(CultureInfo.InvariantCulture, $"{count,6} {Plain(type)}");
        foreach (var (location, bytes) in ExternalDataGuard.Locations(model))
            text.AppendLine(CultureInfo.InvariantCulture, $"external data in {Plain(location)}: {bytes:N0} bytes");
        text.AppendLine(CultureInfo.InvariantCulture, $"{contents.Elements:N0} parameters and constants in {contents.Tensors} tensors");
        return text.ToString();
    }

    private static string Describe(ValueInfoProto value) => $"{Plain(value.Name)}: {Describe(value.Type)}";

    /// <summary>A type in words: element type and dimensions.</summary>
    public static string Describe(TypeProto? type) => type?.ValueCase switch
    {
        TypeProto.ValueOneofCase.TensorType => Describe(type.TensorType.ElemType, type.TensorType.Shape),
        TypeProto.ValueOneofCase.SparseTensorType => "sparse " + Describe(type.SparseTensorType.ElemType, type.SparseTensorType.Shape),
        TypeProto.ValueOneofCase.SequenceType => "sequence of " + Describe(type.SequenceType.ElemType),
        TypeProto.ValueOneofCase.OptionalType => "optional " + Describe(type.OptionalType.ElemType),
        TypeProto.ValueOneofCase.MapType => $"map from {(DataType)type.MapType.KeyType} to {Describe(type.MapType.ValueType)}",
        _ => "a value of no declared type",
    };

    private static string Describe(int elementType, TensorShapeProto? shape)
    {
        var type = elementType == 0 ? "elements of no declared type" : ((DataType)elementType).ToString();
        return shape is null ? $"{type} of any shape" : $"{type} [{string.Join(", ", shape.Dim.Select(Describe))}]";
    }

    private static string Describe(TensorShapeProto.Types.Dimension dimension) => dimension.ValueCase switch
    {
        TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue => dimension.DimValue.ToString(CultureInfo.InvariantCulture),
        TensorShapeProto.Types.Dimension.ValueOneofCase.DimParam when dimension.DimParam.Length > 0 => Plain(dimension.DimParam),
        _ => "?",
    };

    /// <summary>A text from a file without characters that a terminal would obey.</summary>
    public static string Plain(string text) => string.Concat(text.Select(character => char.IsControl(character) ? '?' : character));

    /// <summary>Operators and constants of a graph and of all graphs inside it.</summary>
    private sealed class Contents
    {
        public Dictionary<string, int> Operators { get; } = new(StringComparer.Ordinal);

        public int Tensors { get; private set; }

        public Int128 Elements { get; private set; }

        public void Add(GraphProto graph)
        {
            foreach (var tensor in graph.Initializer) Add(tensor);
            foreach (var tensor in graph.SparseInitializer) Add(tensor.Values);
            Add(graph.Node);
        }

        public void Add(IEnumerable<NodeProto> nodes)
        {
            foreach (var node in nodes)
            {
                Operators[node.OpType] = Operators.GetValueOrDefault(node.OpType) + 1;
                foreach (var attribute in node.Attribute)
                {
                    if (node.OpType == "Constant") AddConstant(attribute);
                    foreach (var graph in GraphGuard.Subgraphs(attribute)) Add(graph);
                }
            }
        }

        private void AddConstant(AttributeProto attribute)
        {
            if (attribute.SparseTensor is { } sparse) Add(sparse.Values);
            else if (KnownConstants.ValueOf(attribute) is { } tensor) Add(tensor);
        }

        private void Add(TensorProto tensor)
        {
            Tensors++;
            Elements += tensor.Dims.Aggregate((Int128)1, (product, dim) => product * dim);
        }
    }
}
