namespace OnnxFunctional;

/// <summary>A network that computes output tensors from input tensors. It is also a layer: calling it on tensors shares its weights.</summary>
/// <example><code>
/// var inputs = Model.Input([10]);
/// var outputs = inputs.Apply(new Dense(32, Activation.Relu), new Dense(1));
/// var model = new Model(inputs, outputs);
/// </code></example>
/// <example>
/// A custom model is a class with fields for its layers. It is built when it is first called or given the shape of its input.
/// <code>
/// sealed class Encoder : Model
/// {
///     private readonly Dense _hidden = new(32, Activation.Relu), _code = new(8);
///     protected override SymbolicTensor Forward(SymbolicTensor x) => _code.Call(_hidden.Call(x));
/// }
/// </code></example>
public partial class Model : Layer
{
    private readonly Dictionary<string, LayerBase> _byName = [];
    private readonly Dictionary<LayerBase, string> _names = [];
    private object? _engineState;
    private Graph? _graph;
    private SymbolicTensors _inputs;
    private SymbolicTensors _outputs;
    private IReadOnlyList<ModelStep> _steps = [];

    /// <summary>
    /// Creates a model of the layers between <paramref name="inputs"/> and <paramref name="outputs"/>, names them in graph order and initializes new weights.
    /// </summary>
    /// <param name="inputs">One or more tensors, from <c>Model.Input</c> or from inside another model.</param>
    /// <param name="outputs">One or more tensors computed from the inputs.</param>
    /// <param name="name">The model's name.</param>
    /// <param name="seed">The seed that, with each weight's name, determines its initial values: the same seed gives the same model.</param>
    /// <exception cref="ModelException">
    /// An output depends on none of the inputs or on an unlisted one, an input is listed twice, or two layers have the same name;
    /// one message lists all problems.
    /// </exception>
    public Model(SymbolicTensors inputs, SymbolicTensors outputs, string? name = null, ulong seed = 0)
        : base(name)
    {
        if (inputs.Count == 0 || outputs.Count == 0)
            throw new ModelException($"A model needs at least one input and one output, but got {inputs.Count} and {outputs.Count}.");
        Seed = seed;
        Connect(inputs, outputs, initialize: true);
    }

    /// <summary>Creates a model whose class overrides <see cref="Forward"/>. It is built when it is first called, or by <see cref="Build"/>.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="seed">The seed that, with each weight's name, determines its initial values: the same seed gives the same model.</param>
    protected Model(string? name = null, ulong seed = 0)
        : base(name) =>
        Seed = seed;

    /// <summary>Whether the model knows its inputs and outputs. One that consists of layers only does so when it is called or given a shape.</summary>
    public bool IsBuilt => _graph is not null;

    /// <summary>The input tensors, in order.</summary>
    /// <exception cref="ModelException">The model is not built.</exception>
    public SymbolicTensors Inputs => IsBuilt ? _inputs : throw NotBuilt();

    /// <summary>The output tensors, in order.</summary>
    /// <exception cref="ModelException">The model is not built.</exception>
    public SymbolicTensors Outputs => IsBuilt ? _outputs : throw NotBuilt();

    /// <summary>The only input tensor.</summary>
    /// <exception cref="ModelException">The model has several inputs.</exception>
    public override SymbolicTensor Input =>
        Inputs.Count == 1 ? Inputs[0] : throw new ModelException($"Model '{Name}' has {Inputs.Count} inputs; use Inputs.");

    /// <summary>The only output tensor.</summary>
    /// <exception cref="ModelException">The model has several outputs.</exception>
    public override SymbolicTensor Output =>
        Outputs.Count == 1 ? Outputs[0] : throw new ModelException($"Model '{Name}' has {Outputs.Count} outputs; use Outputs.");

    /// <summary>All layers, inputs included, in Keras' order: by depth, then by first use.</summary>
    public IReadOnlyList<LayerBase> Layers => [.. Children.Where(child => child.IsListed)];

    /// <summary>The names of the inputs, in order, as used in dictionaries of data and in the ONNX file.</summary>
    public IReadOnlyList<string> InputNames => [.. Inputs.Select(StepNameOf)];

    /// <summary>The names of the outputs, in order: the names of the layers that compute them.</summary>
    public IReadOnlyList<string> OutputNames
    {
        get
        {
            var taken = new HashSet<string>();
            return [.. Outputs.Select(output => Naming.Unique(StepNameOf(output), taken))];
        }
    }

