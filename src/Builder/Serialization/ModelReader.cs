using System.Text.Json;

namespace OnnxFunctional.Serialization;

/// <summary>Makes a model from Keras' functional or sequential JSON. The text is treated as hostile: sizes and depth are bounded, classes come from the registry and the user alone.</summary>
internal sealed partial class ModelReader
{
    // One hundred times the largest architecture Keras ships, as text and in layers; a file beyond is a mistake or an attack.
    private const int LongestText = 1 << 26;
    private const int MostLayers = 20_000;

    // Three levels of JSON a nested model; real ones nest three deep.
    private const int DeepestJson = 192;

    // A sample of 2^28 numbers is 1 GB.
    private const long LargestSample = 1L << 28;

    private readonly CustomObjects _custom;
    private readonly ulong _seed;
    private readonly ReadProblems _problems = new();
    private int _layers;

    private ModelReader(CustomObjects? custom, ulong seed)
    {
        _custom = custom ?? new();
        _seed = seed;
    }

    /// <summary>Reads a model; all that is wrong is told in one message.</summary>
    /// <exception cref="ModelException">The text is no model, or names what is not known.</exception>
    public static Model Read(string json, CustomObjects? custom, ulong seed)
    {
        if (json.Length > LongestText) throw new ModelException($"The model's JSON has {json.Length} characters; more than {LongestText} are not read.");
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = DeepestJson, AllowDuplicateProperties = false });
        }
        catch (JsonException error)
        {
            throw new ModelException($"The model's JSON cannot be read: {error.Message}", error);
        }

        using (document)
        {
            var reader = new ModelReader(custom, seed);
            var model = reader.ReadOperation(document.RootElement, "the model", true);
            reader._problems.ThrowIfAny("The model cannot be read");
            return model as Model ?? throw new ModelException($"The JSON describes a {model!.ClassName}, not a model; expected class_name Functional or Sequential.");
        }
    }

    /// <summary>A layer, model or operation from its description, or nothing after its problems were noted.</summary>
    private LayerBase? ReadOperation(JsonElement json, string where, bool outermost = false)
    {
        if (++_layers == MostLayers + 1) _problems.Add($"the file describes more than {MostLayers} layers; larger models are not read.");
        if (_layers > MostLayers) return null;
        if (Text(json, "class_name") is not { } className || !json.TryGetProperty("config", out var config) || config.ValueKind != JsonValueKind.Object)
        {
            _problems.Add($"{where} has no class_name and config; expected the JSON that Keras' to_json or ToJson writes.");
            return null;
        }

        var module = Text(json, "module");
        var name = Text(config, "name") ?? Text(json, "name");
        if (!outermost) where = name is null ? $"{where} ({className})" : $"layer '{name}' ({className})";
        try
        {
            Naming.Checked(name);
            switch (className)
            {
                case "Functional" or "Model" when IsKeras(module):
                    return ReadFunctional(config, where, name);
                case "Sequential" when IsKeras(module):
                    return ReadSequential(config, where, name);
                case "InputLayer" when IsKeras(module):
                    return ReadInput(config, name);
                case "Lambda" when IsKeras(module) && !_custom.Types.ContainsKey(className):
                    throw new ModelException("a Lambda holds Python code, which is never run here. Write the function with Ops in a class derived from Layer, give it with CustomObjects.Add, and save the Keras model with that layer in place of the Lambda.");
            }

            if (module is not null && KerasFunctions.IsModule(module)) return KerasFunctions.Make(module, className, config, name ?? Naming.SnakeCase(className));
            if (FindType(KerasKind.Layer, className, module, Text(json, "registered_name")) is not { } type)
            {
                throw new ModelException(Unknown("layer", className, KerasRegistry.Layers.Keys.Concat(_custom.Types.Keys)) + " A class of your own is given with CustomObjects.Add.");
            }

            var layer = (LayerBase?)Bind(type, config, where, name);
            if (layer is not null) ReadTrainable(layer, config);
            return layer;
        }
        catch (ModelException error)
        {
            _problems.Add($"{where}: {error.Message}");
        }
        catch (Exception error) when (error is ArgumentException or ArithmeticException or IndexOutOfRangeException or InvalidOperationException)
        {
            // A layer met a value its own checks did not foresee; the file is at fault, not the program.
            _problems.Add($"{where} cannot be made from its configuration: {error.Message}");
        }

        return null;
    }

    private static InputLayer ReadInput(JsonElement config, string? name)
    {
        foreach (var key in (ReadOnlySpan<string>)["sparse", "ragged", "optional"])
        {
            if (config.TryGetProperty(key, out var flag) && flag.ValueKind == JsonValueKind.True) throw new ModelException($"{key} inputs are not supported; save the model with a dense input.");
        }

        var shape = config.TryGetProperty("batch_shape", out var given) || config.TryGetProperty("batch_input_shape", out given)
            ? ReadShape(given)
            : throw new ModelException("the input has no batch_shape.");
        if (shape.Rank == 0) throw new ModelException("the input's batch_shape is empty; expected at least the batch.");
        var type = Text(config, "dtype") is { } word ? ReadDType(word) : DType.Float32;
        RequireSize(shape);
        return new InputLayer(shape, type, name);
    }

    private Sequential? ReadSequential(JsonElement config, string where, string? name)
    {
        if (!config.TryGetProperty("layers", out var list) || list.ValueKind != JsonValueKind.Array) throw new ModelException("its configuration has no list of layers.");
        SymbolicTensor? input = null;
        var layers = new List<Layer>();
        var failed = false;
        foreach (var item in list.EnumerateArray())
        {
            var operation = ReadOperation(item, $"a layer of {where}");
            switch (operation)
            {
                case null:
                    failed = true;
                    break;
                case InputLayer layer when input is null && layers.Count == 0:
                    input = layer.Tensor;
                    break;
                case Layer layer:
                    layers.Add(layer);
                    break;
                default:
                    throw new ModelException($"'{operation.Name}' ({operation.ClassName}) takes several tensors, which a straight run does not have.");
            }
        }

        if (input is null && config.TryGetProperty("build_input_shape", out var built) && built.ValueKind == JsonValueKind.Array) input = new InputLayer(ReadShape(built), DType.Float32, null).Tensor;
        if (failed) return null;
        if (input is null) throw new ModelException("it was never built, so its input shape is not known. Put an Input in front, or call it once, before saving.");
        if (layers.Count == 0) throw new ModelException("it has no layers.");
        var model = new Sequential(input, layers.ToArray(), name, _seed);
        ReadTrainable(model, config);
        return model;
    }

    /// <summary>An object of a known class from its configuration; keys that are not known are noted, all of them.</summary>
    private object? Bind(KerasType type, JsonElement config, string where, string? name)
    {
        var values = new Dictionary<string, object?>();
        var failed = false;
        foreach (var entry in config.EnumerateObject())
        {
            if (type.Kind == KerasKind.Layer && entry.Name is "name" or "trainable") continue;
            try
            {
                if (type.Kind == KerasKind.Layer && entry.Name == "dtype")
                {
                    RequireFloat32(entry.Value);
                }
                else if (type.FindFixed(entry.Name) is { } known)
                {
                    if (!known.AnyValue && !IsNeutral(entry.Value, known.Value)) throw new ModelException($"is {Shown(entry.Value)}, which is not supported; expected {known.Value}.");
                }
                else if (type.Find(entry.Name) is { } member)
                {
                    values[member.Key] = ReadValue(entry.Value, member.Property.PropertyType, where);
                }
                else if (entry.Value.ValueKind != JsonValueKind.Null)
                {
                    // A null is a feature that is not used; newer versions of Keras write keys we do not know that way.
                    var nearest = Naming.Nearest(entry.Name, type.Configuration.Select(known => known.Key).Where(key => !config.TryGetProperty(key, out _)));
                    throw new ModelException($"is not known to {type.Name}." + (nearest is null ? "" : $" Did you mean '{nearest}'?"));
                }
            }
            catch (ModelException error)
            {
                failed = true;
                _problems.Add($"{where}: {entry.Name} {error.Message}");
            }
        }

        return failed ? null : type.Create(values, name);
    }

    private KerasType? FindType(KerasKind kind, string name, string? module, string? registered)
    {
        // Keras writes a user's class as "Package>Class"; built-in classes have no registered name.
        var tail = registered is null ? null : registered[(registered.LastIndexOf('>') + 1)..];
        if (_custom.Types.TryGetValue(tail ?? name, out var custom) && custom.Kind == kind) return custom;
        if (_custom.Types.TryGetValue(name, out custom) && custom.Kind == kind) return custom;
        return IsKeras(module) && KerasRegistry.Table(kind).TryGetValue(name, out var type) ? type : null;
    }

    private static void ReadTrainable(LayerBase layer, JsonElement config)
    {
        if (config.TryGetProperty("trainable", out var trainable) && trainable.ValueKind == JsonValueKind.False) layer.Trainable = false;
    }

    /// <summary>Refuses shapes no machine could hold, before anything is computed from them.</summary>
    private static void RequireSize(Shape shape)
    {
        var count = 1L;
        foreach (var dim in shape.Dims)
        {
            count *= Math.Max(1, dim);
            if (count > LargestSample) throw new ModelException($"a tensor of shape {shape} is larger than {LargestSample} numbers a sample; such models are not read.");
        }
    }

    private static bool IsKeras(string? module) => module is null || module == "keras" || module.StartsWith("keras.", StringComparison.Ordinal);

    private static string Unknown(string what, string name, IEnumerable<string> known) =>
        $"{what} class '{name}' is not known." + (Naming.Nearest(name, known) is { } nearest ? $" Did you mean '{nearest}'?" : "");

    private static string? Text(JsonElement json, string key) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
