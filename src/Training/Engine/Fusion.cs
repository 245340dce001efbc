using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Kernels;

namespace OnnxFunctional.Training.Engine;

/// <summary>Groups the nodes of a concrete graph into units that run as one kernel.</summary>
/// <remarks>
/// A product, convolution or batch normalization absorbs the bias and the activation that follow it if nobody else reads the values in between.
/// An elementwise node joins the chain of one of its producers if the chain has the same shape and all other operands of the node come from earlier units.
/// Since a unit runs at the position where it was begun, this never violates the order of the graph.
/// Views are no units: other shapes of the same elements, conversions from 16 bits, which the readers of the elements do themselves,
/// and conversions of weights and inputs to 16 bits, which are not needed. Any other conversion to 16 bits is done by the unit that stores the value.
/// </remarks>
internal sealed class Fusion
{
    private readonly Dictionary<Value, Value> _roots = [];
    private readonly Dictionary<Value, Unit> _producers = [];
    private readonly Dictionary<Value, int> _readers = [];
    private readonly Dictionary<Value, int> _rootReaders = [];
    private readonly HashSet<Node> _absorbed = [];
    private readonly HashSet<Value> _kept;
    private readonly HashSet<Value> _keptAsDeclared = [];
    private readonly ILookup<Value, Node> _consumers;

    public Fusion(IReadOnlyList<Node> nodes, IReadOnlyList<Value> kept)
    {
        _kept = [.. kept];
        foreach (var value in kept)
        {
            for (var seen = value; seen.Producer.Op is ViewOp || seen.Producer.Op is Cast; seen = seen.Producer.Inputs[0]) _keptAsDeclared.Add(seen);
        }

        nodes = LateNodes.Order(nodes, kept);
        foreach (var node in nodes)
        {
            for (var i = 0; i < node.Inputs.Count; i++) CountReader(_readers, node.Inputs[i]);
        }

        _consumers = nodes.SelectMany(node => node.Inputs.Select(input => (input, node))).ToLookup(entry => entry.input, entry => entry.node);
        foreach (var node in nodes)
        {
            if (node.Op is SourceOp || _absorbed.Contains(node)) continue;
            if (node.Op is ViewOp || IsReadersConversion(node)) _roots[node.Outputs[0]] = Root(node.Inputs[0]);
            else if (ElementwiseTable.CanFuse(node)) Join(node);
            else Begin(node);
        }

        foreach (var node in nodes)
        {
            // The input of a view is read by the readers of the view.
            foreach (var input in node.Inputs.Skip(_roots.ContainsKey(node.Outputs[0]) ? 1 : 0)) CountReader(_rootReaders, Root(input));
        }

        var keptRoots = kept.Select(Root).ToHashSet();
        foreach (var unit in Units) Describe(unit, keptRoots);
    }

    public List<Unit> Units { get; } = [];

    /// <summary>The value whose memory holds the elements of this one.</summary>
    public Value Root(Value value) => _roots.GetValueOrDefault(value, value);

    public Unit? ProducerOf(Value value) => _producers.GetValueOrDefault(Root(value));

    /// <summary>The value that an elementwise reader reads instead: the root, if both have the same shape, whatever their types.</summary>
    private Value ElementsOf(Value value) => Root(value) is var root && root.Spec.Shape == value.Spec.Shape ? root : value;

    /// <summary>
    /// Whether the readers of a conversion do it themselves: they widen what is stored in 16 bits, and read weights and inputs as they lie, in 32.
    /// </summary>
    private bool IsReadersConversion(Node node)
    {
        if (node.Op is not Cast cast || _keptAsDeclared.Contains(node.Outputs[0])) return false;
        var from = node.Inputs[0].Spec.Type;
        var widens = from.IsHalfWidth() && cast.To == DType.Float32;
        return widens || (from == DType.Float32 && cast is { IsStorage: true } && cast.To.IsHalfWidth() && Root(node.Inputs[0]).Producer.Op is SourceOp);
    }

    private static void CountReader(Dictionary<Value, int> readers, Value value) => readers[value] = readers.GetValueOrDefault(value) + 1;

