using System.Text.Json;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Serialization;

/// <content>Functional models: all layers first, then their calls, each after the calls that produce its tensors.</content>
internal sealed partial class ModelReader
{
    private Model? ReadFunctional(JsonElement config, string where, string? name)
    {
        if (!config.TryGetProperty("layers", out var list) || list.ValueKind != JsonValueKind.Array)
            throw new ModelException("its configuration has no list of layers.");
        KnownKeys.Require(config, "name", "trainable", "dtype", "layers", "input_layers", "output_layers");
        var layers = new Dictionary<string, LayerEntry>();
        var calls = new List<PendingCall>();
        var failed = false;
        foreach (var item in list.EnumerateArray())
        {
            var layer = ReadLayer(item, $"a layer of {where}");
            var key = Text(item, "name");
            if (key is null && item.ValueKind == JsonValueKind.Object && item.TryGetProperty("config", out var inner)) key = Text(inner, "name");
            if (layer is null || key is null)
            {
                if (layer is not null) _problems.Add($"{where}: a layer of class {layer.ClassName} has no name.");
                failed = true;
                continue;
            }

            var entry = new LayerEntry(key, layer) { InputKeys = layer is Model ? ReadInputKeys(item) : null };
            if (!layers.TryAdd(key, entry))
            {
                _problems.Add($"{where}: two layers are named '{key}'.");
                failed = true;
                continue;
            }

            if (layer is InputLayer input)
            {
                entry.Outputs.Add(input.Tensor);
                continue;
            }

            if (!item.TryGetProperty("inbound_nodes", out var nodes) || nodes.ValueKind != JsonValueKind.Array) continue;
            foreach (var node in nodes.EnumerateArray())
            {
                try
                {
                    calls.Add(PendingCall.Read(entry, node));
                }
                catch (ModelException error)
                {
                    _problems.Add($"layer '{key}': {error.Message}");
                    failed = true;
                }
            }
        }

        if (failed) return null;
        CountCalls(config, layers.Values, calls);
        if (!MakeCalls(layers, calls, where)) return null;
        var inputs = ReadTensors(config, "input_layers", layers);
        var outputs = ReadTensors(config, "output_layers", layers);
        var model = Warnings.Silently(() => new Model(inputs, outputs, name, _seed));
        ReadTrainable(model, config);
        return model;
    }

    /// <summary>Makes all calls; a call that needs the tensor of another waits until that one has been made.</summary>
    private bool MakeCalls(Dictionary<string, LayerEntry> layers, List<PendingCall> calls, string where)
    {
        var failed = false;
        foreach (var call in calls)
        {
            foreach (var reference in call.References)
            {
                if (layers.ContainsKey(reference.Layer)) continue;
                _problems.Add($"layer '{call.Entry.Name}' is called on a tensor of '{reference.Layer}', which {where} does not have.");
                failed = true;
            }
        }

        if (failed) return false;
        var waiting = new Dictionary<(LayerEntry, int), List<PendingCall>>();
        var ready = new Queue<PendingCall>(calls);
        var made = 0;
        while (ready.TryDequeue(out var call))
        {
            // The calls of a shared layer keep their order, because references count by it.
            if (call.Index != call.Entry.Made)
            {
                Wait(call.Entry, call.Index - 1, call);
                continue;
            }

            var missing = call.References
                .Select(reference => (Entry: layers[reference.Layer], reference.Call))
                .FirstOrDefault(source => source.Entry.At(source.Call, source.Entry.FirstCall) is null);
            if (missing.Entry is not null)
            {
                Wait(missing.Entry, missing.Call - missing.Entry.FirstCall, call);
                continue;
            }

            made++;
            try
            {
                var outputs = Call(call, [.. call.References.Select(reference => layers[reference.Layer].Argument(reference))]);
                foreach (var output in outputs) ModelLimits.RequireSize(output.Shape);
                call.Entry.Outputs.Add(outputs);
            }
            catch (ModelException error)
            {
                _problems.Add(error.NamesLayer ? error.Message : $"layer '{call.Entry.Name}' ({call.Entry.Layer.ClassName}): {error.Message}");
                failed = true;
                continue;
            }
            catch (Exception error) when (error is ArgumentException or ArithmeticException or IndexOutOfRangeException or InvalidOperationException)
            {
                var shapes = call.References.Select(reference => layers[reference.Layer].Argument(reference).Shape);
                _problems.Add($"layer '{call.Entry.Name}' ({call.Entry.Layer.ClassName}) cannot be called on {string.Join(" and ", shapes)}: {error.Message}");
                failed = true;
                continue;
            }

            call.Entry.Made++;
            if (waiting.Remove((call.Entry, call.Index), out var woken)) woken.ForEach(ready.Enqueue);
        }

        if (!failed && made < calls.Count)
        {
            var stuck = waiting.Values.SelectMany(list => list).Select(call => $"'{call.Entry.Name}'").Distinct().Take(8);
            _problems.Add(
                $"{where}: the calls of {string.Join(", ", stuck)} depend on one another or on a call that does not exist; expected a graph without loops.");
            failed = true;
        }

        return !failed;

        void Wait(LayerEntry entry, int index, PendingCall call)
        {
            if (!waiting.TryGetValue((entry, index), out var list)) waiting.Add((entry, index), list = []);
            list.Add(call);
        }
    }

