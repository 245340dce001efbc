using System.Collections.Frozen;
using OnnxFunctional.Export.Proto;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Export.Import;

/// <summary>The element types of a graph's values, as far as declarations and a few rules tell them.</summary>
internal sealed class ElementTypes
{
    // Outputs of these have the type of the first input.
    private static readonly FrozenSet<string> s_likeTheFirst = FrozenSet.Create(
        StringComparer.Ordinal,
        "Abs", "Add", "AffineGrid", "Attention", "AveragePool", "BatchNormalization", "CausalConvWithState", "Ceil", "CenterCropPad", "Clip", "Col2Im",
        "Concat", "ConcatFromSequence", "Conv", "ConvTranspose", "CumProd", "CumSum", "DFT", "Det", "Div", "Einsum", "Elu", "Erf", "Exp",
        "Expand", "Flatten", "Floor", "GRU", "Gather", "GatherElements", "GatherND", "Gelu", "Gemm", "GlobalAveragePool", "GlobalMaxPool", "GridSample",
        "GroupNormalization", "HardSigmoid", "HardSwish", "Identity", "InstanceNormalization", "LSTM", "LayerNormalization", "LeakyRelu",
        "LinearAttention", "Log", "LogSoftmax", "MatMul", "Max", "MaxUnpool", "Mean", "Min", "Mod", "Mul", "Neg", "PRelu", "Pad", "Pow", "RNN",
        "Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum",
        "ReduceSumSquare", "Relu", "Reshape", "Resize", "RotaryEmbedding", "Round", "STFT", "Scatter", "ScatterElements", "ScatterND", "Selu", "Sigmoid",
        "Sign", "Sin", "Slice", "Softmax", "Softplus", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tanh", "TensorScatter", "Tile", "Transpose", "Unsqueeze");

    private readonly Dictionary<string, int> _types = new(StringComparer.Ordinal);
    private readonly ElementTypes? _outer;

    public ElementTypes()
    {
    }

    public ElementTypes(GraphProto graph, ElementTypes? outer)
    {
        _outer = outer;
        foreach (var info in graph.Input.Concat(graph.ValueInfo).Concat(graph.Output))
        {
            if (info.Type?.TensorType is { ElemType: not 0 } tensor) _types[info.Name] = tensor.ElemType;
        }

        foreach (var tensor in graph.Initializer) _types[tensor.Name] = tensor.DataType;
    }

    /// <summary>The type of a value; null if it is not known.</summary>
    public int? Of(string name)
    {
        for (var scope = this; scope is not null; scope = scope._outer)
        {
            if (scope._types.TryGetValue(name, out var type)) return type;
        }

        return null;
    }

    /// <summary>Adds the type of a value, if it is known and the file does not declare another.</summary>
    public void Add(string name, int? type)
    {
        if (type is { } known) _types.TryAdd(name, known);
    }

    /// <summary>Adds the types of a node's outputs. Nodes need not be in order: what comes later is not known.</summary>
    public void Infer(NodeProto node)
    {
        var type = node.OpType switch
        {
            "Cast" => (int?)node.Attribute.FirstOrDefault(attribute => attribute.Name == "to")?.I,
            "CastLike" when node.Input.Count == 2 => Of(node.Input[1]),
            "Where" when node.Input.Count == 3 => Of(node.Input[1]) ?? Of(node.Input[2]),
            "Constant" => node.Attribute.Select(KnownConstants.ValueOf).FirstOrDefault(value => value is not null)?.DataType,
            "Shape" or "Size" => (int)DataType.Int64,
            _ when s_likeTheFirst.Contains(node.OpType) && node.Input.Count > 0 => Of(node.Input[0]),
            _ => null,
        };
        if (type is not { } known || node.Domain.Length > 0) return;
        foreach (var output in node.Output) _types.TryAdd(output, known);
    }
}
