using System.Text.Json;
using System.Text.Json.Nodes;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Serialization;

/// <summary>Writes a model as Keras' functional or sequential JSON, key for key as Keras 3 does.</summary>
internal sealed partial class ModelWriter
{
    private static readonly string[] s_attentionShapes = ["query_shape", "value_shape", "key_shape"];

    private static readonly string[] s_ofAll = ["trainable", "dtype"];

    private readonly ReadProblems _problems = new();
    private readonly Dictionary<LayerBase, (JsonObject Json, int Id)> _written = new(ReferenceEqualityComparer.Instance);
    private readonly bool _merged;
    private readonly string? _policy;
    private int _layers;

    private ModelWriter(bool merged, string? policy) => (_merged, _policy) = (merged, policy);

    public static JsonSerializerOptions Indented { get; } = new() { WriteIndented = true };

    /// <summary>The architecture.</summary>
    /// <param name="model">The model.</param>
    /// <param name="merged">Whether it is written as without adapters, for files in which they are merged.</param>
    /// <param name="policy">The policy of all layers; null for that of their files, otherwise float32.</param>
    /// <exception cref="ModelException">The model holds something that a file cannot name; one message lists all such things.</exception>
    public static JsonObject Write(Model model, bool merged = false, string? policy = null)
    {
        var writer = new ModelWriter(merged, policy);
        var json = writer.WriteModel(model, model.Name);
        writer._problems.ThrowIfAny($"Model '{model.Name}' cannot be written");
        ModelLimits.RequireReadable(json, model.Name);
        json[FormatVersion.ArchitectureKey] = FormatVersion.Architecture;
        return json;
    }

    private JsonObject WriteModel(Model model, string name)
    {
        ModelLimits.RequireStack();
        return model is Sequential sequential ? WriteSequential(sequential, name) : WriteFunctional(model, name);
    }

    private JsonObject WriteSequential(Sequential model, string name)
    {
        var layers = new JsonArray();
        foreach (var step in model.Steps)
        {
            if (step.Layer is not null) layers.Add((JsonNode)WriteLayer(step.Layer, step.Name));
        }

        var shape = WriteShape(model.Input.Shape);
        return new JsonObject
        {
            ["module"] = "keras",
            ["class_name"] = "Sequential",
            ["config"] = new JsonObject
            {
                ["name"] = name,
                ["trainable"] = model.Trainable,
                ["dtype"] = Policy(model),
                ["layers"] = layers,
                ["build_input_shape"] = shape,
            },
            ["registered_name"] = null,
            ["build_config"] = new JsonObject { ["input_shape"] = shape.DeepClone() },
            ["compile_config"] = new JsonObject(),
        };
    }

    private JsonObject WriteFunctional(Model model, string name)
    {
        var tensors = new GraphReferences(model, _problems);
        var layers = new JsonArray();
        foreach (var group in tensors.Steps)
        {
            var first = group[0];
            JsonObject json;
            var nodes = new JsonArray();
            if (first.Layer is null)
            {
                if (WrittenFunctions.Write(first.Node!) is not { } function)
                {
                    _problems.Add($"operator '{first.Name}' ({first.Node!.Op.Name}) has no counterpart among Keras' functions. Compute it in a custom layer.");
                    continue;
                }

                // Keras computes a function of numbers at once; its files know only functions of tensors.
                if (first.Node!.Inputs.All(input => input.Producer.Op is Operators.Constant))
                {
                    _problems.Add(
                        $"operator '{first.Name}' ({first.Node!.Op.Name}) has constants as its only inputs, which Keras' format does not know. "
                        + "Compute its result beforehand and give it to Ops.Constant.");
                    continue;
                }

                json = new()
                {
                    ["module"] = function.Module,
                    ["class_name"] = function.ClassName,
                    ["config"] = function.Config(first.Name),
                    ["registered_name"] = function.ClassName,
                };
                nodes.Add((JsonNode)new JsonObject { ["args"] = function.Arguments(tensors.Write), ["kwargs"] = new JsonObject() });
            }
            else
            {
                json = WriteLayer(first.Layer, first.Name);
                foreach (var step in group)
                {
                    if (step.Call is not null) nodes.Add((JsonNode)WriteCall(step.Layer!, step.Call, tensors));
                }
            }

            json["name"] = first.Name;
            json["inbound_nodes"] = nodes;
            layers.Add((JsonNode)json);
        }

        return new JsonObject
        {
            ["module"] = "keras.src.models.functional",
            ["class_name"] = "Functional",
            ["config"] = new JsonObject
            {
                ["name"] = name,
                ["trainable"] = model.Trainable,
                ["layers"] = layers,
                ["input_layers"] = tensors.List(model.Inputs),
                ["output_layers"] = tensors.List(model.Outputs),
            },
            ["registered_name"] = "Functional",
            ["build_config"] = new JsonObject { ["input_shape"] = null },
            ["compile_config"] = new JsonObject(),
        };
    }

