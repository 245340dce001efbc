using OnnxFunctional.Notebooks;

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
[TypeFormatterSource(typeof(HtmlFormatterSource))]
public partial class Model : Layer, IHtml
{
    private readonly Dictionary<string, LayerBase> _byName = [];
    private readonly Dictionary<LayerBase, string> _names = [];
    private object? _engineState;
    private Graph? _graph;
    private SymbolicTensors _inputs;
    private SymbolicTensors _outputs;
    private IReadOnlyList<ModelStep> _steps = [];
    private IReadOnlyList<LayerBase> _children = [];

    // Read for each array of each batch: made once, when the model is.
    private IReadOnlyList<LayerBase>? _listed;
    private IReadOnlyList<string>? _inputNames;
    private IReadOnlyList<string>? _outputNames;

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
        ModelChecks.DifferentValues(this);
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
    public IReadOnlyList<LayerBase> Layers => IsBuilt ? _listed ??= Listed(_children) : Listed(LayersToCome);

    /// <summary>The names of the inputs, in order, as used in dictionaries of data and in the ONNX file.</summary>
    public IReadOnlyList<string> InputNames => _inputNames ??= [.. StepNamesOf(Inputs)];

    /// <summary>The names of the outputs, in order: the names of the layers that compute them.</summary>
    public IReadOnlyList<string> OutputNames => _outputNames ??= [.. StepNamesOf(Outputs).Select(new NameSet().Unique)];

    /// <summary>The seed for the initial values of weights and the random numbers of training.</summary>
    public ulong Seed { get; }

    /// <summary>The engine's state for this model: threads and plans.</summary>
    internal ref object? EngineState => ref _engineState;

    internal override string ClassName => GetType() == typeof(Model) ? "Functional" : GetType().Name;

    internal Graph Graph => _graph ?? throw NotBuilt();

    /// <summary>Layer calls and bare operators on the outermost level, in Keras' order.</summary>
    internal IReadOnlyList<ModelStep> Steps => _steps;

    /// <summary>The calls of each layer, and each bare operator by itself, in the order of their first steps.</summary>
    internal IEnumerable<IReadOnlyList<ModelStep>> StepsByLayer =>
        Steps.GroupBy(step => (object?)step.Layer ?? step).Select(steps => (IReadOnlyList<ModelStep>)[.. steps]);

    /// <summary>The layers of a model that is not built, as far as they are known.</summary>
    internal virtual IReadOnlyList<LayerBase> LayersToCome => [];

    /// <summary>The layers, and the functions that a Keras file names.</summary>
    internal override IReadOnlyList<LayerBase> Children => IsBuilt ? _children : LayersToCome;

    /// <summary>Gets a layer by its name.</summary>
    /// <param name="name">The name, as <see cref="Summary"/> shows it.</param>
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
    public override string ToString() => Summaries.Table(this, new SummaryOptions());

    /// <summary>
    /// Prints Keras' summary table: layers, output shapes, numbers of parameters, and connections unless the layers stand in one line. On a terminal that is
    /// narrower than the table, cells are broken to its width, and columns have colors; what is redirected is plain text.
    /// </summary>
    /// <param name="lineLength">The width of the table; by default as wide as its contents.</param>
    /// <param name="positions">Where each column ends, as a share of <paramref name="lineLength"/>; by default the wide columns share the room.</param>
    /// <param name="printFn">Takes the text; by default it is printed on the console.</param>
    /// <param name="expandNested">Whether the layers of models in the model have rows of their own.</param>
    /// <param name="showTrainable">Whether a column tells which layers are trained: Y, N, or - for one without weights.</param>
    /// <param name="layerRange">Regular expressions for the names of the first and the last layer that have rows.</param>
    /// <param name="showMacs">
    /// Whether a column tells the multiply-adds of products, convolutions and recurrent layers for one sample; ? if sizes are open.
    /// </param>
    /// <param name="showActivationMemory">Whether a column tells the memory of the layer's outputs for one sample; ? if sizes are open.</param>
    /// <exception cref="ModelException">
    /// <paramref name="lineLength"/> has no room for the columns, positions do not fit them, or no layer has a name that the range asks for.
    /// </exception>
    /// <example><code>model.Summary(expandNested: true, showTrainable: true, showMacs: true);</code></example>
    public void Summary(
        int? lineLength = null,
        IReadOnlyList<double>? positions = null,
        Action<string>? printFn = null,
        bool expandNested = false,
        bool showTrainable = false,
        (string First, string Last)? layerRange = null,
        bool showMacs = false,
        bool showActivationMemory = false)
    {
        var options = new SummaryOptions(lineLength, positions, expandNested, showTrainable, layerRange, showMacs, showActivationMemory);
        if (printFn is null) Console.Out.WriteLine(Summaries.ForConsole(this, options));
        else printFn(Summaries.Table(this, options));
    }