    /// <summary>The seed for the initial values of weights and the random numbers of training.</summary>
    public ulong Seed { get; }

    /// <summary>The engine's state for this model: threads and plans.</summary>
    internal ref object? EngineState => ref _engineState;

    internal override string ClassName => GetType() == typeof(Model) ? "Functional" : GetType().Name;

    internal Graph Graph => _graph ?? throw NotBuilt();

    /// <summary>Layer calls and bare operators on the outermost level, in Keras' order.</summary>
    internal IReadOnlyList<ModelStep> Steps => _steps;

    /// <summary>The layers of a model that is not built, as far as they are known.</summary>
    internal virtual IReadOnlyList<LayerBase> LayersToCome => [];

    /// <summary>The layers, and the functions that a Keras file names.</summary>
    internal override IReadOnlyList<LayerBase> Children => !IsBuilt ? LayersToCome : [.. Steps.Select(step => step.Layer).OfType<LayerBase>().Distinct()];

    /// <summary>Gets a layer by its name.</summary>
    /// <exception cref="ModelException">There is no such layer; the message suggests the nearest name.</exception>
    public LayerBase GetLayer(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsBuilt) throw NotBuilt();
        if (_byName.TryGetValue(name, out var layer)) return layer;
        var nearest = Naming.Nearest(name, _byName.Keys);
        throw new ModelException(
            $"Model '{Name}' has no layer '{name}'."
            + (nearest is null ? "" : $" Did you mean '{nearest}'?")
            + $" It has: {string.Join(", ", _byName.Keys)}.");
    }

    /// <summary>Keras' summary table: layers, output shapes, numbers of parameters, connections.</summary>
    public override string ToString() => Summaries.Table(this);

    /// <summary>Prints the table of <see cref="ToString"/>.</summary>
    /// <param name="writer">Where to; by default to the console.</param>
    public void Summary(TextWriter? writer = null) => (writer ?? Console.Out).WriteLine(ToString());

    /// <summary>Builds a model that consists of layers only, for inputs of a shape. One that is built already stays as it is.</summary>
    /// <param name="inputShape">The input's dimensions without the batch; <see langword="null"/> for an unknown size.</param>
    /// <param name="dtype">The type of the input's elements.</param>
    /// <exception cref="ModelException">A layer does not accept the shape it receives, or the model is built for another shape.</exception>
    /// <example><code>var encoder = new Encoder(); encoder.Build([10]); encoder.Summary();</code></example>
    public void Build(Shape inputShape, DType dtype = DType.Float32)
    {
        var shape = inputShape.Insert(0, Shape.Unknown);
        if (!IsBuilt) BuildOn(new InputLayer(shape, dtype, null), initialize: true);
        else if (!Input.Shape.With(0, Shape.Unknown).IsCompatibleWith(shape))
            throw new ModelException($"Model '{Name}' is built for inputs {Input.Shape}, not {shape}. Create another one; layers may be shared.");
    }

    internal override bool HidesInnerCalls => true;

    internal override string NameOf(LayerBase child) => _names.GetValueOrDefault(child) ?? child.Name;

    /// <summary>All weights with their full names, such as <c>dense/kernel</c>, in the order of the layers; a shared weight appears once.</summary>
    internal IReadOnlyList<(string Path, Weight Weight)> WeightPaths() => [.. NamedWeights().DistinctBy(named => named.Weight)];

    internal override SymbolicTensor CallOne(SymbolicTensor x) =>
        !IsBuilt || Outputs.Count == 1
            ? base.CallOne(x)
            : throw new ModelException($"Model '{Name}' has {Outputs.Count} outputs; call it on a list, model.Call([x]), to get all of them.")
            {
                NamesLayer = true,
            };

    private protected override SymbolicTensors ForwardAll(SymbolicTensors inputs, CallOptions options)
    {
        // A model inside another gets its first values from that one's seed, and by its name there.
        if (!IsBuilt && inputs.Count == 1) BuildOn(new InputLayer(inputs[0].Shape, inputs[0].DType, null), initialize: false);
        return Replay(inputs);
    }

    /// <summary>Computes the output from the input, by calling layers; a class that has no inputs and outputs of its own overrides it.</summary>
    /// <param name="x">The input.</param>
    /// <exception cref="ModelException">The class does not override it.</exception>
    protected override SymbolicTensor Forward(SymbolicTensor x) => IsBuilt
        ? Replay(x)[0]
        : throw new ModelException($"{GetType().Name} has no inputs and outputs. Override Forward, or pass them to the constructor of Model.");

    /// <summary>Builds the model by calling its layers on an input.</summary>
    private protected void BuildOn(InputLayer input, bool initialize) => Connect(input.Tensor, Forward(input.Tensor), initialize);

    /// <summary>Makes the layers between inputs and outputs the model.</summary>
    private protected void Connect(SymbolicTensors inputs, SymbolicTensors outputs, bool initialize)
    {
        var before = (_inputs, _outputs, _graph, _steps);
        (_inputs, _outputs) = (inputs, outputs);
        try
        {
            _graph = Graph.Between([.. inputs.Select(tensor => tensor.Value)], [.. outputs.Select(tensor => tensor.Value)]);
            ModelChecks.Connected(this);
            _steps = ModelSteps.InKerasOrder(this);
            NameLayers();
            ModelChecks.OnePathPerWeight(this);
        }
        catch (ModelException)
        {
            (_inputs, _outputs, _graph, _steps) = before;
            NameLayers();
            throw;
        }

        // Plans are of the graph that was.
        _engineState = null;
        if (!initialize) return;
        foreach (var (path, weight) in NamedWeights()) weight.Initialize(Seed, path);
    }

    internal ModelException NotBuilt() => new(
        $"Model '{Name}' is not built yet: it does not know the shape of its input. Give it one, model.Build([10]), or call it on a tensor or on data first.")
    {
        NamesLayer = true,
    };

    private string StepNameOf(SymbolicTensor tensor) => Steps.First(step => step.Produces(tensor.Value)).Name;

    private void NameLayers()
    {
        var taken = new HashSet<string>();
        var problems = new List<string>();
        _byName.Clear();
        _names.Clear();
        foreach (var layer in Steps.Select(step => step.Layer).OfType<LayerBase>().Distinct())
        {
            if (layer.GivenName is { } given && !taken.Add(given)) problems.Add($"two layers are named '{given}'; give each its own name");
        }

        if (problems.Count > 0) throw new ModelException("The model cannot be created: " + string.Join("; ", problems) + ".");
        foreach (var step in Steps)
        {
            if (step.Layer is null)
            {
                step.Name = Naming.Unique(Naming.SnakeCase(step.Node!.Op.Name), taken);
            }
            else if (_names.TryGetValue(step.Layer, out var known))
            {
                step.Name = known;
            }
            else
            {
                var name = step.Layer.GivenName ?? Naming.Unique(step.Layer.Name, taken);
                step.Layer.SettleName(name);
                step.Name = name;
                _names[step.Layer] = name;
                _byName[name] = step.Layer;
            }
        }
    }

    /// <summary>Calls all layers again, on other inputs; null if the model uses tensors from inside layers.</summary>
    /// <param name="inputs">A tensor for each input.</param>
    /// <param name="layerOf">Gives the layer to call in place of each of the model's layers.</param>
    internal SymbolicTensors? CallAnew(SymbolicTensors inputs, Func<LayerBase, LayerBase> layerOf)
    {
        var map = new Dictionary<Value, SymbolicTensor>();
        for (var i = 0; i < inputs.Count; i++) map[Inputs[i].Value] = inputs[i];

        // A layer called on a tensor that depends on its own output has one position in Keras' order, before that tensor; its later calls wait.
        var waiting = Steps.Where(step => !step.IsInput).ToList();
        while (waiting.Count > 0)
        {
            var before = waiting.Count;
            waiting.RemoveAll(step => CallAnew(step, map, layerOf));
            if (waiting.Count == before) return null;
        }

        return Outputs.All(output => map.ContainsKey(output.Value)) ? Outputs.Select(output => map[output.Value]).ToArray() : (SymbolicTensors?)null;
    }

    /// <summary>Calls one layer again, or applies one operator, if all its inputs exist.</summary>
    private static bool CallAnew(ModelStep step, Dictionary<Value, SymbolicTensor> map, Func<LayerBase, LayerBase> layerOf)
    {
        SymbolicTensors outputs;
        if (step.Call is { } call)
        {
            if (call.Inputs.Any(input => !map.ContainsKey(input.Value))) return false;
            SymbolicTensors given = call.Inputs
                .Take(call.Inputs.Count - call.Options.Tensors.Count())
                .Select(input => map[input.Value])
                .ToArray();
            outputs = layerOf(call.Layer).CallAgain(call, given, mask => map[mask.Value]);
        }
        else
        {
            var node = step.Node!;
            if (node.Inputs.Any(input => input.Producer.Op is not SourceOp && !map.ContainsKey(input))) return false;
            outputs = Ops.MakeAll(node.Op, [.. node.Inputs.Select(input => map.TryGetValue(input, out var moved) ? moved : new SymbolicTensor(input))]);
        }

        for (var i = 0; i < outputs.Count; i++) map.TryAdd(step.Outputs[i], outputs[i]);
        return true;
    }

    /// <summary>Builds the model's nodes again, on other inputs, as layer calls inside the current one.</summary>
    private SymbolicTensors Replay(SymbolicTensors inputs)
    {
        if (inputs.Count != Inputs.Count)
            throw new ModelException($"the model takes {Inputs.Count} tensors ({string.Join(", ", InputNames)}), but got {inputs.Count}.");
        var replaced = new Dictionary<Value, Value>();
        var given = new SymbolicTensor[inputs.Count];
        for (var i = 0; i < inputs.Count; i++)
        {
            if (!inputs[i].Shape.IsCompatibleWith(Inputs[i].Shape) || (inputs[i].DType == DType.String) != (Inputs[i].DType == DType.String))
                throw new ModelException($"input '{InputNames[i]}' takes {Inputs[i].Value.Spec}, but got {inputs[i].Value.Spec}.");

            // As in Keras, numbers of another type are converted to that of the input.
            given[i] = Ops.Cast(inputs[i], Inputs[i].DType).WithMask(inputs[i].Mask);
            replaced[Inputs[i].Value] = given[i].Value;
        }

        // Calling the layers again passes the masks of the new inputs through the model.
        if (given.Any(input => input.Mask is not null) && CallAnew(given, layer => layer) is { } masked) return masked;
        var outer = inputs[0].Scope;
        var calls = new Dictionary<LayerCall, LayerCall>();
        var map = Graph.Rewrite(CopyNode, replaced);
        foreach (var (original, copy) in calls)
        {
            copy.Inputs = Moved(original.Inputs, copy.Parent);
            copy.Outputs = Moved(original.Outputs, copy.Parent);
            foreach (var (weight, value) in original.Updates)
            {
                if (map.TryGetValue(value, out var moved) || TryExtend(value, out moved)) copy.AddUpdate(weight, moved);
            }

            foreach (var loss in original.Losses)
            {
                if (map.TryGetValue(loss, out var moved) || TryExtend(loss, out moved)) copy.AddLoss(moved);
            }
        }

        return Outputs.Select(output => new SymbolicTensor(map[output.Value], outer, MaskOf(output))).ToArray();

        IReadOnlyList<Value>? CopyNode(Node node, IReadOnlyList<Value> given) =>
            node.Op is SourceOp ? null : Node.Create(node.Op, given, node.Scope is null ? outer : CopyCall(node.Scope)).Outputs;

        LayerCall CopyCall(LayerCall call)
        {
            if (!calls.TryGetValue(call, out var copy))
            {
                copy = new LayerCall(call.Layer, call.Parent is null ? outer : CopyCall(call.Parent));
                calls.Add(call, copy);
            }

            return copy;
        }

        SymbolicTensors Moved(SymbolicTensors tensors, LayerCall? scope) =>
            tensors.Select(tensor => new SymbolicTensor(map.GetValueOrDefault(tensor.Value, tensor.Value), scope)).ToArray();

        SymbolicTensor? MaskOf(SymbolicTensor output) =>
            output.Mask is { } mask && (map.TryGetValue(mask.Value, out var moved) || TryExtend(mask.Value, out moved))
                ? new SymbolicTensor(moved, outer)
                : null;

        // Updates, losses and masks are not on the path from inputs to outputs; the nodes they also need are copied on demand.
        bool TryExtend(Value value, out Value moved)
        {
            var extended = Graph.Between([.. map.Keys], [value]).Rewrite(CopyNode, map);
            foreach (var (from, to) in extended) map.TryAdd(from, to);
            return map.TryGetValue(value, out moved!);
        }
    }
}