    /// <summary>Writes a layer, model or function without its calls. A layer in several places gets a number, so that reading makes one of it.</summary>
    private JsonObject WriteLayer(LayerBase layer, string name)
    {
        if (++_layers == ModelLimits.Layers + 1) _problems.Add($"it has more than {ModelLimits.Layers} layers, which files do not hold; save parts of it.");
        RequireSizes(layer, name);
        var json = WriteNewLayer(layer, name);
        if (_written.TryGetValue(layer, out var first)) (first.Json["shared_object_id"], json["shared_object_id"]) = (first.Id, first.Id);
        else if (layer is not (InputLayer or KerasFunction)) _written.Add(layer, (json, _written.Count + 1));
        return json;
    }

    private void RequireSizes(LayerBase layer, string name)
    {
        try
        {
            var outputs = layer is InputLayer input ? [input.Tensor] : layer.Calls.SelectMany(call => call.Outputs);
            foreach (var output in outputs) ModelLimits.RequireSize(output.Shape);
        }
        catch (ModelException error)
        {
            _problems.Add($"layer '{name}' ({layer.ClassName}): {error.Message}");
        }
    }

    private JsonObject WriteNewLayer(LayerBase layer, string name)
    {
        switch (layer)
        {
            case Model model:
                return WriteModel(model, name);
            case InputLayer input:
                return new JsonObject
                {
                    ["module"] = "keras.layers",
                    ["class_name"] = "InputLayer",
                    ["config"] = new JsonObject
                    {
                        ["batch_shape"] = WriteShape(input.Tensor.Shape),
                        ["dtype"] = input.Tensor.DType.KerasName(),
                        ["sparse"] = false,
                        ["ragged"] = false,
                        ["name"] = name,
                        ["optional"] = false,
                    },
                    ["registered_name"] = null,
                };
            case KerasFunction function:
                return new JsonObject
                {
                    ["module"] = function.Module,
                    ["class_name"] = function.ClassName,
                    ["config"] = function.WriteConfig(name),
                    ["registered_name"] = function.ClassName,
                };
        }

        if (layer.WhyNoConfiguration is { } reason)
        {
            _problems.Add(reason);
            return [];
        }

        var type = TypeOf(layer);
        var json = new JsonObject { ["module"] = type.Module, ["class_name"] = type.Name };
        var config = new JsonObject { ["name"] = name, ["trainable"] = layer.Trainable, ["dtype"] = Policy(layer) };
        foreach (var key in s_ofAll.Where(type.Omitted.Contains)) config.Remove(key);
        WriteConfig(type, layer, config, $"layer '{name}' ({layer.ClassName})");

        // In Keras either all calls of a layer return states or none does. The option of Bidirectional is that of its layers, which it calls alike.
        if (type.Find("return_state") is not null && layer.Calls.Any(call => call.Options.ReturnState)) config["return_state"] = true;
        json["config"] = config;
        json["registered_name"] = type.Module is null ? "Custom>" + type.Name : type.IsOfApplications ? type.Name : null;
        if (layer.EndsMask) json[FormatVersion.EndsMaskKey] = true;
        if (type.NotesShape && layer.Calls.Count > 0) json["build_config"] = WriteShapes(type, layer.Calls[0]);
        return json;
    }

    /// <summary>The row of a layer's class; a custom class has none and is written under its own name.</summary>
    private static KerasType TypeOf(LayerBase layer) =>
        KerasRegistry.ByType.TryGetValue(layer.GetType(), out var type) ? type : KerasType.Custom(layer);