    /// <summary>Calls a layer with the arguments from the file.</summary>
    private SymbolicTensors Call(PendingCall call, SymbolicTensor[] tensors)
    {
        if (call.Entry.Layer is KerasFunction function)
        {
            RequireWideIntegers(function, tensors);
            return function.CallWith(tensors, call.Arguments);
        }

        var inputs = new List<SymbolicTensor>();
        for (var i = 0; i < call.Arguments.Positional.Count; i++) AddTensors(call.Entry, call.Arguments.Positional[i], inputs, tensors, $"argument {i}");
        var options = CallOptions.None;
        var namedInputs = new SortedDictionary<int, CallValue>();
        foreach (var (name, value) in call.Arguments.Named)
        {
            if (value.HoldsNothing) continue;
            switch (name)
            {
                case "inputs" or "sequences" or "query" or "data" or "x":
                    namedInputs[0] = value;
                    break;
                case "value":
                    namedInputs[1] = value;
                    break;
                case "key":
                    namedInputs[2] = value;
                    break;
                case "initial_state":
                    namedInputs[3] = value;
                    break;
                case "mask" when value is CallValue.List masks:
                    options = options with { QueryMask = MaskAt(masks, 0), ValueMask = MaskAt(masks, 1), KeyMask = MaskAt(masks, 2) };
                    break;
                case "mask":
                    options = options with { Mask = Tensor(value, name) };
                    break;
                case "query_mask":
                    options = options with { QueryMask = Tensor(value, name) };
                    break;
                case "value_mask":
                    options = options with { ValueMask = Tensor(value, name) };
                    break;
                case "key_mask":
                    options = options with { KeyMask = Tensor(value, name) };
                    break;
                case "attention_mask":
                    options = options with { AttentionMask = Tensor(value, name) };
                    break;
                case "use_causal_mask":
                    options = options with { UseCausalMask = Flag(value, name) };
                    break;
                case "reverse":
                    options = options with { Reverse = Flag(value, name) };
                    break;
                case "training":
                    options = options with { Training = Flag(value, name) };
                    break;
                case "return_attention_scores":
                    options = options with { ReturnAttentionScores = Flag(value, name) };
                    break;
                default:
                    throw new ModelException($"argument {name} is {value}, but the argument is not supported; omit it.");
            }
        }

        foreach (var value in namedInputs.Values) AddTensors(call.Entry, value, inputs, tensors, "an argument");

        // In Keras 2, and only there, a call with initial states takes the mask that travels with its input.
        if (_isKeras2 && call.Entry.Layer is RecurrentLayer or Bidirectional && inputs.Count > 1 && options.Mask is null)
            options = options with { Mask = inputs[0].Mask };
        return call.Entry.Layer.CallAll(inputs.ToArray(), options);

        SymbolicTensor? MaskAt(CallValue.List masks, int index) =>
            index < masks.Items.Count && !masks.Items[index].IsNull ? Tensor(masks.Items[index], "mask") : null;

        SymbolicTensor Tensor(CallValue value, string what) =>
            value is CallValue.Tensor(var index) ? tensors[index] : throw new ModelException($"argument {what} is {value}; expected a tensor.");

        static bool Flag(CallValue value, string what) =>
            value is CallValue.Literal { Value: bool flag } ? flag : throw new ModelException($"argument {what} is {value}; expected true or false.");
    }

