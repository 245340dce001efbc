using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;

namespace OnnxFunctional.Export.Importers;

/// <summary>Makes the graph of a file a model: each node becomes a layer, what depends on constants only is computed at once.</summary>
internal sealed class GraphImport : IFileScope
{
    // What it makes of constants is not folded, so that quantized weights are written as they came.
    private const string KeptQuantized = "DequantizeLinear";

    private readonly CheckedModel _file;
    private readonly ImportOptions _options;
    private readonly int _version;
    private readonly bool _opensBatch;
    private readonly GraphImport? _outer;
    private readonly GraphProto _graph;
    private readonly Parameters _parameters;
    private readonly NameSet _layerNames;
    private readonly NameSet _parameterNames;
    private readonly HashSet<string> _varying = new(StringComparer.Ordinal);
    private readonly Dictionary<GraphProto, Dictionary<string, FileValue>> _kept;
    private readonly List<SymbolicTensor> _inputs = [];
    private readonly List<(string Name, TensorData Value)> _fixed = [];
    private readonly Dictionary<int, (SymbolicTensor Tensor, int Axis)> _sources = [];
    private readonly ElementTypes _types;
    private readonly Dictionary<string, TensorProto> _stored = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FileValue> _values = new(StringComparer.Ordinal);
    private Int128 _computedBytes;

    private GraphImport(CheckedModel file, GraphProto graph, int version, ImportOptions options, bool opensBatch, GraphImport? outer)
    {
        _opensBatch = opensBatch;
        (_file, _graph, _version, _options, _outer) = (file, graph, version, options, outer);
        _parameters = new Parameters(graph.Node, outer?._parameters);
        _types = new ElementTypes(graph, outer?._types);
        _layerNames = outer?._layerNames ?? new NameSet();
        _kept = outer?._kept ?? new(ReferenceEqualityComparer.Instance);
        _parameterNames = outer?._parameterNames ?? new NameSet();
    }

    /// <summary>Whether an input of the file takes one sample only.</summary>
    public static bool TakesOneSample(CheckedModel file) => file.Model.Graph.Input.Any(input =>
        input.Type?.TensorType?.Shape is { Dim: [{ HasDimValue: true, DimValue: 1 }, ..] }
        && !file.Model.Graph.Initializer.Any(tensor => tensor.Name == input.Name));

    /// <summary>Opens the graph of a file.</summary>
    /// <param name="file">The file, which passed the guard.</param>
    /// <param name="options">What is fixed and trained.</param>
    /// <param name="opensBatch">Whether inputs of one sample take any number.</param>
    /// <exception cref="OnnxFileException">Something in it cannot be a model; all operators that are not known are listed.</exception>
    public static EmittedModel Run(CheckedModel file, ImportOptions options, bool opensBatch = false)
    {
        try
        {
            file = file with { Model = FunctionBodies.Inline(file.Model) };
        }
        catch (ModelException problem)
        {
            throw Refused(file, [problem.Message], problem);
        }

        var problems = UnknownParts.Of(file.Model);
        if (problems.Count > 0) throw Refused(file, problems);
        var version = (int)file.Model.OpsetImport.First(import => DomainGuard.Normalize(import.Domain).Length == 0).Version;
        var import = new GraphImport(file, file.Model.Graph, version, options, opensBatch, null);
        try
        {
            return import.Build();
        }
        catch (ModelException problem)
        {
            throw Refused(file, [problem.Message], problem);
        }
    }

    /// <summary>Whether training updates a parameter.</summary>
    public bool IsTrainable(string name) => _options.Trainable?.Invoke(name) ?? true;

    public bool TrainsStatistics => _options.TrainBatchNormalization;

    /// <summary>The type that a tensor has in the file, as far as declarations tell it; the graph may hold it in another.</summary>
    public int? TypeInFile(string name) => _types.Of(name);

    public TensorData Read(TensorProto tensor) => StoredTensors.Read(tensor, _file);

