using OnnxFunctional.Operators;
using OnnxFunctional.Serialization;

namespace OnnxFunctional.Pruning;

/// <summary>Finds which channels of a model depend on one another: every axis of every value and weight is a list of channel classes.</summary>
/// <remarks>
/// The graph is walked once, operator by operator. An axis without a list keeps its size: axes of inputs, positions, and weights without a rule. Channels that
/// meet such an axis, an operator without a rule, or a custom layer are fenced and stay. The idea is the dependency graph of Fang et al. 2023,
/// https://arxiv.org/abs/2301.12900, with indices instead of index mappings, so that concatenation, flattening and splitting need no special cases.
/// </remarks>
internal sealed partial class ChannelFlow
{
    private readonly Dictionary<Value, int[]?[]> _values = [];
    private readonly Dictionary<Weight, int[]?[]> _weights = [];
    private readonly Dictionary<LayerBase, int[]?[][]> _sizes = [];
    private readonly HashSet<LayerBase> _fixedLayers = [];
    private readonly Dictionary<OperatorLayer, LayerCall> _calls = [];
    private readonly Dictionary<Node, OperatorLayer> _prepared = [];
    private readonly Dictionary<Weight, int> _made = [];

    public ChannelFlow(Model model)
    {
        var inputs = model.Inputs.Select(tensor => tensor.Value).ToList();
        var outputs = model.Outputs.Select(tensor => tensor.Value).ToList();
        outputs.AddRange(model.Outputs.Select(tensor => tensor.Mask?.Value).OfType<Value>());

        // Outputs of nested models that nobody reads are rebuilt too, with the layers and the models that make them.
        var calls = model.Graph.Calls();
        for (var known = 0; known < calls.Count;)
        {
            known = calls.Count;
            outputs = [.. outputs.Union(calls.Where(call => call.Layer is Model).SelectMany(call => call.Outputs).Select(tensor => tensor.Value))];
            calls = Graph.Between(inputs, outputs).Calls();
        }

        // What a training step sets, such as moving statistics, must keep the size of the value that it is set to.
        var updates = calls.SelectMany(call => call.Updates).ToList();
        foreach (var call in calls)
        {
            for (var around = call.Parent; around is not null; around = around.Parent)
            {
                if (!PrunableLayers.IsTransparent(around.Layer)) _fixedLayers.Add(call.Layer);
            }

            // The operators of a call are made again in its sizes, which those of another may not have.
            if (call.Layer is not OperatorLayer operators) continue;
            if (!_calls.TryAdd(operators, call)) _fixedLayers.Add(operators);

            // What a node computes from weights and constants alone is in no call.
            foreach (var node in SmallerCall.GraphOf(call).Nodes.Where(node => node.Scope is null)) _prepared.TryAdd(node, operators);
        }

        foreach (var input in inputs) _values[input] = new int[]?[input.Spec.Shape.Rank];
        foreach (var node in Graph.Between(inputs, [.. outputs, .. updates.Select(update => update.Value)]).Nodes) Visit(node);
        foreach (var (weight, value) in updates) Join(OfWeight(weight), Of(value), "a training step sets them from channels that stay");
        foreach (var call in calls) TieCalls(call);
        for (var i = 0; i < model.Outputs.Count; i++)
        {
            foreach (var channel in Of(model.Outputs[i].Value).SelectMany(axis => axis ?? []))
                Classes.FenceAnew(channel, $"they are the model's output '{model.OutputNames[i]}'");
        }
    }

    public ChannelClasses Classes { get; } = new();

    /// <summary>The channels along each axis of a weight; null for an axis that stays.</summary>
    public int[]?[] OfWeight(Weight weight)
    {
        if (_weights.TryGetValue(weight, out var known)) return known;
        var axes = new int[]?[weight.Shape.Rank];
        if (weight.Owner is { } owner && PrunableLayers.CanShrink(owner) && !_fixedLayers.Contains(owner))
        {
            var (made, followed) = owner is OperatorLayer ? (null, [.. Enumerable.Range(0, axes.Length)]) : PrunableLayers.AxesOf(owner, weight);
            foreach (var axis in made is { } one ? [one, .. followed] : followed) axes[axis] = Classes.Make(weight.Shape.Dims[axis]);
        }

        return _weights[weight] = axes;
    }

    /// <summary>The channels along the axes of tensors whose sizes are options of a layer: each input of a model, the output of a Reshape.</summary>
    public int[]?[][]? SizesOf(LayerBase layer) => _sizes.GetValueOrDefault(layer);

    /// <summary>The call whose operators a layer is made of, the first of several; null for a layer that is not called.</summary>
    public LayerCall? CallOf(OperatorLayer layer) => _calls.GetValueOrDefault(layer);

    /// <summary>The axis of a kernel that counts the channels that its layer makes; null for other weights.</summary>
    public int? MadeBy(Weight weight) =>
        weight.Owner is not OperatorLayer ? PrunableLayers.AxesOf(weight.Owner!, weight).Made : _made.TryGetValue(weight, out var axis) ? axis : null;

    /// <summary>The channels along each axis of a value; null for an axis that stays.</summary>
    public int[]?[] Of(Value value)
    {
        if (_values.TryGetValue(value, out var known)) return known;
        return value.Producer.Op is Variable variable ? OfWeight(variable.Weight) : new int[]?[value.Spec.Shape.Rank];
    }

