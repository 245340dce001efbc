using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Kernels;

namespace OnnxFunctional.Training.Engine;

/// <summary>Makes a graph concrete for given input shapes, and smaller.</summary>
/// <remarks>
/// 1. A node that returns its input unchanged is replaced by that input (Identity, a Cast to the same type, broadcasting to the same shape, times one, plus
/// zero).
/// 2. Equal operators on equal inputs become one node.
/// 3. Nodes that depend on shapes or constants alone become constants.
/// 4. A scalar that is repeated to a shape is read as the scalar if the reader broadcasts anyway.
/// 5. <see cref="Rewrites"/> replaces nodes by cheaper ones.
/// </remarks>
/// <param name="evaluate">Computes a node whose inputs are all constants; null to leave such nodes as they are.</param>
/// <param name="stopsForShards">Whether sums over shards stay; otherwise a batch is not cut, and they are their own values.</param>
internal sealed class Simplifier(Func<Node, IReadOnlyList<Value>>? evaluate, bool stopsForShards = false)
{
    private readonly EqualNodes _known = new();
    private readonly HashSet<Value> _readOnce = [];

    /// <summary>Rewrites the graph for inputs of the given shapes and types.</summary>
    /// <returns>The new inputs, and the new value for each old one.</returns>
    public (IReadOnlyList<Value> Inputs, Dictionary<Value, Value> Map) Run(Graph graph, IReadOnlyList<TensorSpec> inputs)
    {
        var stands = new Value[inputs.Count];
        var replaced = new Dictionary<Value, Value>();
        for (var i = 0; i < stands.Length; i++)
        {
            stands[i] = Node.Create(new PlanInput(i, inputs[i]), [], null).Outputs[0];
            replaced[graph.Inputs[i]] = stands[i];
        }

        var read = new HashSet<Value>(graph.Outputs);
        foreach (var input in graph.Nodes.SelectMany(node => node.Inputs))
        {
            if (read.Add(input)) _readOnce.Add(input);
            else _readOnce.Remove(input);
        }

        return (stands, graph.Rewrite(SimplifyNamed, replaced));
    }

    private IReadOnlyList<Value>? SimplifyNamed(Node node, IReadOnlyList<Value> given)
    {
        try
        {
            return Simplify(node, given);
        }
        catch (ModelException error) when (!error.NamesLayer && node.Scope is not null)
        {
            throw new ModelException($"Layer '{node.Scope.Path}' ({node.Scope.Layer.ClassName}): {error.Message}", error) { NamesLayer = true };
        }
    }

    private IReadOnlyList<Value>? Simplify(Node node, IReadOnlyList<Value> given)
    {
        var x = given.ToArray();
        if (node.Op is SourceOp) return Unique(node).Outputs;
        if (node.Op is SumOverShards && !stopsForShards) return [x[0]];
        if (HandedOn(node.Op, x) is { } same) return [same];
        if (node.Op is BinaryOp or Where) PreferNumbers(node.Op, x);
        var made = Node.Create(node.Op, x, node.Scope);
        if (HandedOn(made.Op, x) is { } afterwards && afterwards.Spec == made.Outputs[0].Spec) return [afterwards];
        if (made.Op is Reshape && made.Outputs[0].Spec == x[0].Spec) return [x[0]];
        if (made.Op is ReshapeLike && !x[1].Spec.Shape.Dims.Contains(0))
        {
            // The shape is known now, so the value that had it need not be computed.
            made = Node.Create(new Reshape(IntList.Create(x[1].Spec.Shape.Dims)), x[..1], node.Scope);
            x = x[..1];
        }

        switch (made.Op)
        {
            case Operators.Size size:
                var count = 1L;
                foreach (var axis in ShapeRules.Axes(size.Axes, x[0].Spec.Shape.Rank, size.Name)) count *= x[0].Spec.Shape.Dims[axis];
                return Unique(Node.Create(new Operators.Constant(TensorData.Of(Shape.Of(), [(float)count])), [], node.Scope)).Outputs;
            case Positions positions:
                var numbers = new long[x[0].Spec.Shape.Dim(positions.Axis)];
                for (var i = 0; i < numbers.Length; i++) numbers[i] = i;
                return Unique(Node.Create(new Operators.Constant(TensorData.Of(Shape.Of(numbers.Length), numbers)), [], node.Scope)).Outputs;
        }

        if (Rewrites.Of(made, node.Inputs.Count > 0 && _readOnce.Contains(node.Inputs[0])) is { } cheaper) return Inserted(made, cheaper);
        if (KernelTable.IsComposed(made.Op))
        {
            var tensors = made.Inputs.Select(input => new SymbolicTensor(input, made.Scope)).ToArray();
            return Inserted(made, Decompositions.Of(made.Op, tensors));
        }

        var unique = Unique(made);
        if (!ReferenceEquals(unique, made)) return unique.Outputs;
        if (evaluate is null || made.Op is IRandomOp or SumOverShards || x.Length == 0) return made.Outputs;
        return Array.TrueForAll(x, value => value.Producer.Op is Operators.Constant) ? evaluate(made) : made.Outputs;
    }