    /// <summary>A tensor that has a size, and the axis that does; null if none is known.</summary>
    public (SymbolicTensor Tensor, int Axis)? SourceOf(int symbol) =>
        _sources.TryGetValue(symbol, out var source) ? source : _outer?.SourceOf(symbol);

    /// <summary>Takes room for a constant that the file does not hold.</summary>
    /// <exception cref="ModelException">All constants together would be larger than the limit.</exception>
    public void Reserve(Shape shape, DType type)
    {
        if (_outer is not null)
        {
            _outer.Reserve(shape, type);
            return;
        }

        _computedBytes += (Int128)shape.KnownElements * type.Size();
        if (_computedBytes > _options.Limits.MaxComputedBytes)
        {
            throw new ModelException(
                $"a constant of shape {shape} brings those that are computed when the file is opened above {_options.Limits.MaxComputedBytes:N0} bytes. "
                + "If you trust the file, raise OnnxFileLimits.MaxComputedBytes in ImportOptions.Limits.");
        }
    }

    /// <summary>The outputs of a graph inside a node, whose condition is known.</summary>
    /// <remarks>A graph that stands in the graph around it several times has the same parameters each time.</remarks>
    public IReadOnlyList<FileValue> Inline(GraphProto graph, IReadOnlyDictionary<string, FileValue> given)
    {
        var inner = new GraphImport(_file, graph, _version, _options, _opensBatch, this);
        if (!_kept.TryGetValue(graph, out var kept)) _kept[graph] = kept = new(StringComparer.Ordinal);
        foreach (var (name, value) in kept.Concat(given)) inner._values[name] = value;
        inner._varying.UnionWith(given.Keys);
        foreach (var (name, value) in given) inner._types.Add(name, _types.Of(value.Name));
        inner.AddStored();
        inner.AddNodes();
        FileValue[] outputs = [.. graph.Output.Select(output => inner.Find(output.Name))];
        foreach (var (name, value) in inner._values)
        {
            if (value.Data is not null && !inner.Varies(name)) kept[name] = value;
        }

        foreach (var (output, value) in graph.Output.Zip(outputs)) _types.Add(value.Name, inner._types.Of(output.Name));
        return outputs;
    }

    /// <summary>The result of an operator that no node of the file names.</summary>
    public FileValue Make(string op, string name, IReadOnlyList<FileValue> inputs, params IEnumerable<AttributeProto> attributes)
    {
        var proto = new NodeProto { OpType = op, Name = name };
        proto.Input.AddRange(inputs.Select(input => input.Name));
        proto.Output.Add(name);
        proto.Attribute.AddRange(attributes);
        var own = new GraphImport(_file, new GraphProto(), _version, _options, _opensBatch, this);
        _types.Infer(proto);
        own.Add(proto, [.. inputs]);
        return own._values[name];
    }

    private static OnnxFileException Refused(CheckedModel file, IReadOnlyList<string> problems, Exception? cause = null) =>
        new($"{file.Source} cannot be opened as a model: {string.Join(" ", problems)} OnnxModel.Load runs it.", cause);

    private EmittedModel Build()
    {
        AddInputs();
        if (_inputs.Count == 0) throw new ModelException("all its inputs are fixed, so there is nothing to compute.");
        foreach (var output in _graph.Output) _layerNames.Add(output.Name);
        AddStored();
        AddNodes();
        var outputs = _graph.Output.Select(output => Output(output.Name)).ToArray();
        var model = new Model(_inputs.ToArray(), outputs, _graph.Name.Length > 0 ? _graph.Name.Replace('/', '_') : null) { FixedInputs = _fixed };
        NarrowedTypes.Warn(model, _file);
        var layers = Computed(model);
        Value[] inputs = [.. model.Inputs.Select(input => input.Value)];
        var inference = Specialization.Of(
            inputs, [.. model.Outputs.Select(output => output.Value), .. layers.Select(layer => layer.Value)], training: false);
        return new EmittedModel
        {
            Model = model,
            Proto = BoundFile.Of(_file.Model, _options),
            Inputs = [.. model.InputNames.Zip(inputs)],
            Outputs = [.. _graph.Output.Zip(model.Outputs, (output, tensor) => (output.Name, inference[tensor.Value]))],
            Layers = [.. layers.Select(layer => layer with { Value = inference[layer.Value] })],
            TakesOneSample = _opensBatch,
        };
    }

