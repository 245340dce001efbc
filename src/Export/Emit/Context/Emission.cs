using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit;

/// <summary>
/// A graph while it is being written, the context of all emitters. It knows the names
/// and layouts in which each value exists so far, and adds a layout when it is read.
/// </summary>
internal sealed class Emission
{
    private readonly EmissionRequest _request;
    private readonly Func<Op, Emitter?> _emitters;
    private readonly DimensionNames _dimensions;
    private readonly Dictionary<Value, List<EmittedTensor>> _tensors = [];
    private readonly Dictionary<Value, string> _names = [];
    private readonly Dictionary<Value, string> _outputNames = [];
    private readonly Dictionary<Value, EmittedTensor> _sourceNames = [];
    private readonly HashSet<string> _named = new(StringComparer.Ordinal);
    private readonly HashSet<string> _isOutput = new(StringComparer.Ordinal);
    private readonly Dictionary<Value, Value> _standsFor = [];
    private readonly HashSet<Node> _emitted = [];
    private readonly InitializerStore _initializers;
    private readonly Dictionary<(object Key, string Role), object> _once = [];
    private readonly List<string> _problems = [];
    private Node? _current;

    /// <param name="request">The graph to write.</param>
    /// <param name="file">The graph of the file to write to: a new one, or the body of a Scan.</param>
    /// <param name="emitters">The emitter of each operator.</param>
    public Emission(EmissionRequest request, OnnxGraph file, Func<Op, Emitter?> emitters)
    {
        (_request, _emitters) = (request, emitters);
        var inputs = request.Inputs.Concat(request.Captured).ToArray();
        Source = OnnxFunctional.Graph.Between([.. inputs.Select(input => input.Value)], [.. request.Outputs.Select(output => output.Value)]);
        Facts = new GraphFacts(Source);
        Graph = file;
        _dimensions = DimensionNames.Find(Source, [.. inputs.Select(input => input.Name)], request.Options.BatchName);
        _initializers = new InitializerStore(this, request.WeightNames);
        Reserve();
    }

    public Graph Source { get; }

    public GraphFacts Facts { get; }

    public OnnxGraph Graph { get; }

    public int Opset => _request.Options.Opset;

    /// <summary>What is to run the file; null for any host of the operator set.</summary>
    public ExportTarget? Target => _request.Options.Target;

    /// <summary>Whether weights are written with their adapters added.</summary>
    public bool Merges => _request.Options.Adapters == AdapterForm.Merged;

    /// <summary>Whether operators of ONNX Runtime's own domain are written; older versions and other devices lack them, or parts of them.</summary>
    public bool TakesContrib => !_request.Options.IsStandard && _request.Options.HasContrib;

    /// <summary>Whether a sum and its LayerNormalization are one operator.</summary>
    public bool FusesSkips => TakesContrib && _request.Options.FusesSkips;

    /// <summary>The source of random numbers; null if the file must not draw any.</summary>
    public RandomSource? Random => _request.Random;

    /// <summary>What cannot be written, in one sentence each.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>The prefix of all names that the current node adds to the file.</summary>
    public string Prefix => _current is null ? _request.Name : PrefixOf(_current);

    /// <summary>A result that is written once for all nodes that need it.</summary>
    /// <param name="key">What it is computed from.</param>
    /// <param name="role">Its name among the results of the same key.</param>
    /// <param name="write">Writes it on first use.</param>
    public T Once<T>(object key, string role, Func<T> write)
        where T : notnull
    {
        if (_once.TryGetValue((key, role), out var known)) return (T)known;
        var written = write();
        _once[(key, role)] = written;
        return written;
    }

    /// <summary>The emission of a graph inside this one.</summary>
    /// <param name="name">The name of the graph.</param>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="outputs">Its outputs.</param>
    /// <param name="captured">Values of this graph that it reads.</param>
    public Emission Inner(
        string name,
        IReadOnlyList<(string Name, Value Value)> inputs,
        IReadOnlyList<(string Name, Value Value)> outputs,
        IReadOnlyList<(string Name, Value Value)> captured)
    {
        var request = new EmissionRequest
        {
            Name = name,
            Inputs = inputs,
            Outputs = outputs,
            Captured = captured,
            WeightNames = new Dictionary<Weight, string>(),
            Scopes = _request.Scopes,
            Options = _request.Options,
        };
        return new Emission(request, Graph.Body(name), _emitters);
    }

