using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Proto;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Visualization.Plots;

/// <summary>
/// The picture's graph of any ONNX file, whether the engine computes it or not: a box for each input and each node. Constants belong to the nodes that read
/// them; the bodies of If, Loop and Scan are frames.
/// </summary>
internal sealed class FileGraph
{
    private readonly PlotOptions _options;
    private readonly FileGraph? _outer;
    private readonly PlotGraph _graph = new();
    private readonly Dictionary<string, PlotPort> _sources = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _types = new(StringComparer.Ordinal);
    private readonly HashSet<string> _constants;

    /// <summary>Constants that training could change.</summary>
    private readonly HashSet<string> _weights;

    /// <summary>What a body reads from the graph around it, and where.</summary>
    private readonly OrderedDictionary<string, List<PlotPort>> _captured = new(StringComparer.Ordinal);

    private FileGraph(GraphProto graph, PlotOptions options, FileGraph? outer)
    {
        (_options, _outer) = (options, outer);
        _constants =
        [
            .. graph.Initializer.Select(tensor => tensor.Name),
            .. graph.SparseInitializer.Select(tensor => tensor.Values.Name),
            .. graph.Node.Where(IsConstant).SelectMany(node => node.Output),
        ];
        _weights =
        [
            .. graph.Initializer.Where(IsWeight).Select(tensor => tensor.Name),
            .. graph.Node.Where(node => IsConstant(node) && node.Attribute.Any(attribute => attribute.T is { } tensor && IsWeight(tensor)))
                .SelectMany(node => node.Output),
        ];
        foreach (var value in graph.ValueInfo.Concat(graph.Input).Concat(graph.Output)) _types[value.Name] = FileSummary.Describe(value.Type);
    }

    /// <summary>The graph of a checked file.</summary>
    public static PlotGraph Of(CheckedModel file, PlotOptions options)
    {
        var graph = new FileGraph(file.Model.Graph, options, outer: null);
        graph.Add(file.Model.Graph);
        foreach (var output in file.Model.Graph.Output)
        {
            if (graph._sources.TryGetValue(output.Name, out var source)) source.Box.IsOutput = true;
        }

        return graph._graph;
    }

    private static bool IsConstant(NodeProto node) => node.OpType == "Constant" && node.Domain is "" or "ai.onnx";

    private static bool IsWeight(TensorProto tensor) =>
        (DataType)tensor.DataType is DataType.Float or DataType.Float16 or DataType.Bfloat16 or DataType.Double or DataType.Int8 or DataType.Uint8
        && tensor.Dims.Aggregate((Int128)1, (product, dim) => product * dim) > 1;

    private void Add(GraphProto graph)
    {
        foreach (var input in graph.Input.Where(input => !_constants.Contains(input.Name)))
        {
            List<string> lines = ["Input"];
            AddLines(lines, [], [input.Name]);
            var box = Box(input.Name, "Input", BoxKind.Input, lines, inputs: 1, outputs: 1, inner: null);
            _sources[input.Name] = new PlotPort(box, 0);
        }

        foreach (var node in graph.Node.Where(node => !IsConstant(node))) Add(node);
    }

    private void Add(NodeProto node)
    {
        var bodies = node.Attribute.SelectMany(attribute => attribute.G is { } body ? [(attribute.Name, Graph: body)] : attribute.Graphs.Select(
            (graph, i) => (Name: attribute.Name + i.ToString(System.Globalization.CultureInfo.InvariantCulture), Graph: graph))).ToList();
        var inner = bodies.Select(body => (body.Name, body.Graph, Body: new FileGraph(body.Graph, _options, this))).ToList();
        foreach (var (_, graph, body) in inner) body.Add(graph);

        // What bodies read from here are inputs of the node too.
        var read = node.Input.Where(IsComputed).ToList();
        var captured = inner.SelectMany(body => body.Body._captured.Keys).Distinct().ToList();
        List<string> all = [.. read, .. captured.Where(name => !read.Contains(name))];
        var type = node.Domain is "" or "ai.onnx" ? node.OpType : $"{node.Domain}.{node.OpType}";
        List<string> lines = [type];
        AddLines(lines, read, [.. node.Output.Where(output => output.Length > 0)]);
        var name = node.Name.Length > 0 ? node.Name : node.Output.FirstOrDefault(output => output.Length > 0) ?? node.OpType;
        var frame = inner.Count > 0 && _options.ExpandNested ? Frame(node, inner, all) : null;
        var kind = inner.Count > 0 ? BoxKind.Model : ModelGraph.KindOf(node.OpType, all.Count, node.Input.Any(IsWeight));
        var box = Box(name, type, kind, lines, all.Count, node.Output.Count, frame);
        for (var i = 0; i < all.Count; i++) Connect(all[i], new PlotPort(box, i));
        for (var i = 0; i < node.Output.Count; i++) _sources.TryAdd(node.Output[i], new PlotPort(box, i));
    }