    /// <summary>The tensors of the file that the model computes, in the file's order, with their values in the graph.</summary>
    private List<EmittedLayer> Computed(Model model)
    {
        var known = model.Graph.Nodes.SelectMany(node => node.Outputs).ToHashSet();
        var names = _graph.Node.SelectMany(node => node.Output).Where(name => name.Length > 0);
        var layers = new List<EmittedLayer>();
        foreach (var name in names)
        {
            if (_values.TryGetValue(name, out var value) && value is { Data: null, Tensor: { } tensor } && value.Name == name && known.Contains(tensor.Value))
                layers.Add(new EmittedLayer(name, tensor.Value, new EmittedTensor(name, new Layout(value.Order.Axes))));
        }

        return layers;
    }

    private void AddInputs()
    {
        var stored = _graph.Initializer.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        var asked = _graph.Input.Where(input => !stored.Contains(input.Name)).ToList();
        _options.Check([.. asked.Select(input => input.Name)]);
        var symbols = new InputSymbols(_opensBatch);
        foreach (var input in asked)
        {
            if (_options.Bindings.TryGetValue(input.Name, out var bound))
            {
                var data = InputValues.Of(bound, input);
                _values[input.Name] = new FileValue(input.Name) { Data = data };
                _layerNames.Add(input.Name);
                _fixed.Add((input.Name, data));
                continue;
            }

            var shape = symbols.ShapeOf(input, _options.Shapes.TryGetValue(input.Name, out var given) ? given : null);
            var tensor = new InputLayer(shape, InputValues.TypeOf(input), input.Name, isFromFile: true).Output;
            _layerNames.Add(input.Name);
            _inputs.Add(tensor);
            AddSources(tensor);
            _values[input.Name] = new FileValue(input.Name) { Tensor = tensor, Order = Layout.Identity(tensor.Rank) };
        }
    }

    private void AddStored()
    {
        foreach (var tensor in _graph.Initializer) _stored[tensor.Name] = tensor;
    }

    private void AddNodes()
    {
        foreach (var node in OrderedNodes.Of(_graph))
        {
            _types.Infer(node);
            if (node.Output.All(name => name.Length == 0 || _values.ContainsKey(name))) continue;
            if (node.Input.Any(Varies) || node.Attribute.SelectMany(GraphGuard.Subgraphs).Any()) _varying.UnionWith(node.Output);
            Add(node, [.. node.Input.Select(name => name.Length == 0 ? null : Find(name))]);
        }
    }

    /// <summary>Whether a value may be another one each time that this graph stands in the graph around it.</summary>
    private bool Varies(string name) => _varying.Contains(name) || _outer?.Varies(name) == true;

    private void Add(NodeProto proto, FileValue?[] inputs)
    {
        var node = new FileNode(proto, _version, this, ImporterTable.Find(proto.OpType) ?? Nothing, inputs);
        if (ControlFlow.Inline(node, this) is { } inlined)
        {
            if (inlined.Count < proto.Output.Count)
                throw new ModelException($"{GuardContext.Describe(proto)} has {proto.Output.Count} outputs, but what is inside gives {inlined.Count}.");
            for (var i = 0; i < proto.Output.Count; i++)
            {
                _types.Add(proto.Output[i], _types.Of(inlined[i].Name));
                Name(proto.Output[i], inlined[i]);
            }

            return;
        }

        if (!node.HasComputed)
        {
            AddKnown(node, proto);
            return;
        }

        var layer = new NodeLayer(node, _layerNames.Unique(node.Name ?? Naming.SnakeCase(node.OpType)));
        var extents = Rows.SizeRules.Of(node);
        var outputs = layer.Call(node.Computed);
        foreach (var output in outputs) AddSources(output);
        var fixedData = IsFixed(node, outputs) ? InFile(node, Folding.Evaluate(outputs, this)) : null;
        for (var i = 0; i < outputs.Count && i < proto.Output.Count; i++)
        {
            var name = proto.Output[i];
            if (name.Length == 0) continue;
            _values[name] = fixedData is not null ? Known(name, fixedData[i])
                : i == 0 && extents?.All(extent => extent.IsKnown) == true ? Known(name, Rows.SizeRules.Data(extents, outputs[0]))
                : new FileValue(name) { Tensor = outputs[i], Order = node.Orders[i], Extents = i == 0 ? extents : null };
        }
    }