    /// <summary>A tensor of the file as a value of the graph.</summary>
    public SymbolicTensor Bring(string name, TensorSpec spec, Layout layout)
    {
        var tensor = new InputLayer(spec.Shape, spec.Type, null).Tensor;
        Register(tensor.Value, new EmittedTensor(name, layout));
        _emitted.Add(tensor.Value.Producer);
        return new SymbolicTensor(tensor.Value, _current?.Scope);
    }

    /// <summary>Writes all nodes of a tensor that was built on values of the file.</summary>
    public Value Write(SymbolicTensor tensor)
    {
        foreach (var node in OnnxFunctional.Graph.Between(Written(tensor.Value), [tensor.Value]).Nodes) Emit(node);
        return tensor.Value;
    }

    /// <summary>The values in the file from which a value is computed.</summary>
    private List<Value> Written(Value value)
    {
        var (found, seen, open) = (new List<Value>(), new HashSet<Value>(), new Stack<Value>([value]));
        while (open.TryPop(out var next))
        {
            if (!seen.Add(next)) continue;
            if (_tensors.ContainsKey(next)) found.Add(next);
            else foreach (var input in next.Producer.Inputs) open.Push(input);
        }

        return found;
    }

    /// <summary>Writes all nodes, then the outputs in the graph's own layout and under their names.</summary>
    public void Run()
    {
        foreach (var node in Source.Nodes) Emit(node);
        _current = null;
        foreach (var (name, value) in _request.Outputs)
        {
            var stored = Read(value, Layout.Identity(value.Spec.Shape.Rank));
            if (stored != name) Graph.Node(name + "/Identity", "Identity", [stored], [name]);
            Graph.Output(name, value.Spec, _dimensions.Of(value));
        }

        _initializers.StoreRest();
    }

    /// <summary>Writes one node, unless it is written already, or only moves the elements of a weight.</summary>
    public void Emit(Node node)
    {
        if (!_emitted.Add(node)) return;
        var outer = _current;
        _current = node;
        try
        {
            if (_initializers.TryFold(node)) return;
            var emitter = _emitters(node.Op) ?? throw new InvalidOperationException($"{node.Op.Name} has no row in the emitter table.");
            emitter(this, node);
        }
        finally
        {
            _current = outer;
        }
    }

    /// <summary>Notes why a node cannot be written; emission continues, so that all problems are reported at once.</summary>
    public void Refuse(Node node, string why)
    {
        _problems.Add($"{Where(node)}: {why}");
        foreach (var output in node.Outputs)
            Register(output, new EmittedTensor(Graph.Reserve(PrefixOf(node) + "/refused"), Layout.Identity(output.Spec.Shape.Rank)));
    }

    public void AddProblems(IEnumerable<string> problems) => _problems.AddRange(problems);

    /// <summary>The tensors of the file that hold a value, in the order they were written; empty for a weight or constant that was not read yet.</summary>
    public IReadOnlyList<EmittedTensor> Places(Value value) => _tensors.GetValueOrDefault(value) ?? [];

    public StaticTensor? Static(Value value) => _initializers.Find(value);

    public bool IsStatic(Value value) => Static(value) is not null;

    /// <summary>The name of a value in the layout of the graph.</summary>
    public string Read(Value value) => Read(value, Layout.Identity(value.Spec.Shape.Rank));

    /// <summary>The name of a value in a layout; it is written now if it does not exist in that layout yet.</summary>
    public string Read(Value value, Layout layout)
    {
        if (Static(value) is { } constant) return _initializers.Name(constant, layout.Steps);
        if (!_tensors.TryGetValue(value, out var places)) throw new InvalidOperationException($"{value} is read before it is written.");
        foreach (var place in places)
        {
            if (place.Layout == layout) return place.Name;
        }

        return Conversions.Convert(this, value, places, layout);
    }

