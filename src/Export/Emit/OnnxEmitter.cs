using Google.Protobuf;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Targets;

namespace OnnxFunctional.Export.Emit;

/// <summary>Writes a model as ONNX in memory. Equal models give equal bytes: nothing depends on time, path or machine.</summary>
internal static class OnnxEmitter
{
    /// <summary>Writes the model for inference.</summary>
    /// <exception cref="ExportException">The options are invalid, or something cannot be written in this opset; all problems are in one message.</exception>
    public static EmittedModel Emit(Model model, EmissionOptions options)
    {
        options.Check();

        // A graph that stands for the model's, and computes adapters itself, reads weights without them.
        Value[] given = [.. model.Inputs.Select(input => input.Value)];
        if (options.Adapters == AdapterForm.Merged && (options.Served?.Map ?? options.Replaced) is { } stands && ReadsAdapters(model, stands))
            options = options with { Adapters = AdapterForm.Weights };
        var calls = Calls(model.Graph);
        var merges = options.Adapters == AdapterForm.Merged;
        var map = options.Served?.Map ?? options.Replaced
            ?? Specialization.Of(given, [.. model.Outputs.Select(output => output.Value)], training: false, rule: merges ? null : Adaptation.Of);
        var scopes = new CallNames(model);
        var names = ValueNames(model, calls, scopes, map);
        (string, Value)[] inputs = [.. options.Served?.Inputs ?? [.. model.InputNames.Select((name, i) => (name, map[given[i]]))]];
        (string, Value)[] outputs = [.. options.Served?.Outputs ?? [.. OutputNames(model).Select((name, i) => (name, map[model.Outputs[i].Value]))]];
        var weights = WeightNames(model, map.Values);
        if (options.Replaced is not null || options.Served is not null)
        {
            // Of a graph that stands for the model's, nobody resumes training.
            var nodes = Graph.Between([.. inputs.Select(input => input.Item2)], [.. outputs.Select(output => output.Item2)]).Nodes;
            var read = nodes.Select(node => node.Op).OfType<Operators.Variable>().Select(variable => variable.Weight).ToHashSet();
            foreach (var weight in weights.Keys.Where(weight => !read.Contains(weight)).ToList()) weights.Remove(weight);
        }

        var apart = options.Adapters == AdapterForm.Inputs ? weights.Where(named => named.Key.IsOfAdapter).ToList() : [];
        foreach (var weight in weights.Keys.Where(weight => weight.IsOfAdapter && options.Adapters != AdapterForm.Weights).ToList()) weights.Remove(weight);
        var request = new EmissionRequest
        {
            Name = model.Name,
            Inputs = [.. inputs, .. apart.Select(named => (named.Value, named.Key.Variable))],
            Outputs = outputs,
            WeightNames = weights,
            ValueNames = names,
            Scopes = scopes,
            Options = options,
        };
        List<string> problems =
        [
            .. inputs.Concat(outputs).Select(entry => entry.Item1).Intersect(weights.Values)
                .Select(name => $"a weight is named '{name}', as an input or output is; give that another name by ExportOptions.Names."),
        ];
        if (options.Target is { } host) problems.AddRange(TargetCheck.OfOptions(host, options.Opset));
        var (emission, proto) = Write(request, problems);
        if (options.Target is { } target) problems.AddRange(TargetCheck.Lacks(proto, target));
        Refuse(problems, model.Name, options);
        AddFixedInputs(emission.Graph, model.FixedInputs);
        foreach (var (weight, name) in apart) emission.Graph.Initializer(name, weight.Shape, DType.Float32, new float[weight.Length]);
        var layers = names.Where(named => emission.Places(named.Value).Count > 0).DistinctBy(named => named.Name).ToList();

        // The file's weights are the sums that the engine computes from theirs and the adapters.
        Value[] written = [.. outputs.Select(output => output.Item2), .. layers.Select(named => named.Value)];
        var computed = options.Computed
            ?? (merges ? Graph.Between([.. inputs.Select(input => input.Item2)], written).Rewrite(Adaptation.Of) : null);
        return new EmittedModel
        {
            Model = model,
            Proto = proto,
            Inputs = options.Computed is null ? inputs : [.. inputs.Zip(given, (input, own) => (input.Item1, own))],
            Outputs = [.. outputs.Select(output => (output.Item1, Computed(output.Item2)))],
            Layers = [.. layers.Select(named => new EmittedLayer(named.Name, Computed(named.Value), emission.Places(named.Value)[0]))],
            HasAdapters = apart.Count > 0,
            IsServed = options.Served is not null,
            States = options.Served?.States ?? [],
        };

        Value Computed(Value value) => computed?.GetValueOrDefault(value, value) ?? value;
    }