    private static void AddTensors(LayerEntry entry, CallValue value, List<SymbolicTensor> inputs, SymbolicTensor[] tensors, string what)
    {
        switch (value)
        {
            case CallValue.Tensor(var index):
                inputs.Add(tensors[index]);
                break;
            case CallValue.List list:
                foreach (var item in list.Items) AddTensors(entry, item, inputs, tensors, what);
                break;
            case CallValue.Dictionary dictionary:
                foreach (var item in InOrder(entry, dictionary)) AddTensors(entry, item, inputs, tensors, what);
                break;
            case { IsNull: true }:
                break;
            default:
                throw new ModelException($"{what} is {value}; expected a tensor or a list of tensors.");
        }
    }

    /// <summary>The values of a dictionary that a model is called with, in the order of the model's inputs.</summary>
    private static IEnumerable<CallValue> InOrder(LayerEntry entry, CallValue.Dictionary dictionary)
    {
        if (entry.Layer is not Model model) throw new ModelException($"its argument is {dictionary}; only models are called with dictionaries.");
        var values = dictionary.Entries.ToDictionary();
        var keys = entry.InputKeys ?? model.InputNames;
        var isComplete = keys.All(values.ContainsKey) && (entry.InputKeys is null || values.Count == keys.Count);
        return isComplete
            ? keys.Select(key => values[key])
            : throw new ModelException($"its argument is {dictionary}; expected the keys {string.Join(", ", keys)}.");
    }

    /// <summary>The keys of a nested model's inputs, if they are a dictionary; Keras sorts them.</summary>
    private static string[]? ReadInputKeys(JsonElement item) =>
        item.TryGetProperty("config", out var config)
        && config.TryGetProperty("input_layers", out var inputs)
        && inputs.ValueKind == JsonValueKind.Object
            ? [.. inputs.EnumerateObject().Select(entry => entry.Name).Order(StringComparer.Ordinal)]
            : null;

    /// <summary>Reads one tensor, a list, or a dictionary, whose names Keras sorts.</summary>
    private static SymbolicTensors ReadTensors(JsonElement config, string key, Dictionary<string, LayerEntry> layers)
    {
        var tensors = new List<SymbolicTensor>();
        if (!config.TryGetProperty(key, out var json)) throw new ModelException($"its configuration has no {key}.");
        Add(json, 0);
        return tensors.ToArray();

        void Add(JsonElement item, int depth)
        {
            if (TensorReference.IsReference(item) || depth > MaxListDepth)
            {
                var reference = TensorReference.Read(item);
                if (!layers.TryGetValue(reference.Layer, out var entry))
                {
                    var nearest = Naming.Nearest(reference.Layer, layers.Keys);
                    throw new ModelException(
                        $"{key} names '{reference.Layer}', which is not among its layers." + (nearest is null ? "" : $" Did you mean '{nearest}'?"));
                }

                tensors.Add(entry.Border(reference));
            }
            else if (item.ValueKind == JsonValueKind.Array)
            {
                foreach (var inner in item.EnumerateArray()) Add(inner, depth + 1);
            }
            else if (item.ValueKind == JsonValueKind.Object)
            {
                foreach (var property in item.EnumerateObject().OrderBy(property => property.Name, StringComparer.Ordinal))
                    Add(property.Value, depth + 1);
            }
            else
            {
                throw new ModelException($"{key} holds {Shown(item)}; expected [\"layer\", call, output], a list or a dictionary of them.");
            }
        }
    }