    /// <summary>
    /// A weight or other value after steps that move its elements: folded into the stored weight, or written as nodes if the value is computed.
    /// </summary>
    public string Read(Value value, params IReadOnlyList<ArrangementStep> steps)
    {
        if (Static(value) is { } constant) return _initializers.Name(constant, steps);
        return Conversions.Apply(this, Read(value), value.Spec, Arrangement.Of(value.Spec.Shape, steps).Steps);
    }

    /// <summary>The name of a constant of 8-bit integers that is stored in 4 bits.</summary>
    public string Packed(Value value) => _initializers.Packed(Static(value)!);

    /// <summary>Registers a value in the file and returns its new name.</summary>
    public string Declare(Value value, Layout layout, string role)
    {
        var name = NameFor(value, layout, role);
        Register(value, new EmittedTensor(name, layout));
        if (!_isOutput.Contains(name)) Graph.Describe(name, layout.Stored(value.Spec), Permuted(_dimensions.Of(Original(value)), layout));
        return name;
    }

    /// <summary>Writes a node whose output is a value of the graph.</summary>
    public void Result(Value value, Layout layout, string op, IEnumerable<string> inputs, params IEnumerable<AttributeProto> attributes)
    {
        string[] read = [.. inputs];
        Node(op, read, [Declare(value, layout, op)], attributes);
    }

    /// <summary>Writes a node whose output is not a value of the graph.</summary>
    /// <param name="op">The operator.</param>
    /// <param name="result">Type and shape of the output; null if the file does not state them.</param>
    /// <param name="inputs">Names of the inputs.</param>
    /// <param name="attributes">The attributes.</param>
    /// <returns>The name of the output.</returns>
    public string Add(string op, TensorSpec? result, IEnumerable<string> inputs, params IEnumerable<AttributeProto> attributes)
    {
        var name = Graph.Reserve(Prefix + "/" + op);
        if (result is { } spec) Graph.Describe(name, spec);
        Node(op, inputs, [name], attributes);
        return name;
    }

    public void Node(string op, IEnumerable<string> inputs, IEnumerable<string> outputs, params IEnumerable<AttributeProto> attributes) =>
        Graph.Node(Prefix + "/" + op, op, inputs, outputs, attributes);

    /// <summary>Makes a value another name for the same tensors, possibly with permuted axes.</summary>
    public void Alias(Value value, Value source, Func<Layout, Layout?>? view = null)
    {
        _tensors[value] = view is null
            ? _tensors[source]
            : [.. _tensors[source].Where(place => view(place.Layout) is not null).Select(place => place with { Layout = view(place.Layout)!.Value })];
    }

    /// <summary>Notes that a value is known when the file is written.</summary>
    public void SetStatic(Value value, TensorData data) => _initializers.Set(value, data);

    /// <summary>Marks a node as written because another node's emitter writes it too; false if it was written already.</summary>
    public bool TryClaim(Node node) => _emitted.Add(node);

    public bool IsEmitted(Node node) => _emitted.Contains(node);

    /// <summary>A value created during emission takes the place of the graph's: its name, its readers, its dimensions.</summary>
    public void StandFor(Value created, Value original) => _standsFor.TryAdd(created, Original(original));

    public Value Original(Value value) => _standsFor.GetValueOrDefault(value, value);

    /// <summary>Integers as an int64 initializer: a shape, axes, pads.</summary>
    public string Constant(string role, params IEnumerable<long> values)
    {
        long[] data = [.. values];
        return _initializers.Constant(role, TensorData.Of(Shape.Of(data.Length), data));
    }

    public string Constant(string role, params IEnumerable<int> values) => Constant(role, values.Select(value => (long)value));

    public string Constant(string role, TensorData data) => _initializers.Constant(role, data);

    public string Scalar(string role, float value) => _initializers.Constant(role, TensorData.Of(Shape.Of(), [value]));