    /// <summary>Writes any graph.</summary>
    /// <exception cref="ExportException">Something cannot be written; all problems are in one message.</exception>
    public static (Emission Emission, ModelProto Proto) Write(EmissionRequest request)
    {
        var problems = new List<string>();
        var result = Write(request, problems);
        Refuse(problems, request.Name, request.Options);
        return result;
    }

    /// <summary>Throws if anything could not be written.</summary>
    public static void Refuse(IEnumerable<string> problems, string name, EmissionOptions options)
    {
        var list = string.Concat(problems.Distinct().Select(problem => Environment.NewLine + "- " + problem));
        var host = options.Target is { } target ? $" for {target}" : "";
        if (list.Length > 0) throw new ExportException($"'{name}' cannot be written as ONNX opset {options.Opset}{host}:{list}");
    }

    /// <summary>Writes any graph; the result is only valid if no problem is added.</summary>
    public static (Emission Emission, ModelProto Proto) Write(EmissionRequest request, List<string> problems)
    {
        var emission = new Emission(request, new OnnxGraph(request.Name), EmitterTable.Find);
        emission.Run();
        problems.AddRange(emission.Problems);
        return (emission, OnnxProto.Model(emission.Graph.Proto, request.Options.Opset));
    }

    /// <summary>
    /// Nothing reads them. They have the fixed value by default, so hosts of the file that the model was opened from may give them, and need not.
    /// </summary>
    private static void AddFixedInputs(OnnxGraph graph, IReadOnlyList<(string Name, TensorData Value)> inputs)
    {
        foreach (var (name, value) in inputs)
        {
            if (graph.Reserve(name) != name) continue;
            graph.Input(name, new TensorSpec(value.Shape, value.Type));
            graph.Initializer(name, value.Shape, value.Type, ByteString.CopyFrom(value.Bytes));
        }
    }

    /// <summary>The names of a model's outputs in the file: a model whose output is an input has one name for both; the file needs two.</summary>
    public static IEnumerable<string> OutputNames(Model model)
    {
        var taken = new NameSet(model.InputNames);
        return [.. model.OutputNames.Select(name => taken.Contains(name) ? taken.Unique(name + "/output") : name)];
    }

    /// <summary>Names for the outputs of layers and of operators outside layers, with the values of the graph that stand for them.</summary>
    public static IReadOnlyList<(string Name, Value Value)> ValueNames(Model model, IReadOnlyDictionary<Value, Value> map) =>
        ValueNames(model, Calls(model.Graph), new CallNames(model), map);

    private static bool ReadsAdapters(Model model, IReadOnlyDictionary<Value, Value> map) =>
        Graph.Between([.. model.Inputs.Select(input => map[input.Value])], [.. model.Outputs.Select(output => map[output.Value])]).Nodes
            .Any(node => node.Op is Operators.Variable { Weight.IsOfAdapter: true });

    /// <summary>The names weights have in the file: <c>dense/kernel</c>.</summary>
    private static Dictionary<Weight, string> WeightNames(Model model, IEnumerable<Value> values)
    {
        var names = new Dictionary<Weight, string>();
        var taken = new NameSet();
        foreach (var (path, weight) in model.WeightPaths()) names[weight] = taken.Unique(path);

        // Weights of layers outside a model that was cut out of a larger graph.
        foreach (var value in values)
        {
            if (value.Producer.Op is not Operators.Variable { Weight: var weight } || names.ContainsKey(weight)) continue;
            names[weight] = taken.Unique((weight.Owner is { } owner ? owner.Name + "/" : "") + weight.Name);
        }

        return names;
    }

    /// <summary>All layer calls of a graph in the order they end, inner calls before outer ones.</summary>
    private static List<LayerCall> Calls(Graph graph)
    {
        var last = new Dictionary<LayerCall, int>();
        for (var i = 0; i < graph.Nodes.Count; i++)
        {
            for (var call = graph.Nodes[i].Scope; call is not null; call = call.Parent) last[call] = i;
        }

        return [.. last.OrderBy(entry => entry.Value).ThenByDescending(entry => entry.Key.Depth).Select(entry => entry.Key)];
    }

    /// <summary>Names for the outputs of layers and of operators outside layers; the innermost layer that computes a value names it.</summary>
    private static List<(string Name, Value Value)> ValueNames(Model model, List<LayerCall> calls, CallNames scopes, IReadOnlyDictionary<Value, Value> map)
    {
        var names = new List<(string Name, Value Value)>();
        foreach (var call in calls)
        {
            for (var i = 0; i < call.Outputs.Count; i++)
            {
                if (map.TryGetValue(call.Outputs[i].Value, out var value)) names.Add((scopes.Of(call) + (i == 0 ? "" : "/output_" + i), value));
            }
        }

        foreach (var step in model.Steps)
        {
            if (step.Node is { } node && map.TryGetValue(node.Outputs[0], out var value)) names.Add((step.Name, value));
        }

        return names;
    }
}