    void IHtml.WriteHtml(HtmlWriter html) => Summaries.WriteHtml(this, html);

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

    /// <summary>How many numbers the optimizer keeps, once a trainer has made what it keeps; the summary counts them.</summary>
    internal long? OptimizerParams { get; set; }

    /// <summary>Inputs of the file that it was opened from that were fixed: files written from it take them too, and do not read them.</summary>
    internal IReadOnlyList<(string Name, TensorData Value)> FixedInputs { get; set; } = [];

    internal override bool HidesInnerCalls => true;

    internal override bool IsInside(LayerBase child) => IsBuilt ? _names.ContainsKey(child) : LayersToCome.Contains(child);

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
    private protected void BuildOn(InputLayer input, bool initialize)
    {
        _added = [];
        try
        {
            var output = Forward(input.Tensor);
            Connect(input.Tensor, output, initialize);
            if (_added.Count > 0) AddLosses();
        }
        catch
        {
            _added = null;
            throw;
        }
    }

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

    /// <summary>Makes it a model that is not built.</summary>
    private protected void Disconnect()
    {
        (_graph, _steps, _inputs, _outputs, _engineState) = (null, [], default, default, null);
        NameLayers();
    }

    internal ModelException NotBuilt() => new(
        $"Model '{Name}' is not built yet: it does not know the shape of its input. Give it one, model.Build([10]), or call it on a tensor or on data first.")
    {
        NamesLayer = true,
    };

    private static IReadOnlyList<LayerBase> Listed(IReadOnlyList<LayerBase> layers) => [.. layers.Where(layer => layer.IsListed)];

    /// <summary>The names of the steps that compute some tensors: of each the first that does.</summary>
    private IEnumerable<string> StepNamesOf(SymbolicTensors tensors)
    {
        var names = new Dictionary<Value, string>();
        foreach (var step in Steps)
        {
            foreach (var output in step.Outputs) names.TryAdd(output, step.Name);
        }

        return tensors.Select(tensor => names[tensor.Value]);
    }

    private void NameLayers()
    {
        var taken = new NameSet();
        var problems = new List<string>();
        _byName.Clear();
        _names.Clear();
        _children = [.. Steps.Select(step => step.Layer).OfType<LayerBase>().Distinct()];
        (_listed, _inputNames, _outputNames) = (null, null, null);
        foreach (var layer in _children)
        {
            if (layer.GivenName is { } given && !taken.Add(given)) problems.Add($"two layers are named '{given}'; give each its own name");
        }

        if (problems.Count > 0) throw new ModelException("The model cannot be created: " + string.Join("; ", problems) + ".");
        foreach (var step in Steps)
        {
            if (step.Layer is null)
            {
                step.Name = taken.Unique(Naming.SnakeCase(step.Node!.Op.Name));
            }
            else if (_names.TryGetValue(step.Layer, out var known))
            {
                step.Name = known;
            }
            else
            {
                var name = step.Layer.GivenName ?? taken.Unique(step.Layer.Name);
                step.Layer.SettleName(name);
                step.Name = name;
                _names[step.Layer] = name;
                _byName[name] = step.Layer;
            }
        }
    }
}