    /// <summary>Another definition of a node, from its inputs or from their inputs, simplified like the rest of the graph.</summary>
    private IReadOnlyList<Value> Inserted(Node node, SymbolicTensors definition)
    {
        var outputs = definition.Select(tensor => tensor.Value).ToArray();
        var known = node.Inputs.Concat(node.Inputs.SelectMany(input => input.Producer.Inputs)).Distinct().ToArray();
        var inner = Graph.Between(known, outputs).Rewrite(Simplify);
        return [.. outputs.Select(output => inner[output])];
    }

    // Two draws of one stream are equal, but storing the numbers for the second costs more than drawing them again.
    private Node Unique(Node node) => node.Op is IRandomOp ? node : _known.First(node);

    /// <summary>The input that an operator returns unchanged; null if there is none.</summary>
    private static Value? HandedOn(Op op, Value[] x) => op switch
    {
        Identity or StopGradient => x[0],
        Cast cast when x[0].Spec.Type == cast.To => x[0],
        Cast { To: var to } when to.IsHalfWidth() && x[0].Producer is { Op: Cast { To: DType.Float32 } } widened && widened.Inputs[0].Spec.Type == to =>
            widened.Inputs[0],
        SumToLike or ExpandLike when x[0].Spec.Shape == x[1].Spec.Shape => x[0],
        ReshapeLike when x[0].Spec.Shape == x[1].Spec.Shape => x[0],
        Transpose transpose when transpose.Permutation.Select((axis, i) => axis == i).All(same => same) => x[0],
        Concat when x.Length == 1 => x[0],
        Mul when Number(x[1]) is 1 && Covers(x[0], x[1]) => x[0],
        Mul when Number(x[0]) is 1 && Covers(x[1], x[0]) => x[1],
        Add when Number(x[1]) is 0 && Covers(x[0], x[1]) => x[0],
        Add when Number(x[0]) is 0 && Covers(x[1], x[0]) => x[1],
        Sub when Number(x[1]) is 0 && Covers(x[0], x[1]) => x[0],
        Div when Number(x[1]) is 1 && Covers(x[0], x[1]) => x[0],
        _ => null,
    };

    /// <summary>Whether broadcasting with another value keeps the shape.</summary>
    private static bool Covers(Value value, Value other) => ShapeRules.Broadcast(value.Spec.Shape, other.Spec.Shape, "") == value.Spec.Shape;

    /// <summary>The number that all elements of a value are known to have; null if there is none.</summary>
    internal static float? Number(Value value) => value.Producer.Op switch
    {
        Operators.Constant { Data: { Shape.Count: 0 } data } when data.Type.IsFloating() => data.Number,
        ExpandLike => Number(value.Producer.Inputs[0]),
        _ => null,
    };

    /// <summary>Replaces repeated scalars by the scalars if another operand already has the result's shape.</summary>
    private static void PreferNumbers(Op op, Value[] x)
    {
        var full = x[0].Spec.Shape;
        foreach (var value in x.AsSpan(1)) full = ShapeRules.Broadcast(full, value.Spec.Shape, op.Name);
        for (var i = 0; i < x.Length; i++)
        {
            if (x[i].Producer.Op is not ExpandLike || Number(x[i]) is null) continue;
            for (var j = 0; j < x.Length; j++)
            {
                if (j == i || x[j].Spec.Shape != full || x[j].Producer.Op is ExpandLike) continue;
                x[i] = x[i].Producer.Inputs[0];
                break;
            }
        }
    }
}
