using System.Text.Json;
using System.Text.Json.Nodes;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Serialization;

/// <summary>
/// Creates a model from Keras' functional or sequential JSON. The text is treated as untrusted: sizes and depth are limited, and only classes of the
/// registry and those the user added are created.
/// </summary>
internal sealed partial class ModelReader
{
    private const int MaxListDepth = 8;

    // Beside class and configuration: what Keras notes about how a layer was built and compiled, and what older versions wrote about themselves.
    private static readonly string[] s_layerKeys =
    [
        "module", "class_name", "config", "registered_name", "build_config", "compile_config", "shared_object_id", "name", "inbound_nodes", "keras_version",
        "backend", FormatVersion.ArchitectureKey, FormatVersion.EndsMaskKey,
    ];

    private readonly CustomObjects _custom;
    private readonly ulong _seed;
    private readonly ReadProblems _problems = new();
    private readonly int? _format;
    private readonly bool _recurrenceEndsMasks;
    private readonly bool _isKeras2;
    private readonly Dictionary<Value, string> _narrow = [];
    private readonly Dictionary<(long Id, string ClassName), LayerBase> _shared = [];
    private int _layers;

    private ModelReader(CustomObjects? custom, ulong seed, int? format, string? version, bool isKeras2)
    {
        _custom = custom ?? new();
        _seed = seed;
        _format = format;
        _isKeras2 = isKeras2;

        // From Keras 3.16 on, recurrent layers and wrappers use the mask of their input, but pass none on.
        _recurrenceEndsMasks = format is null && Version.TryParse(version, out var known) && known >= new Version(3, 16);
    }

    /// <summary>Reads a model and reports all problems in one message.</summary>
    /// <param name="json">The text.</param>
    /// <param name="custom">Custom classes and functions that the text may name.</param>
    /// <param name="seed">The seed for the initial values.</param>
    /// <param name="ours">Whether this library is known to have written the text, even if it names no format, as format 1 did not.</param>
    /// <param name="version">Keras' version, if something beside the text says so.</param>
    /// <exception cref="ModelException">The text does not describe a model, or names something unknown.</exception>
    public static Model Read(string json, CustomObjects? custom, ulong seed, bool ours = false, string? version = null)
    {
        if (json.Length > ModelLimits.TextLength)
            throw new ModelException($"The model's JSON has {json.Length} characters; expected at most {ModelLimits.TextLength}.");
        JsonDocument document;
        bool isKeras2;
        try
        {
            (document, isKeras2) = Parse(PythonNumbers.Quoted(json), version);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new ModelException($"The model's JSON cannot be read: {error.Message}", error);
        }

        using (document)
        {
            var reader = new ModelReader(custom, seed, ReadFormat(document.RootElement) ?? (ours ? 1 : null), version, isKeras2);
            var model = reader.ReadLayer(document.RootElement, "the model", true);
            reader._problems.ThrowIfAny("The model cannot be read");
            return model as Model
                ?? throw new ModelException($"The JSON describes a {model!.ClassName}, not a model; expected class_name Functional or Sequential.");
        }
    }

    /// <summary>The text as JSON in the form of Keras 3.</summary>
    private static (JsonDocument Document, bool IsKeras2) Parse(string json, string? version)
    {
        var options = new JsonDocumentOptions { MaxDepth = ModelLimits.JsonDepth, AllowDuplicateProperties = false };
        var document = JsonDocument.Parse(json, options);
        if (!Keras2.Wrote(document.RootElement, version)) return (document, false);
        document.Dispose();
        var tree = JsonNode.Parse(json, documentOptions: options);
        Keras2.Upgrade(tree);
        return (JsonDocument.Parse(tree!.ToJsonString(), options), true);
    }

