using OnnxFunctional.Export.Proto;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Export.Targets;

/// <summary>What a written file says of its values: element types, numbers of axes, which are constant.</summary>
internal sealed class FileTypes
{
    private readonly Dictionary<string, (DataType Type, int Rank)> _values = [];
    private readonly HashSet<string> _constants = [];

    public FileTypes(GraphProto graph) => Add(graph);

    /// <summary>All nodes, those of bodies behind the node that holds them.</summary>
    public List<NodeProto> Nodes { get; } = [];

    /// <summary>The element type of a value; null if the file does not say.</summary>
    public DataType? TypeOf(string value) => _values.TryGetValue(value, out var known) ? known.Type : null;

    /// <summary>The number of axes; null if the file does not say.</summary>
    public int? RankOf(string value) => _values.TryGetValue(value, out var known) ? known.Rank : null;

    public bool IsConstant(string value) => _constants.Contains(value);

    private void Add(GraphProto graph)
    {
        foreach (var value in graph.Input.Concat(graph.ValueInfo).Concat(graph.Output))
            _values[value.Name] = ((DataType)value.Type.TensorType.ElemType, value.Type.TensorType.Shape.Dim.Count);
        foreach (var tensor in graph.Initializer)
        {
            _values[tensor.Name] = ((DataType)tensor.DataType, tensor.Dims.Count);
            _constants.Add(tensor.Name);
        }

        foreach (var node in graph.Node)
        {
            Nodes.Add(node);
            if (node.OpType == "Constant") _constants.Add(node.Output[0]);
            foreach (var body in node.Attribute.Where(attribute => attribute.G is not null)) Add(body.G);
        }
    }
}