    private static JsonObject WriteCall(LayerBase layer, LayerCall call, GraphReferences tensors)
    {
        if (layer is KerasFunction function)
        {
            var arguments = function.ArgumentsOf(call);
            JsonNode Tensor(int index) => tensors.Write(call.Inputs[index]);
            return new JsonObject
            {
                ["args"] = new JsonArray([.. arguments.Positional.Select(value => value.Write(Tensor))]),
                ["kwargs"] = new JsonObject(arguments.Named.Select(entry => KeyValuePair.Create(entry.Key, entry.Value.Write(Tensor)))),
            };
        }

        var (form, takesMask) = layer switch
        {
            Model model => (model.Inputs.Count > 1 ? CallForm.List : CallForm.Separate, true),
            _ => (TypeOf(layer).Form, TypeOf(layer).TakesMask),
        };
        var options = call.Options;
        var given = call.Inputs.Take(call.Inputs.Count - options.Tensors.Count()).Select(input => (JsonNode?)tensors.Write(input)).ToArray();
        var keywords = new JsonObject();
        var positional = form switch
        {
            CallForm.List => new JsonArray(new JsonArray(given)),
            CallForm.Recurrent => new JsonArray(given[0]),
            _ => new JsonArray(given),
        };
        if (form == CallForm.Recurrent && given.Length > 1) keywords["initial_state"] = new JsonArray(given[1..]);
        if (options.Mask is not null) keywords["mask"] = tensors.Write(options.Mask);
        else if (takesMask && given.Length == 1) keywords["mask"] = null;
        if (form == CallForm.List && (options.QueryMask ?? options.ValueMask ?? options.KeyMask) is not null)
        {
            var masks = new[] { options.QueryMask, options.ValueMask, options.KeyMask }.Take(given.Length);
            keywords["mask"] = new JsonArray([.. masks.Select(mask => mask is null ? null : (JsonNode?)tensors.Write(mask))]);
        }
        else
        {
            Add("query_mask", options.QueryMask);
            Add("value_mask", options.ValueMask);
            Add("key_mask", options.KeyMask);
        }

        Add("attention_mask", options.AttentionMask);
        if (options.ReturnAttentionScores) keywords["return_attention_scores"] = true;
        if (options.UseCausalMask) keywords["use_causal_mask"] = true;
        if (options.Reverse) keywords["reverse"] = true;
        if (options.Training is { } training) keywords["training"] = training;
        return new JsonObject { ["args"] = positional, ["kwargs"] = keywords };

        void Add(string name, SymbolicTensor? mask)
        {
            if (mask is not null) keywords[name] = tensors.Write(mask);
        }
    }

    /// <summary>The shapes of the first call, from which Keras builds the layer.</summary>
    private static JsonObject WriteShapes(KerasType type, LayerCall call)
    {
        var shapes = call.Inputs.Take(call.Inputs.Count - call.Options.Tensors.Count()).Select(input => input.Shape).ToArray();

        // Keras builds the inner layer for one time step; ours may run on all steps at once.
        if (call.Parent is { Layer: TimeDistributed, Inputs: var sequence } && shapes[0].Rank == sequence[0].Rank) shapes[0] = shapes[0].Remove(1);
        if (type.Form == CallForm.List) return new JsonObject { ["input_shape"] = new JsonArray([.. shapes.Select(WriteShape)]) };
        if (shapes.Length == 1) return new JsonObject { ["input_shape"] = WriteShape(shapes[0]) };
        var named = new JsonObject();
        if (type.Form == CallForm.Recurrent)
        {
            named["sequences_shape"] = WriteShape(shapes[0]);
            named["initial_state_shape"] = new JsonArray([.. shapes[1..].Select(WriteShape)]);
        }
        else
        {
            foreach (var (name, shape) in s_attentionShapes.Zip(shapes)) named[name] = WriteShape(shape);
        }

        return new JsonObject { ["shapes_dict"] = named };
    }

    private static JsonArray WriteShape(Shape shape) =>
        new([.. shape.Select(dim => dim is { } size ? (JsonNode?)JsonValue.Create(size) : null)]);

    private JsonObject Policy(LayerBase layer) => new()
    {
        ["module"] = "keras",
        ["class_name"] = "DTypePolicy",
        ["config"] = new JsonObject { ["name"] = _policy ?? layer.Policy ?? "float32" },
        ["registered_name"] = null,
    };
}
