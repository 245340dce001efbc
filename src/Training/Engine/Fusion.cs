using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Kernels;

namespace OnnxFunctional.Training.Engine;

/// <summary>Groups the nodes of a concrete graph into units that run as one kernel.</summary>
/// <remarks>
/// A product, convolution or batch normalization takes along the bias and the activation behind it when nobody else reads what lies between.
/// An elementwise node joins the chain of one of its producers when the chain has the same shape and everything else the node reads comes from an earlier unit;
/// since a unit runs at the place where it was begun, no order can be violated.
/// Views are no units at all: other shapes of the same elements, and conversions from 16 bits, which whoever reads the elements makes himself, and of weights and inputs to 16 bits, which nobody needs to make.
/// A conversion to 16 bits behind any other unit is made while that unit stores its result.
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
            for (var i = 0; i < node.Inputs.Count; i++) _readers[node.Inputs[i]] = _readers.GetValueOrDefault(node.Inputs[i]) + 1;
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
            // What a view shows is read by the view's own readers.
            foreach (var input in node.Inputs.Skip(_roots.ContainsKey(node.Outputs[0]) ? 1 : 0)) _rootReaders[Root(input)] = _rootReaders.GetValueOrDefault(Root(input)) + 1;
        }

        var keptRoots = kept.Select(Root).ToHashSet();
        foreach (var unit in Units) Describe(unit, keptRoots);
    }

    public List<Unit> Units { get; } = [];

    /// <summary>The value whose memory this one shows.</summary>
    public Value Root(Value value) => _roots.GetValueOrDefault(value, value);

    public Unit? ProducerOf(Value value) => _producers.GetValueOrDefault(Root(value));

    /// <summary>What an elementwise reader of a value reads: the root where element i of both is the same, whatever its type.</summary>
    private Value ElementsOf(Value value) => Root(value) is var root && root.Spec.Shape == value.Spec.Shape ? root : value;

    /// <summary>A conversion that readers make themselves: they widen what is stored in 16 bits, and read what lies in 32 bits anyway as it is.</summary>
    private bool IsReadersConversion(Node node) =>
        node.Op is Cast cast && !_keptAsDeclared.Contains(node.Outputs[0]) && node.Inputs[0].Spec.Type is var from
        && ((from.IsHalfWidth() && cast.To == DType.Float32) || (from == DType.Float32 && cast is { IsStorage: true } && cast.To.IsHalfWidth() && Root(node.Inputs[0]).Producer.Op is SourceOp));

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
                if (source.Producer.Op is Variable or Constant && other.Spec.Shape.Rank == 1 && other.Spec.Shape.Dims[0] == result.Spec.Shape.Dims[^1] && result.Spec.Shape.Dims[^1] > 1)
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

        // The bias' gradient is a sum over what the kernel's gradient reads anyway.
        if (node.Op is ConvWeightGradient && _consumers[node.Inputs[1]].FirstOrDefault(IsChannelSum) is { } sum && !_producers.ContainsKey(sum.Outputs[0]) && _absorbed.Add(sum))
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

    private static bool IsChannelSum(Node node) =>
        node.Op is ReduceSum sum && node.Inputs[0].Spec.Shape is var shape && ShapeRules.Axes(sum.Axes, shape.Rank, sum.Name).SequenceEqual(Enumerable.Range(0, shape.Rank - 1));

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
            if (producer.IsChain && producer.Head.Outputs[0].Spec.Shape == shape && input.Spec.Shape == shape && (best is null || producer.Order > best.Order) && producer.Nodes.Count < ElementwiseTable.LongestChain) best = producer;
        }

        // Everything that is not in the chain itself must be there when the chain runs.
        if (best is not null && best.Order != latest) best = null;

        // Another shape of what the chain makes is read from memory, which the chain has not written yet.
        if (best is not null && node.Inputs.Any(input => Root(input).Spec.Shape != input.Spec.Shape && ProducerOf(input) == best)) best = null;

        // Beside a chain that was just begun over the same elements: what both read is read once (Adam's two moments), and what a later node reads of both is at hand
        // (the gradient of a sum that went through a relu).
        if (best is null && Units.Count > 0 && Units[^1] is { IsChain: true } last && last.Order > latest && last.Nodes.Count < ElementwiseTable.LongestChain
            && last.Head.Outputs[0].Spec.Shape == shape && (SharesInput(node, last) || MeetsReader(node, last))) best = last;
        if (best is null)
        {
            best = new Unit(Units.Count, isChain: true);
            Units.Add(best);
        }

        best.Nodes.Add(node);
        _producers[node.Outputs[0]] = best;
    }

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
        foreach (var input in unit.Nodes.SelectMany(node => node.Inputs))
        {
            var read = unit.IsChain ? ElementsOf(input) : input;
            if (!ReferenceEquals(read, input)) unit.ReadAs[input] = read;
            if (inside.Contains(read)) own[read] = own.GetValueOrDefault(read) + 1;
            else if (!unit.Inputs.Contains(read)) unit.Inputs.Add(read);
        }

        foreach (var output in unit.Nodes.SelectMany(node => node.Outputs))
        {
            if (keptRoots.Contains(output) || _rootReaders.GetValueOrDefault(output) > own.GetValueOrDefault(output)) unit.Outputs.Add(output);
        }
    }
}