    /// <summary>Whether a node's results are the same for all values of its inputs: a reduction of nothing, a matrix that only has its input's shape.</summary>
    private static bool IsFixed(FileNode node, SymbolicTensors outputs)
    {
        var inputs = node.Computed.Select(input => input.Value).ToHashSet();
        var inner = Graph.Between([.. inputs], [.. outputs.Select(output => output.Value)]).Nodes;
        return !outputs.Any(output => inputs.Contains(output.Value))
            && inner.All(each => each.Op is not Operators.Variable && !each.Inputs.Any(inputs.Contains));
    }

    private void AddSources(SymbolicTensor tensor)
    {
        for (var axis = 0; axis < tensor.Rank; axis++)
        {
            if (tensor.Shape.Symbols[axis] is < Shape.Unknown and var symbol && SourceOf(symbol) is null) _sources[symbol] = (tensor, axis);
        }
    }

    /// <summary>What depends on constants and parameters only.</summary>
    private void AddKnown(FileNode node, NodeProto proto)
    {
        var data = Fold(node);
        for (var i = 0; i < data.Length && i < proto.Output.Count; i++)
        {
            var name = proto.Output[i];
            if (name.Length == 0) continue;
            _values[name] = node.ReadsParameters || node.OpType == KeptQuantized
                ? new FileValue(name) { Data = data[i], FromParameters = (node, i) }
                : Known(name, data[i]);
        }
    }

    /// <summary>The same value under another name: an output of a graph inside a node.</summary>
    private void Name(string name, FileValue value)
    {
        if (name.Length > 0) _values[name] = value;
    }

    private TensorData[] Fold(FileNode node)
    {
        try
        {
            return node.OpType == "Constant" ? [node.ConstantValue()] : InFile(node, Folding.Evaluate(node.Build(null, []), this));
        }
        catch (ModelException problem) when (!problem.NamesLayer)
        {
            throw new ModelException($"Node '{node.Name}' ({node.OpType}): {problem.Message}", problem) { NamesLayer = true };
        }
    }

    /// <summary>The results of a node with their axes in the order of the file.</summary>
    private static TensorData[] InFile(FileNode node, TensorData[] results) =>
        [.. results.Select((data, i) => DataMoves.Transposed(data, node.Orders[i].GraphPermutationTo(Layout.Identity(data.Shape.Rank))))];

    private FileValue Known(string name, TensorData data)
    {
        // Graphs beside each other may use one name for different parameters.
        var isParameter = data.Type == DType.Float32 && _parameters.Contains(name, data.Shape.Rank) && !Varies(name);
        return new(isParameter ? _parameterNames.Unique(name) : name) { Data = data, IsParameter = isParameter };
    }

    private FileValue Find(string name)
    {
        if (_values.TryGetValue(name, out var value)) return value;

        // Read when somebody asks, so that what nobody reads may be of any type.
        if (_stored.TryGetValue(name, out var tensor)) return _values[name] = Known(name, Read(tensor));
        return _outer?.Find(name) ?? throw new ModelException($"tensor {GuardContext.Quote(name)} is read but nothing computes it.");
    }

    private SymbolicTensor Output(string name)
    {
        var value = Find(name);
        return value.Data is { } data ? new ConstantOutput(name, data).Call([_inputs[0]])[0] : new OutputLayer(name, value.Order).Call([value.Tensor!])[0];
    }

    /// <summary>The importer of nodes that stand for the graphs inside them.</summary>
    private static FileResult[] Nothing(FileNode node) => throw new ModelException($"operator {node.OpType} has no importer.");
}