    /// <summary>Whether a name is a value that is computed here or around this graph.</summary>
    private bool IsComputed(string name) => name.Length > 0 && !_constants.Contains(name) && (_sources.ContainsKey(name) || _outer?.IsComputed(name) == true);

    private bool IsWeight(string name) => _weights.Contains(name) || _outer?.IsWeight(name) == true;

    private void Connect(string name, PlotPort to)
    {
        if (_sources.TryGetValue(name, out var source)) _graph.Edges.Add(new PlotEdge(source.Box, source.Port, to.Box, to.Port));
        else if (_captured.TryGetValue(name, out var readers)) readers.Add(to);
        else _captured.Add(name, [to]);
    }

    private PlotBox Box(string name, string type, BoxKind kind, List<string> lines, int inputs, int outputs, PlotGraph? inner)
    {
        if (_options.ShowLayerNames) lines[0] = $"{name} ({type})";
        var box = new PlotBox
        {
            Name = name,
            Kind = kind,
            Lines = lines,
            Signature = type,
            Inputs = inputs,
            Outputs = outputs,
            Inner = inner,
        };
        _graph.Boxes.Add(box);
        return box;
    }

    private void AddLines(List<string> lines, List<string> inputs, List<string> outputs)
    {
        if (!_options.ShowShapes && !_options.ShowDtype) return;
        if (inputs.Count > 0) lines.Add("Input: " + string.Join("; ", inputs.Select(TypeOf)));
        if (outputs.Count > 0) lines.Add("Output: " + string.Join("; ", outputs.Select(TypeOf)));
    }

    private string TypeOf(string name) => _types.GetValueOrDefault(name) ?? _outer?.TypeOf(name) ?? "?";

    /// <summary>The inside of a node with bodies: a frame for each body, to which the node's inputs lead.</summary>
    private static PlotGraph Frame(NodeProto node, List<(string Name, GraphProto Graph, FileGraph Body)> bodies, List<string> inputs)
    {
        var frame = new PlotGraph();
        var entries = inputs.Select(_ => new List<PlotPort>()).ToList();
        var exits = node.Output.Select(_ => new List<PlotPort>()).ToList();
        foreach (var (name, graph, body) in bodies)
        {
            // A loop's first output is its condition, which the node does not give.
            var skipped = node.OpType == "Loop" ? 1 : 0;
            var ports = new List<(int Input, IReadOnlyList<PlotPort> Targets)>();
            if (graph.Input.Count > 0)
            {
                foreach (var (i, input) in node.Input.Index().Where(entry => entry.Index < graph.Input.Count && inputs.Contains(entry.Item)))
                    ports.Add((inputs.IndexOf(input), [body._sources[graph.Input[i].Name]]));
            }

            foreach (var (captured, readers) in body._captured) ports.Add((inputs.IndexOf(captured), readers));
            var outputs = graph.Output.Skip(skipped).Take(node.Output.Count).Index().Where(entry => body._sources.ContainsKey(entry.Item.Name)).ToList();
            body._graph.Entries.AddRange(ports.Select(port => port.Targets));
            body._graph.Exits.AddRange(outputs.Select(output => (IReadOnlyList<PlotPort>)[body._sources[output.Item.Name]]));
            var box = new PlotBox
            {
                Name = name,
                Kind = BoxKind.Model,
                Lines = [name],
                Signature = name,
                Inputs = ports.Count,
                Outputs = outputs.Count,
                Inner = body._graph,
            };
            frame.Boxes.Add(box);
            for (var i = 0; i < ports.Count; i++) entries[ports[i].Input].Add(new PlotPort(box, i));
            for (var i = 0; i < outputs.Count; i++) exits[outputs[i].Index].Add(new PlotPort(box, i));
        }

        frame.Entries.AddRange(entries);
        frame.Exits.AddRange(exits);
        return frame;
    }
}
