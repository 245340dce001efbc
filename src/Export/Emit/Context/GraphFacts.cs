using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit;

/// <summary>Facts about a graph, known before it is written: the readers of each value, and the layout that they prefer.</summary>
internal sealed class GraphFacts
{
    private readonly Dictionary<Value, List<(Node Node, int Index)>> _readers = [];
    private readonly HashSet<Value> _outputs;
    private readonly Dictionary<Value, Layout> _wanted = [];
    private readonly Dictionary<Value, FeatureOrder> _wantedFeatures = [];

    public GraphFacts(Graph graph)
    {
        _outputs = [.. graph.Outputs];
        foreach (var node in graph.Nodes)
        {
            for (var i = 0; i < node.Inputs.Count; i++)
            {
                if (!_readers.TryGetValue(node.Inputs[i], out var readers)) _readers[node.Inputs[i]] = readers = [];
                readers.Add((node, i));
            }
        }

        for (var i = graph.Nodes.Count - 1; i >= 0; i--) Want(graph.Nodes[i]);
    }

    public IReadOnlyList<(Node Node, int Index)> Readers(Value value) => _readers.GetValueOrDefault(value) ?? [];

    public bool IsOutput(Value value) => _outputs.Contains(value);

    public bool IsRead(Value value) => IsOutput(value) || Readers(value).Count > 0;

    public bool IsReadOnce(Value value) => Readers(value).Count + (IsOutput(value) ? 1 : 0) == 1;

    /// <summary>The layout that later operators will read, if any: it is cheaper to convert a value early, at the border of the graph.</summary>
    public Layout? Wanted(Value value) => _wanted.TryGetValue(value, out var layout) ? layout : null;

    /// <summary>
    /// The order of features from which a Reshape makes a channels-first image, if the
    /// value has no other reader: the matrix before it can store its columns in this order.
    /// </summary>
    public FeatureOrder? WantedFeatures(Value value) => _wantedFeatures.GetValueOrDefault(value);

    /// <summary>Whether a value is a weight or constant with one reader, which may choose how it is stored.</summary>
    public bool IsLoneWeight(Value value) => IsStatic(value) && IsReadOnce(value);

    /// <summary>
    /// Whether the order of a value's features may differ from the graph's: all its readers are
    /// matrices whose rows can be stored in that order, or elementwise operators that lead to one.
    /// </summary>
    public bool AcceptsFeatureOrder(Value value) => !IsOutput(value) && Readers(value).All(reader => AcceptsFeatureOrder(reader.Node, reader.Index, value));

    private bool AcceptsFeatureOrder(Node node, int index, Value value) => node.Op switch
    {
        Gemm => index == 0 && IsLoneWeight(node.Inputs[1]),
        MatMul { TransposeLeft: false, TransposeRight: false } => index == 0 && node.Inputs[1].Spec.Shape.Rank == 2 && IsLoneWeight(node.Inputs[1]),
        Concat concat => value.Spec.Shape.Rank == 2 && concat.Axis is 1 or -1 && node.Inputs.All(input => !IsStatic(input))
            && AcceptsFeatureOrder(node.Outputs[0]),
        _ when IsSameEverywhere(node) => AcceptsFeatureOrder(node.Outputs[0]),
        BinaryOp => (IsScalar(node.Inputs[1 - index]) || Root(node.Inputs[0]) == Root(node.Inputs[1])) && AcceptsFeatureOrder(node.Outputs[0]),
        _ => false,
    };

    private static bool IsStatic(Value value) =>
        value.Producer.Op is Variable or Constant
        || (value.Producer is { Op: Cast { To: DType.Float32 }, Inputs: [{ Producer.Op: Constant { Data.Type: var type } }] } && type.IsHalfWidth());

    private static bool IsScalar(Value value) => IsStatic(value) && value.Spec.Shape.ElementCount == 1;

    /// <summary>Whether a node applies one function to every element, whatever its position; a random number depends on it.</summary>
    private static bool IsSameEverywhere(Node node) => node.Inputs.Count == 1 && node.Op is { IsElementwise: true } and not IRandomOp;

    /// <summary>The value from which a value was computed elementwise, so that both have the same order of features: <c>x * sigmoid(x)</c>.</summary>
    private static Value Root(Value value)
    {
        while (IsSameEverywhere(value.Producer)) value = value.Producer.Inputs[0];
        return value;
    }

    private void Want(Node node)
    {
        WantFeatures(node);
        switch (node.Op)
        {
            case Conv or ConvTranspose or PoolOp:
                Want(node.Inputs[0], Layout.ChannelsFirst(node.Inputs[0].Spec.Shape.Rank));
                break;
            case RecurrentOp { Options.Masked: false }:
                Want(node.Inputs[0], Layout.TimeMajor);
                break;
            case MatMul { TransposeLeft: false } when node.Inputs[1].Spec.Shape.Rank == 2 && Wanted(node.Outputs[0]) is { } layout
                && layout.Axes[layout.Rank - 1] == layout.Rank - 1:
                Want(node.Inputs[0], layout);
                break;
            case { IsElementwise: true } or AlongAxisOp or Concat or Pad or BatchNormalization or Resize when Wanted(node.Outputs[0]) is { } layout:
                for (var i = 0; i < node.Inputs.Count; i++)
                {
                    var input = node.Inputs[i];
                    if (input.Spec.Shape.Rank == layout.Rank && !IsStatic(input) && !node.Op.ReadsOnlyShapeOf(i)) Want(input, layout);
                }

                break;
        }
    }

    private void WantFeatures(Node node)
    {
        if (node.Inputs.Count == 0 || !IsReadOnce(node.Inputs[0]) || IsOutput(node.Inputs[0])) return;
        var (x, y) = (node.Inputs[0], node.Outputs[0]);
        var order = node.Op switch
        {
            Reshape when Wanted(y) is { Features: null } layout && layout.Axes[0] == 0 && IsFlat(x.Spec.Shape, y.Spec.Shape)
                && !layout.SameMemory(Layout.Identity(layout.Rank), y.Spec.Shape) =>
                FeatureOrder.Of(IntList.Create(y.Spec.Shape.Dims[1..]), [.. layout.Axes.Skip(1).Select(axis => axis - 1)]),
            _ when IsSameEverywhere(node) => WantedFeatures(y),
            BatchNormalization { Axis: 1 or -1 } when node.Inputs.Skip(1).All(IsLoneWeight) => WantedFeatures(y),
            _ => null,
        };
        if (order is not null) _wantedFeatures[x] = order;
    }

    /// <summary>Whether <paramref name="flat"/> is (batch, features) of <paramref name="image"/>.</summary>
    private static bool IsFlat(Shape flat, Shape image) =>
        flat.Rank == 2 && image.Rank > 2 && flat.Dims[0] == image.Dims[0] && image.Slice(1, image.Rank - 1) is { IsKnown: true } rest
            && rest.ElementCount == flat.Dims[1];

    private void Want(Value value, Layout layout) => _wanted.TryAdd(value, layout);
}
