using System.Text.Json;

namespace OnnxFunctional.Serialization;

/// <summary>
/// Creates a model from Keras' functional or sequential JSON. The text is treated as untrusted: sizes and depth are limited, and only classes of the
/// registry and those the user added are created.
/// </summary>
internal sealed partial class ModelReader
{
    // A hundred times the largest architecture that comes with Keras; a longer file is a mistake or an attack.
    private const int MaxTextLength = 1 << 26;
    private const int MaxLayers = 20_000;

    // A nested model takes three levels of JSON; real models are nested three deep.
    private const int MaxJsonDepth = 192;

    // A sample of 2^28 float32 values takes 1 GB.
    private const long MaxSampleSize = 1L << 28;

    private readonly CustomObjects _custom;
    private readonly ulong _seed;
    private readonly ReadProblems _problems = new();
    private int _layers;

    private ModelReader(CustomObjects? custom, ulong seed)
    {
        _custom = custom ?? new();
        _seed = seed;
    }

    /// <summary>Reads a model and reports all problems in one message.</summary>
    /// <exception cref="ModelException">The text does not describe a model, or names something unknown.</exception>
    public static Model Read(string json, CustomObjects? custom, ulong seed)
    {
        if (json.Length > MaxTextLength) throw new ModelException($"The model's JSON has {json.Length} characters; expected at most {MaxTextLength}.");
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaxJsonDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException error)
        {
            throw new ModelException($"The model's JSON cannot be read: {error.Message}", error);
        }

        using (document)
        {
            var reader = new ModelReader(custom, seed);
            var model = reader.ReadLayer(document.RootElement, "the model", true);
            reader._problems.ThrowIfAny("The model cannot be read");
            return model as Model
                ?? throw new ModelException($"The JSON describes a {model!.ClassName}, not a model; expected class_name Functional or Sequential.");
        }
    }

    /// <summary>Creates a layer, model or function from its description; null if that failed and its problems were recorded.</summary>
    private LayerBase? ReadLayer(JsonElement json, string where, bool outermost = false)
    {
        if (++_layers == MaxLayers + 1) _problems.Add($"the file describes more than {MaxLayers} layers; larger models are not supported.");
        if (_layers > MaxLayers) return null;
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
                    throw new ModelException(
                        "a Lambda holds Python code, which is never run here. Write the function with Ops in a class derived from Layer, "
                        + "add the class with CustomObjects.Add, and save the Keras model with that layer in place of the Lambda.");
            }

            if (module is not null && KerasFunctions.IsModule(module))
                return KerasFunctions.Make(module, className, config, name ?? Naming.SnakeCase(className));
            if (FindType(KerasKind.Layer, className, module, Text(json, "registered_name")) is not { } type)
            {
                var known = KerasRegistry.Layers.Keys.Concat(_custom.Types.Keys);
                throw new ModelException(Unknown("layer", className, known) + " Add a custom class with CustomObjects.Add.");
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
            // A layer received a value that its own checks missed; the file is at fault, not the program.
            _problems.Add($"{where} cannot be created from its configuration: {error.Message}");
        }

        return null;
    }

    private static InputLayer ReadInput(JsonElement config, string? name)
    {
        foreach (var key in (ReadOnlySpan<string>)["sparse", "ragged", "optional"])
        {
            if (config.TryGetProperty(key, out var flag) && flag.ValueKind == JsonValueKind.True)
                throw new ModelException($"{key} inputs are not supported; save the model with a dense input.");
        }

        var shape = config.TryGetProperty("batch_shape", out var given) || config.TryGetProperty("batch_input_shape", out given)
            ? ReadShape(given)
            : throw new ModelException("the input has no batch_shape.");
        if (shape.Rank == 0) throw new ModelException("the input's batch_shape is empty; expected at least the batch dimension.");
        var type = Text(config, "dtype") is { } dtype ? ReadDType(dtype) : DType.Float32;
        RequireSize(shape);
        return new InputLayer(shape, type, name);
    }

    private Sequential? ReadSequential(JsonElement config, string where, string? name)
    {
        if (!config.TryGetProperty("layers", out var list) || list.ValueKind != JsonValueKind.Array)
            throw new ModelException("its configuration has no list of layers.");
        SymbolicTensor? input = null;
        var layers = new List<Layer>();
        var failed = false;
        foreach (var item in list.EnumerateArray())
        {
            var read = ReadLayer(item, $"a layer of {where}");
            switch (read)
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
                    throw new ModelException(
                        $"'{read.Name}' ({read.ClassName}) takes several tensors, but a Sequential passes one; save the model as a functional model.");
            }
        }

        if (input is null && config.TryGetProperty("build_input_shape", out var built) && built.ValueKind == JsonValueKind.Array)
            input = new InputLayer(ReadShape(built), DType.Float32, null).Tensor;
        if (failed) return null;
        if (input is null)
            throw new ModelException("it was never built, so its input shape is unknown. Before saving, begin it with an Input or call it once.");
        if (layers.Count == 0) throw new ModelException("it has no layers.");
        var model = new Sequential(input, layers.ToArray(), name, _seed);
        ReadTrainable(model, config);
        return model;
    }

    /// <summary>Creates an object of a known class from its configuration; null if a key is unknown or wrong. All such keys are recorded.</summary>
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
                    if (!known.AnyValue && !IsNeutral(entry.Value, known.Value))
                        throw new ModelException($"is {Shown(entry.Value)}, which is not supported; expected {known.Value}.");
                }
                else if (type.Find(entry.Name) is { } member)
                {
                    values[member.Key] = ReadValue(entry.Value, member.Property.PropertyType, where);
                }
                else if (entry.Value.ValueKind != JsonValueKind.Null)
                {
                    // Null means a feature that is not used; newer versions of Keras write keys unknown here that way.
                    var nearest = Naming.Nearest(entry.Name, type.Configuration.Select(known => known.Key).Where(key => !config.TryGetProperty(key, out _)));
                    throw new ModelException($"is not a key of {type.Name}." + (nearest is null ? " Remove it." : $" Did you mean '{nearest}'?"));
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

    /// <summary>Rejects shapes too large for any machine before anything is computed from them.</summary>
    private static void RequireSize(Shape shape)
    {
        var count = 1L;
        foreach (var dim in shape.Dims)
        {
            count *= Math.Max(1, dim);
            if (count > MaxSampleSize)
                throw new ModelException($"a tensor of shape {shape} has more than {MaxSampleSize} elements per sample; expected a smaller one.");
        }
    }

    private static bool IsKeras(string? module) => module is null || module == "keras" || module.StartsWith("keras.", StringComparison.Ordinal);

    private static string Unknown(string what, string name, IEnumerable<string> known) =>
        $"{what} class '{name}' is not known." + (Naming.Nearest(name, known) is { } nearest ? $" Did you mean '{nearest}'?" : "");

    private static string? Text(JsonElement json, string key) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