    /// <summary>The format of a text that this library wrote; null if the text names none, as those of Keras do.</summary>
    /// <exception cref="ModelException">The format is newer than this version of the library.</exception>
    private static int? ReadFormat(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty(FormatVersion.ArchitectureKey, out var given)) return null;
        if (given.ValueKind != JsonValueKind.Number || !given.TryGetInt32(out var format) || format < 1)
            throw new ModelException($"The model cannot be read: {FormatVersion.ArchitectureKey} is {Shown(given)}; expected a whole number from 1.");
        return format <= FormatVersion.Architecture
            ? format
            : throw new ModelException($"The model cannot be read: its description {FormatVersion.Newer(format, FormatVersion.Architecture)}");
    }

    /// <summary>
    /// Creates a layer, model or function from its description; null if that failed and its problems were recorded. Keras describes an object in every place
    /// that holds it, with the same number: such a layer is created once.
    /// </summary>
    private LayerBase? ReadLayer(JsonElement json, string where, bool outermost = false)
    {
        if (Text(json, "class_name") is not { } className
            || !json.TryGetProperty("shared_object_id", out var given)
            || given.ValueKind != JsonValueKind.Number
            || !given.TryGetInt64(out var id))
            return ReadNewLayer(json, where, outermost);
        if (_shared.TryGetValue((id, className), out var known)) return known;
        var layer = ReadNewLayer(json, where, outermost);
        if (layer is not null and not InputLayer) _shared[(id, className)] = layer;
        return layer;
    }

    private LayerBase? ReadNewLayer(JsonElement json, string where, bool outermost)
    {
        if (++_layers == ModelLimits.Layers + 1) _problems.Add($"the file describes more than {ModelLimits.Layers} layers; larger models are not supported.");
        if (_layers > ModelLimits.Layers) return null;
        ModelLimits.RequireStack();
        if (Text(json, "class_name") is not { } className || !json.TryGetProperty("config", out var config) || config.ValueKind != JsonValueKind.Object)
        {
            _problems.Add($"{where} has no class_name and config; expected the JSON that Keras' to_json or ToJson writes.");
            return null;
        }

        if (KnownKeys.Problem(json, s_layerKeys) is { } unknown)
        {
            _problems.Add($"{where} ({className}): {unknown}");
            return null;
        }

        var module = Text(json, "module") ?? UnnamedFunctions.ModuleOf(json, className, config);
        var name = Text(config, "name") ?? Text(json, "name");
        var holder = where;
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
                    return KerasLambda.Read(config, name ?? "lambda");
            }

            if (module is not null && KerasFunctions.IsModule(module))
                return KerasFunctions.Make(module, className, config, name ?? Naming.SnakeCase(className));
            if (FindType(KerasKind.Layer, className, module, Text(json, "registered_name")) is not { } type)
            {
                var isInner = name is not null && !outermost && holder.Contains("layer '", StringComparison.Ordinal);
                AddMissingLayer(json, className, isInner ? $"{where}, {holder}" : where);
                return null;
            }

            var layer = (LayerBase?)Bind(type, config, where, name);
            if (layer is null) return null;
            ReadTrainable(layer, config);
            layer.EndsMask = EndsMask(layer, json);
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

    private InputLayer ReadInput(JsonElement config, string? name)
    {
        foreach (var key in (ReadOnlySpan<string>)["sparse", "ragged", "optional"])
        {
            if (config.TryGetProperty(key, out var flag) && flag.ValueKind == JsonValueKind.True)
                throw new ModelException($"{key} inputs are not supported; save the model with a dense input.");
        }

        KnownKeys.Require(config, "batch_shape", "batch_input_shape", "dtype", "sparse", "ragged", "optional", "name");
        var shape = config.TryGetProperty("batch_shape", out var given) || config.TryGetProperty("batch_input_shape", out given)
            ? ReadShape(given)
            : throw new ModelException("the input has no batch_shape.");
        if (shape.Rank == 0) throw new ModelException("the input's batch_shape is empty; expected at least the batch dimension.");
        var dtype = Text(config, "dtype") ?? "float32";
        ModelLimits.RequireSize(shape);

        // Narrow integers have no type here; wider ones hold the same values.
        var wide = dtype switch
        {
            "uint8" or "int8" or "uint16" or "int16" => DType.Int32,
            "uint32" => DType.Int64,
            _ => (DType?)null,
        };
        var input = new InputLayer(shape, wide ?? ReadDType(dtype), name);
        if (wide is not null) _narrow.Add(input.Tensor.Value, dtype);
        return input;
    }

    /// <summary>In Keras, arithmetic of narrow integers wraps around. Layers compute in float32, so only functions are concerned.</summary>
    private void RequireWideIntegers(KerasFunction function, SymbolicTensor[] tensors)
    {
        foreach (var tensor in tensors)
        {
            if (_narrow.TryGetValue(tensor.Value, out var type) && function.ClassName != "Cast")
                throw new ModelException($"it computes with {type}, which wraps around at the type's limits; cast the input to int32 or float32 first.");
        }
    }

    private Sequential? ReadSequential(JsonElement config, string where, string? name)
    {
        if (!config.TryGetProperty("layers", out var list) || list.ValueKind != JsonValueKind.Array)
            throw new ModelException("its configuration has no list of layers.");
        KnownKeys.Require(config, "name", "trainable", "dtype", "layers", "build_input_shape");
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
        string? policy = null;
        foreach (var entry in config.EnumerateObject())
        {
            if (type.Kind == KerasKind.Layer && entry.Name is "name" or "trainable") continue;
            try
            {
                if (type.Kind == KerasKind.Layer && entry.Name == "dtype")
                {
                    policy = ReadPolicy(entry.Value);
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
            catch (CommonProblemException missing)
            {
                failed = true;
                _problems.AddCommon($"{where}: {entry.Name} ", missing.Message);
            }
            catch (ModelException error)
            {
                failed = true;
                _problems.Add($"{where}: {entry.Name} {error.Message}");
            }
        }

        if (failed) return null;
        var created = type.Create(values, name);
        if (created is LayerBase layer) layer.Policy = policy;
        return created;
    }

    private KerasType? FindType(KerasKind kind, string name, string? module, string? registered)
    {
        // Keras writes a user's class as "Package>Class"; built-in classes have no registered name.
        var mark = registered?.LastIndexOf('>') ?? -1;
        if (_custom.Types.TryGetValue(mark < 0 ? registered ?? name : registered![(mark + 1)..], out var custom) && custom.Kind == kind) return custom;
        if (_custom.Types.TryGetValue(name, out custom) && custom.Kind == kind) return custom;
        if (!IsKeras(module) || !KerasRegistry.Table(kind).TryGetValue(name, out var type)) return null;
        return mark < 0 || module is not null || type.IsOfApplications ? type : null;
    }

    /// <summary>Whether a layer passes no mask on: its file says so, or the version of Keras that wrote it.</summary>
    private bool EndsMask(LayerBase layer, JsonElement json) =>
        (_recurrenceEndsMasks && layer is RecurrentLayer or Bidirectional or TimeDistributed)
        || (json.TryGetProperty(FormatVersion.EndsMaskKey, out var given) && given.ValueKind == JsonValueKind.True);

    private static void ReadTrainable(LayerBase layer, JsonElement config)
    {
        if (config.TryGetProperty("trainable", out var trainable) && trainable.ValueKind == JsonValueKind.False) layer.Trainable = false;
    }

    private static bool IsKeras(string? module) => module is null || module == "keras" || module.StartsWith("keras.", StringComparison.Ordinal);

    /// <summary>The text of an entry; null if there is none.</summary>
    internal static string? Text(JsonElement json, string key) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