    private void Begin(Node node)
    {
        var unit = new Unit(Units.Count, isChain: false);
        Units.Add(unit);
        unit.Nodes.Add(node);
        var result = node.Outputs[0];
        if (node.Op is MatMul or Conv or ConvInputGradient or ConvTranspose or Gemm or BatchNormalizationTraining)
        {
            if (node.Op is MatMul && OnlyReader(result) is { Op: Add } add)
            {
                var other = ReferenceEquals(add.Inputs[0], result) ? add.Inputs[1] : add.Inputs[0];
                var source = other.Producer.Op is Cast ? other.Producer.Inputs[0] : other;
                var columns = result.Spec.Shape.Dims[^1];
                if (source.Producer.Op is Variable or Constant && other.Spec.Shape.Rank == 1 && other.Spec.Shape.Dims[0] == columns && columns > 1)
                {
                    unit.Bias = other;
                    Absorb(add);
                }
            }

            if (node.Op is Conv or ConvInputGradient && OnlyReader(result) is { Op: Add } shortcut)
            {
                var residual = ReferenceEquals(shortcut.Inputs[0], result) ? shortcut.Inputs[1] : shortcut.Inputs[0];
                if (residual.Spec == result.Spec && (residual.Producer.Op is SourceOp || ProducerOf(residual) is not null))
                {
                    unit.Addend = residual;
                    Absorb(shortcut);
                }
            }

            Narrow();
            if (OnlyReader(result) is { } activation && ActivationOf(activation.Op) is { } kind and not EpilogueActivation.None)
            {
                unit.Activation = kind;
                Absorb(activation);
            }
        }

        if (node.Op is not ConvWeightGradient) Narrow();

        // The bias' gradient sums values that the kernel of the weights' gradient reads anyway.
        if (node.Op is ConvWeightGradient && _consumers[node.Inputs[1]].FirstOrDefault(IsChannelSum) is { } sum
            && !_producers.ContainsKey(sum.Outputs[0]) && _absorbed.Add(sum))
        {
            unit.Nodes.Add(sum);
            unit.BiasGradient = sum.Outputs[0];
            _producers[sum.Outputs[0]] = unit;
            _producers[result] = unit;
        }

        foreach (var output in node.Outputs.Concat(unit.Nodes[^1].Outputs)) _producers[output] = unit;

        Node? OnlyReader(Value value) => !_kept.Contains(value) && _readers.GetValueOrDefault(value) == 1 ? _consumers[value].Single() : null;

        void Narrow()
        {
            if (result.Spec.Type == DType.Float32 && OnlyReader(result) is { Op: Cast { To: var to } } cast && to.IsHalfWidth()) Absorb(cast);
        }

        void Absorb(Node next)
        {
            _absorbed.Add(next);
            unit.Nodes.Add(next);
            result = next.Outputs[0];
        }
    }

    /// <summary>Whether a node sums over all axes but the last.</summary>
    private static bool IsChannelSum(Node node) =>
        node.Op is ReduceSum sum && node.Inputs[0].Spec.Shape is var shape
        && ShapeRules.Axes(sum.Axes, shape.Rank, sum.Name).SequenceEqual(Enumerable.Range(0, shape.Rank - 1));

    private static EpilogueActivation ActivationOf(Op op) => op switch
    {
        Relu => EpilogueActivation.Relu,
        _ => EpilogueActivation.None,
    };

    private void Join(Node node)
    {
        var shape = node.Outputs[0].Spec.Shape;
        Unit? best = null;
        var latest = -1;
        foreach (var input in node.Inputs)
        {
            if (ProducerOf(input) is not { } producer) continue;
            latest = Math.Max(latest, producer.Order);
            if (CanGrow(producer, shape) && input.Spec.Shape == shape && (best is null || producer.Order > best.Order)) best = producer;
        }

        // Whatever is not computed in the chain itself must be available when the chain runs.
        if (best is not null && best.Order != latest) best = null;

        // Another shape of a value of the chain is read from memory, which the chain has not written yet.
        if (best is not null && node.Inputs.Any(input => Root(input).Spec.Shape != input.Spec.Shape && ProducerOf(input) == best)) best = null;

        // A chain of the same shape that was begun just before: values that both read are read once (Adam's two moments), and values of both that a later node
        // reads are at hand (the gradient of a sum that went through a relu).
        if (best is null && Units.Count > 0 && Units[^1] is var last && CanGrow(last, shape) && last.Order > latest
            && (SharesInput(node, last) || MeetsReader(node, last))) best = last;
        if (best is null)
        {
            best = new Unit(Units.Count, isChain: true);
            Units.Add(best);
        }

        best.Nodes.Add(node);
        _producers[node.Outputs[0]] = best;
    }

    private static bool CanGrow(Unit unit, Shape shape) =>
        unit.IsChain && unit.Head.Outputs[0].Spec.Shape == shape && unit.Nodes.Count < ElementwiseTable.LongestChain;

    private static bool SharesInput(Node node, Unit chain)
    {
        var shape = node.Outputs[0].Spec.Shape;
        return node.Inputs.Any(input => input.Spec.Shape == shape && chain.Nodes.Any(other => other.Inputs.Contains(input)));
    }

    private bool MeetsReader(Node node, Unit chain) =>
        _consumers[node.Outputs[0]].Take(2).ToArray() is [var reader] && !_kept.Contains(node.Outputs[0]) && ElementwiseTable.CanFuse(reader)
        && reader.Inputs.Any(input => ReferenceEquals(ProducerOf(input), chain));

    private void Describe(Unit unit, HashSet<Value> keptRoots)
    {
        var inside = new HashSet<Value>(unit.Nodes.SelectMany(node => node.Outputs));
        var own = new Dictionary<Value, int>();
        var read = new HashSet<Value>();
        foreach (var input in unit.Nodes.SelectMany(node => node.Inputs))
        {
            var elements = unit.IsChain ? ElementsOf(input) : input;
            if (!ReferenceEquals(elements, input)) unit.ReadAs[input] = elements;
            if (inside.Contains(elements)) CountReader(own, elements);
            else if (read.Add(elements)) unit.Inputs.Add(elements);
        }

        foreach (var output in unit.Nodes.SelectMany(node => node.Outputs))
        {
            if (keptRoots.Contains(output) || _rootReaders.GetValueOrDefault(output) > own.GetValueOrDefault(output)) unit.Outputs.Add(output);
        }
    }
}