    /// <summary>A layer of the model being read, with the outputs of the calls made so far.</summary>
    private sealed class LayerEntry(string name, LayerBase layer)
    {
        public string Name { get; } = name;

        public LayerBase Layer { get; } = layer;

        /// <summary>The keys of its inputs, if it is a model whose inputs are a dictionary.</summary>
        public string[]? InputKeys { get; init; }

        /// <summary>Whether it is a functional model, whose calls files count in two ways.</summary>
        public bool IsNested => Layer is Model and not Sequential;

        /// <summary>The number of the first call in references among the arguments of calls.</summary>
        public int FirstCall { get; set; }

        /// <summary>The number of the first call in the lists of inputs and outputs, where Keras counts the construction of a functional model.</summary>
        private int FirstCallAtBorder => IsNested ? 1 : 0;

        /// <summary>The number of calls read from the file.</summary>
        public int Read { get; set; }

        /// <summary>The number of calls made.</summary>
        public int Made { get; set; }

        public List<SymbolicTensors> Outputs { get; } = [];

        public SymbolicTensors? At(int call, int first) =>
            call - first is var index && index >= 0 && index < Outputs.Count ? Outputs[index] : (SymbolicTensors?)null;

        /// <summary>A tensor among the arguments of a call.</summary>
        public SymbolicTensor Argument(TensorReference reference) => Tensor(reference, FirstCall);

        /// <summary>A tensor in the model's list of inputs or outputs.</summary>
        public SymbolicTensor Border(TensorReference reference) => Tensor(reference, FirstCallAtBorder);

        private SymbolicTensor Tensor(TensorReference reference, int first) =>
            At(reference.Call, first) is { } outputs && reference.Output < outputs.Count
                ? outputs[reference.Output]
                : throw new ModelException(
                    $"a tensor is given as output {reference.Output} of call {reference.Call} of layer '{Name}', which does not exist; "
                    + $"the layer has {Outputs.Count} calls, the first is number {first}.");
    }

    private sealed class PendingCall(LayerEntry entry, int index, CallArguments arguments, IReadOnlyList<TensorReference> references)
    {
        public LayerEntry Entry { get; } = entry;

        /// <summary>Its index among the calls of its layer.</summary>
        public int Index { get; } = index;

        public CallArguments Arguments { get; } = arguments;

        public IReadOnlyList<TensorReference> References { get; } = references;

        public static PendingCall Read(LayerEntry entry, JsonElement json)
        {
            if (json.ValueKind == JsonValueKind.Array)
                throw new ModelException("its calls are in the format of Keras 2, but the file names a version from 3 on. Correct keras_version.");
            if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("args", out var args) || args.ValueKind != JsonValueKind.Array)
                throw new ModelException("a call has no list of arguments; expected the key args.");
            KnownKeys.Require(json, "args", "kwargs");
            var references = new List<TensorReference>();
            CallValue[] positional = [.. args.EnumerateArray().Select(item => CallValue.Read(item, references))];
            KeyValuePair<string, CallValue>[] named = json.TryGetProperty("kwargs", out var keywords) && keywords.ValueKind == JsonValueKind.Object
                ? [.. keywords.EnumerateObject().Select(entry => KeyValuePair.Create(entry.Name, CallValue.Read(entry.Value, references)))]
                : [];
            return new(entry, entry.Read++, new(positional, named), references);
        }
    }
}