    /// <summary>Ties the calls of a layer whose options contain sizes: all calls need the same ones.</summary>
    private void TieCalls(LayerCall call)
    {
        var sized = call.Layer switch
        {
            Model nested => call.Inputs.Take(nested.Inputs.Count),
            Layers.Reshape => call.Outputs,
            _ => [],
        };
        var axes = sized.Select(tensor => Of(tensor.Value)).ToArray();
        if (axes.Length == 0 || _sizes.TryAdd(call.Layer, axes)) return;
        foreach (var (first, other) in _sizes[call.Layer].Zip(axes)) Join(first, other, $"'{call.Path}' is also called on channels that stay");
    }

    /// <summary>Finds the channels of a node's outputs and ties those of its inputs.</summary>
    private void Visit(Node node)
    {
        if (node.Op is SourceOp) return;
        var host = HostOf(node);
        var x = new int[]?[node.Inputs.Count][];
        var isNormalization = node.Scope?.Layer is Layers.BatchNormalization;
        for (var i = 0; i < x.Length; i++) x[i] = isNormalization && Uniform(node.Inputs[i]) is { } flexible ? flexible : Of(node.Inputs[i]);
        if (host == Host.Operators) Prepare(node, x);
        NoteMaker(node);
        int[]?[][]? outputs = null;
        if (host == Host.Unknown)
        {
            foreach (var axes in x) Fence(axes, $"{Name(node)} may depend on their number");
        }
        else
        {
            outputs = Apply(node, x, host);
        }

        for (var i = 0; i < node.Outputs.Count; i++)
        {
            var output = node.Outputs[i];
            _values[output] = outputs is not null && i < outputs.Length ? outputs[i] : new int[]?[output.Spec.Shape.Rank];
        }
    }

    /// <summary>Channels of the ones and zeros that a BatchNormalization without gamma or beta creates in the size it needs.</summary>
    private int[]?[]? Uniform(Value value)
    {
        if (value.Producer.Op is not Constant { Data: { Type: DType.Float32 } data }) return null;
        var numbers = data.As<float>();
        if (numbers.Length < 2 || numbers.ContainsAnyExcept(numbers[0])) return null;
        return [.. data.Shape.Dims.ToArray().Select(dim => Classes.Make(dim))];
    }

    /// <summary>Constants of a file lose channels as weights do.</summary>
    private void Prepare(Node node, int[]?[][] x)
    {
        for (var i = 0; i < x.Length; i++)
        {
            if (node.Inputs[i].Producer.Op is not Constant { Data.Shape: var shape } || _values.ContainsKey(node.Inputs[i])) continue;
            x[i] = _values[node.Inputs[i]] = [.. shape.Dims.ToArray().Select(dim => Classes.Make(dim))];
        }
    }

    /// <summary>Notes a weight that a product or convolution of a file reads: it makes channels.</summary>
    private void NoteMaker(Node node)
    {
        if (node.Inputs.Count < 2 || node.Inputs[1].Producer.Op is not Variable { Weight: { Owner: OperatorLayer } kernel }) return;
        int? fromEnd = node.Op switch
        {
            Conv { Window.Groups: > 1 } when kernel.Shape.Dim(-2) == 1 => null,
            Conv or MatMul { TransposeRight: false } => 1,
            ConvTranspose or MatMul => 2,
            _ => null,
        };
        if (fromEnd is { } place && kernel.Shape.Rank >= 2) _made.TryAdd(kernel, kernel.Shape.Rank - place);
    }

    private Host HostOf(Node node)
    {
        if (node.Scope is null) return _prepared.TryGetValue(node, out var owner) ? HostOf(owner) : Host.Bare;
        for (var call = node.Scope; call is not null; call = call.Parent)
        {
            if (call.Layer is KerasFunction) return Host.Bare;
            if (!PrunableLayers.IsUnderstood(call.Layer)) return Host.Unknown;
        }

        if (node.Scope.Layer is OperatorLayer operators) return HostOf(operators);

        // Nodes between the layers of a nested model are as bare as those of the outer model.
        return node.Scope.Layer is Model ? Host.Bare : Host.Layer;
    }

    private Host HostOf(OperatorLayer layer) => _fixedLayers.Contains(layer) ? Host.Unknown : Host.Operators;

    private void Fence(int[]?[] axes, string reason)
    {
        foreach (var axis in axes) Fence(axis, reason);
    }

    private void Fence(int[]? channels, string reason)
    {
        foreach (var channel in channels ?? []) Classes.Fence(channel, reason);
    }

    /// <summary>Ties channels that meet one to one; if one side stays, both do.</summary>
    private int[]? Join(int[]? left, int[]? right, string reason)
    {
        if (left is null || right is null || left.Length != right.Length)
        {
            Fence(left, reason);
            Fence(right, reason);
            return null;
        }

        for (var i = 0; i < left.Length; i++) Classes.Tie(left[i], right[i]);
        return left;
    }

    private int[]?[] Join(int[]?[] left, int[]?[] right, string reason)
    {
        var joined = new int[]?[left.Length];
        for (var axis = 0; axis < joined.Length; axis++) joined[axis] = Join(left[axis], right[axis], reason);
        return joined;
    }

    /// <summary>Who made a node, which decides its attributes when the model is rebuilt.</summary>
    private enum Host
    {
        /// <summary>A built-in layer: called again, it makes the node with new sizes.</summary>
        Layer,

        /// <summary>A node of a file: its operators are made again with new sizes.</summary>
        Operators,

        /// <summary>An operator between layers: it is made again with the same attributes.</summary>
        Bare,

        /// <summary>A custom layer, whose code may depend on any size.</summary>
        Unknown,
    }
}
