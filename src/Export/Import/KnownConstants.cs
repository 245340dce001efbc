using System.Buffers.Binary;
using System.Numerics;
using OnnxFunctional.Export.Proto;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Export.Import;

/// <summary>
/// What is known of a graph before it runs: its initializers and Constant nodes, the shapes it declares, the ranks that follow; with those of the graphs
/// around it.
/// </summary>
internal sealed class KnownConstants
{
    private const int LongestShape = 64;

    private readonly Dictionary<string, TensorProto> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TensorShapeProto> _declared = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int?> _ranks = new(StringComparer.Ordinal);
    private readonly KnownConstants? _outer;

    public KnownConstants(GraphProto graph, KnownConstants? outer)
        : this(graph.Node, outer)
    {
        foreach (var tensor in graph.Initializer) _tensors[tensor.Name] = tensor;
        foreach (var info in graph.Input.Concat(graph.ValueInfo).Concat(graph.Output))
        {
            if (info.Type?.TensorType?.Shape is { } shape) _declared[info.Name] = shape;
        }
    }

    public KnownConstants(IEnumerable<NodeProto> nodes, KnownConstants? outer = null)
    {
        _outer = outer;
        foreach (var node in nodes)
        {
            if (node.OpType != "Constant" || node.Output.Count != 1) continue;
            foreach (var attribute in node.Attribute)
            {
                if (ValueOf(attribute) is { } value) _tensors[node.Output[0]] = value;
            }
        }
    }

    /// <summary>The dimensions of the constant that a node takes; null if its input is none.</summary>
    public IReadOnlyList<long>? DimsOf(NodeProto node, int input) => Find(node, input)?.Dims;

    /// <summary>How many numbers the list that a node takes has, by its data or its declared shape; 0 if that is unknown or it is no list.</summary>
    public long LengthOf(NodeProto node, int input)
    {
        if (DimsOf(node, input) is { } dims) return dims is [var length] ? length : 0;
        return DeclaredOf(node, input) is [var only] ? only : 0;
    }

    /// <summary>The dimensions of a value that a node takes, constant or declared, 0 where one is open; null if its rank is not known.</summary>
    public IReadOnlyList<long>? ShapeOf(NodeProto node, int input) => DimsOf(node, input) ?? DeclaredOf(node, input);

    /// <summary>The rank of a value that a node takes; null if it is not known. What a node computes counts, not what is declared for it.</summary>
    public int? RankOf(NodeProto node, int input)
    {
        if (DimsOf(node, input) is { } dims) return dims.Count;
        if (input >= node.Input.Count) return null;
        for (var scope = this; scope is not null; scope = scope._outer)
        {
            if (scope._ranks.TryGetValue(node.Input[input], out var rank)) return rank;
            if (scope._declared.TryGetValue(node.Input[input], out var shape)) return shape.Dim.Count;
        }

        return null;
    }

    /// <summary>Notes the ranks of what a node computes; nodes come in the order of the file.</summary>
    public void AddRanks(NodeProto node)
    {
        for (var output = 0; output < node.Output.Count; output++) _ranks[node.Output[output]] = RankRules.Of(node, output, this);
    }

    /// <summary>The integers that a node takes; null if they are not known, of another type, or too many for a shape.</summary>
    /// <remarks>The data counts, not the declared shape.</remarks>
    public long[]? Integers(NodeProto node, int input) => Find(node, input) switch
    {
        { DataType: (int)DataType.Int64 } tensor => Values(tensor, tensor.Int64Data, 8, BinaryPrimitives.ReadInt64LittleEndian),
        { DataType: (int)DataType.Int32 } tensor => Values(tensor, tensor.Int32Data, 4, bytes => (long)BinaryPrimitives.ReadInt32LittleEndian(bytes)),
        _ => null,
    };

    /// <summary>The float32 numbers that a node takes; null as for <see cref="Integers"/>.</summary>
    public double[]? Floats(NodeProto node, int input) => Find(node, input) switch
    {
        { DataType: (int)DataType.Float } tensor => Values(tensor, tensor.FloatData, 4, bytes => (double)BinaryPrimitives.ReadSingleLittleEndian(bytes)),
        _ => null,
    };

    /// <summary>The tensor of an attribute of a Constant node; null if it is text or sparse.</summary>
    public static TensorProto? ValueOf(AttributeProto attribute) => attribute.Name switch
    {
        "value" => attribute.T,
        "value_ints" => new TensorProto { Dims = { attribute.Ints.Count }, DataType = (int)DataType.Int64, Int64Data = { attribute.Ints } },
        "value_int" => new TensorProto { DataType = (int)DataType.Int64, Int64Data = { attribute.I } },
        "value_floats" => new TensorProto { Dims = { attribute.Floats.Count }, DataType = (int)DataType.Float, FloatData = { attribute.Floats } },
        "value_float" => new TensorProto { DataType = (int)DataType.Float, FloatData = { attribute.F } },
        _ => null,
    };

    private delegate TTo Reader<out TTo>(ReadOnlySpan<byte> bytes);

    private static TTo[]? Values<TFrom, TTo>(TensorProto tensor, IReadOnlyList<TFrom> list, int width, Reader<TTo> read)
        where TFrom : INumberBase<TFrom>
        where TTo : INumberBase<TTo>
    {
        if (tensor.DataLocation == TensorProto.Types.DataLocation.External) return null;
        var raw = tensor.RawData.Span;
        var count = tensor.HasRawData ? raw.Length / width : list.Count;
        if (count > LongestShape) return null;
        var result = new TTo[count];
        for (var i = 0; i < count; i++) result[i] = tensor.HasRawData ? read(raw[(i * width)..]) : TTo.CreateTruncating(list[i]);
        return result;
    }

    private long[]? DeclaredOf(NodeProto node, int input)
    {
        if (input >= node.Input.Count) return null;
        for (var scope = this; scope is not null; scope = scope._outer)
        {
            if (scope._declared.TryGetValue(node.Input[input], out var shape)) return [.. shape.Dim.Select(dim => dim.DimValue)];
        }

        return null;
    }

    private TensorProto? Find(NodeProto node, int input)
    {
        if (input >= node.Input.Count) return null;
        for (var scope = this; scope is not null; scope = scope._outer)
        {
            if (scope._tensors.TryGetValue(node.Input[input], out var tensor)) return tensor;
        }

        return null;
    }
}