    public string Scalar(string role, float value, DType type) => _initializers.Constant(role, Casts.TryConvert(TensorData.Of(Shape.Of(), [value]), type)!);

    public string Scalar(string role, long value) => _initializers.Constant(role, TensorData.Of(Shape.Of(), [value]));

    private void Reserve()
    {
        foreach (var (name, value) in _request.Inputs)
        {
            Graph.Reserve(name);
            Graph.Input(name, value.Spec, _dimensions.Of(value));
            Register(value, new EmittedTensor(name, Layout.Identity(value.Spec.Shape.Rank)));
            _names.TryAdd(value, name);
        }

        foreach (var (name, value) in _request.Captured) Register(value, new EmittedTensor(name, Layout.Identity(value.Spec.Shape.Rank)));
        foreach (var (name, value) in _request.Outputs)
        {
            Graph.Reserve(name);
            if (_outputNames.TryAdd(value, name)) _isOutput.Add(name);
        }

        foreach (var (name, value) in _request.Outputs) NameSource(name, value);

        foreach (var name in _request.WeightNames.Values) Graph.Reserve(name);
        foreach (var (name, value) in _request.ValueNames) _names.TryAdd(value, name);
    }

    /// <summary>
    /// Gives the name of an output to the value that it is, where only its axes have another order, so that no Identity is written for the name alone.
    /// </summary>
    private void NameSource(string name, Value output)
    {
        var (source, layout) = (output, Layout.Identity(output.Spec.Shape.Rank));
        while (source.Producer is { Op: Identity or StopGradient or Transpose } mover)
        {
            if (mover.Op is Transpose transpose) layout = new([.. layout.Axes.Select(axis => transpose.Permutation[axis])]);
            source = mover.Inputs[0];
        }

        if (!ReferenceEquals(source, output) && !_outputNames.ContainsKey(source)) _sourceNames.TryAdd(source, new EmittedTensor(name, layout));
    }

    private void Register(Value value, EmittedTensor tensor)
    {
        if (_tensors.TryGetValue(value, out var places)) places.Add(tensor);
        else _tensors[value] = [tensor];
    }

    private string NameFor(Value value, Layout layout, string role)
    {
        var original = Original(value);
        if (_outputNames.TryGetValue(original, out var output))
        {
            if (layout.IsIdentity) return output;
            return Graph.Reserve(output + "/" + role);
        }

        if (_sourceNames.TryGetValue(original, out var source) && source.Layout == layout && _named.Add(source.Name)) return source.Name;
        var first = !_tensors.ContainsKey(value);
        if (_names.TryGetValue(original, out var name)) return Graph.Reserve(first ? name : name + "/" + role);
        return Graph.Reserve(first || _current is null ? PrefixOf(original.Producer) + "/" + role : Prefix + "/" + role);
    }

    /// <summary>
    /// The place of a node for messages. A gradient does not belong to a layer's call, so it is described by the weights and layers that it reads.
    /// </summary>
    private string Where(Node node)
    {
        if (node.Scope is { } scope) return $"layer '{_request.Scopes.Of(scope)}'";
        var near = string.Join(", ", node.Inputs.Select(Known).OfType<string>().Distinct());
        return $"operator {node.Op.Name}" + (near.Length == 0 ? "" : " on " + near);

        string? Known(Value input) =>
            _names.TryGetValue(input, out var name) ? $"'{name}'" :
            input.Producer.Scope is { } layer ? $"the output of '{_request.Scopes.Of(layer)}'" : null;
    }

    private string PrefixOf(Node node) =>
        node.Scope is { } scope ? _request.Scopes.Of(scope) :
        _names.TryGetValue(node.Outputs[0], out var name) ? name :
        node.Op is Placeholder or Variable ? _request.Name : Naming.SnakeCase(node.Op.Name);

    private static string?[]? Permuted(IReadOnlyList<string?>? names, Layout layout) => names is null ? null : [.. layout.Axes.Select(axis => names[axis])];
}
