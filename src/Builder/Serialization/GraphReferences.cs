using System.Text.Json.Nodes;

namespace OnnxFunctional.Serialization;

/// <summary>The steps of a model as a file lists them, and how it names each tensor: layer, call, output.</summary>
internal sealed class GraphReferences
{
    private readonly Dictionary<Value, TensorReference> _references = [];

    // One value may be two outputs, as the last output of an LSTM and its hidden state are; the handle then tells which one is meant.
    private readonly Dictionary<object, TensorReference> _handles = new(ReferenceEqualityComparer.Instance);
    private readonly ReadProblems _problems;
    private readonly HashSet<string> _nested = [];

    public GraphReferences(Model model, ReadProblems problems)
    {
        _problems = problems;
        var groups = new Dictionary<object, List<ModelStep>>();
        var steps = new List<IReadOnlyList<ModelStep>>();
        foreach (var step in model.Steps)
        {
            var key = (object?)step.Layer ?? step;
            if (!groups.TryGetValue(key, out var group))
            {
                groups.Add(key, group = []);
                steps.Add(group);
            }

            group.Add(step);
        }

        foreach (var group in groups.Values)
        {
            // The calls of a shared layer are counted in the order they were made.
            if (group.Count > 1)
            {
                var order = group[0].Layer!.Calls.Select((call, i) => (call, i)).ToDictionary(pair => pair.call, pair => pair.i);
                group.Sort((left, right) => Order(left).CompareTo(Order(right)));
                int Order(ModelStep step) => step.Call is not null && order.TryGetValue(step.Call, out var i) ? i : int.MaxValue;
            }

            if (group[0].Layer is Model and not Sequential) _nested.Add(group[0].Name);
            for (var i = 0; i < group.Count; i++)
            {
                for (var j = 0; j < group[i].Outputs.Count; j++)
                {
                    var reference = new TensorReference(group[i].Name, i, j);
                    _references.TryAdd(group[i].Outputs[j], reference);
                    if (group[i].Call is { } call) _handles.TryAdd(call.Outputs[j], reference);
                }
            }
        }

        Steps = steps;
    }

    /// <summary>The steps grouped by layer, in Keras' order.</summary>
    public IReadOnlyList<IReadOnlyList<ModelStep>> Steps { get; }

    /// <summary>Writes a tensor as an argument.</summary>
    public JsonNode Write(SymbolicTensor tensor) =>
        _handles.TryGetValue(tensor, out var reference) ? Write(tensor.Value, reference) : Write(tensor.Value);

    /// <summary>Writes a value as an argument.</summary>
    public JsonNode Write(Value value)
    {
        if (!_references.TryGetValue(value, out var reference))
        {
            _problems.Add(value.Producer.Op is Operators.Placeholder
                ? $"{value.Origin} is not among the inputs of the model: a call takes it for an output that nothing reads. Add it to the model's inputs."
                : $"a tensor {value.Spec} is taken from inside {value.Origin}, which a file cannot refer to; "
                    + "use the layer's output, or compute it inside the layer.");
            return new JsonObject();
        }

        return Write(value, reference);
    }

    private static JsonObject Write(Value value, TensorReference reference) =>
        new()
        {
            ["class_name"] = "__keras_tensor__",
            ["config"] = new JsonObject
            {
                ["shape"] = new JsonArray([.. value.Spec.Shape.Select(dim => dim is { } size ? (JsonNode?)JsonValue.Create(size) : null)]),
                ["dtype"] = value.Spec.Type.KerasName(),
                ["keras_history"] = reference.ToJson(),
            },
        };

    /// <summary>The inputs or outputs of the model: one alone is written without a list.</summary>
    /// <remarks>Here, and only here, Keras counts the construction of a nested functional model as its call 0.</remarks>
    public JsonArray List(SymbolicTensors tensors)
    {
        var list = new List<JsonArray>();
        foreach (var tensor in tensors)
        {
            var value = tensor.Value;
            if (_handles.TryGetValue(tensor, out var reference) || _references.TryGetValue(value, out reference))
                list.Add((_nested.Contains(reference.Layer) ? reference with { Call = reference.Call + 1 } : reference).ToJson());
            else _problems.Add($"an output {value.Spec} is taken from inside {value.Origin}, which a file cannot refer to; return it from the layer.");
        }

        return list.Count == 1 ? list[0] : new JsonArray([.. list]);
    }
}
