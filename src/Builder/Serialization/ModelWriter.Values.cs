using System.Text.Json.Nodes;
using OnnxFunctional.Layers;

namespace OnnxFunctional.Serialization;

/// <content>Values of a configuration.</content>
internal sealed partial class ModelWriter
{
    private void WriteConfig(KerasType type, object owner, JsonObject config, string where)
    {
        foreach (var parameter in type.HiddenParameters())
        {
            _problems.Add(
                $"{where}: the constructor parameter '{parameter}' has no public property of that name, so a file cannot hold it. "
                + $"Add one: public ... {char.ToUpperInvariant(parameter[0])}{parameter[1..]} {{ get; }} = {parameter};");
        }

        foreach (var member in type.Configuration)
        {
            var value = member.Property.GetValue(owner);
            if (_merged && owner is LayerBase && KerasType.LoraKeys.Contains(member.Key)) continue;
            if (value is null or DataFormat.ChannelsLast && type.Omitted.Contains(member.Key)) continue;
            try
            {
                var json = WriteValue(value, $"{where}: {member.Key}");
                config[member.Key] = json is JsonArray { Count: 1 } one && type.Single.Contains(member.Key) ? one[0]!.DeepClone() : json;
            }
            catch (ModelException error)
            {
                _problems.Add($"{where}: {member.Key} {error.Message}");
            }
        }

        foreach (var key in type.FixedKeys.Where(key => key.Written)) config[key.Key] = JsonNode.Parse(key.Value);
    }

    private JsonNode? WriteValue(object? value, string where) => value switch
    {
        null => null,
        bool flag => JsonValue.Create(flag),
        int number => JsonValue.Create(number),
        long number => JsonValue.Create(number),
        float number => PythonNumbers.Write(number),
        double number => PythonNumbers.Write(number),
        string text => JsonValue.Create(text),
        DType type => JsonValue.Create(type.KerasName()),
        TextStandardization.None or TextSplit.None => null,
        Enum choice => JsonValue.Create(Naming.SnakeCase(choice.ToString())),
        Activation activation => WriteActivation(activation),
        Shape shape => WriteShape(shape),
        IntValues { Count: 0 } or Axes { List.Count: 0 } => null,
        Axes axes => new JsonArray([.. axes.Select(axis => (JsonNode?)JsonValue.Create(axis))]),
        EdgeWidths { Count: > 2 } widths => new JsonArray([.. widths.Chunk(2).Select(pair => (JsonNode?)new JsonArray(pair[0], pair[1]))]),
        DoubleValues { IsSingle: true } number => PythonNumbers.Write(number[0]),
        Func<SymbolicTensor, SymbolicTensor> => throw new ModelException(
            "is a function, which a file cannot hold. Write it as a class derived from Layer, and add the class with CustomObjects.Add when reading."),
        LayerBase layer => WriteLayer(layer, layer.Name),
        Initializer or Regularizer or Constraint => WriteObject(value, where),
        IEnumerable<int> numbers => new JsonArray([.. numbers.Select(number => (JsonNode?)JsonValue.Create(number))]),
        IEnumerable<long> numbers => new JsonArray([.. numbers.Select(number => (JsonNode?)JsonValue.Create(number))]),
        IEnumerable<float> numbers => new JsonArray([.. numbers.Select(number => (JsonNode?)PythonNumbers.Write(number))]),
        IEnumerable<double> numbers => new JsonArray([.. numbers.Select(number => (JsonNode?)PythonNumbers.Write(number))]),
        IEnumerable<KeyValuePair<string, double>> numbers =>
            new JsonObject(numbers.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)PythonNumbers.Write(entry.Value)))),
        IEnumerable<string> texts => new JsonArray([.. texts.Select(text => (JsonNode?)JsonValue.Create(text))]),
        IEnumerable<LayerBase> layers => new JsonArray([.. layers.Select(layer => (JsonNode?)WriteLayer(layer, layer.Name))]),
        _ => throw ModelReader.UnsupportedType(value.GetType()),
    };

    private JsonObject WriteObject(object value, string where)
    {
        if (!KerasRegistry.ByType.TryGetValue(value.GetType(), out var type))
        {
            var declarer = value.GetType().DeclaringType;
            if (declarer == typeof(Initializer) || declarer == typeof(Regularizer) || declarer == typeof(Constraint))
            {
                throw new ModelException(
                    "is a function, which a file cannot hold. Write it as a class with public properties, "
                    + "and add the class with CustomObjects.Add when reading.");
            }

            type = value switch
            {
                Initializer initializer => KerasType.Custom(initializer),
                Regularizer regularizer => KerasType.Custom(regularizer),
                _ => KerasType.Custom((Constraint)value),
            };
        }

        var config = new JsonObject();
        WriteConfig(type, value, config, where);
        return new JsonObject
        {
            ["module"] = type.Module,
            ["class_name"] = type.Name,
            ["config"] = config,
            ["registered_name"] = type.Module is null ? "Custom>" + type.Name : null,
        };
    }

    private static JsonNode WriteActivation(Activation activation) =>
        Activation.ByName.TryGetValue(activation.Name, out var known) && ReferenceEquals(known, activation) ? JsonValue.Create(activation.Name)
        : activation.Name == "custom" ? throw new ModelException(
            "is a function without a name. Give it one, Activation.From(function, \"name\"), and add it with CustomObjects.Add when reading.")
        : new JsonObject { ["module"] = "builtins", ["class_name"] = "function", ["config"] = activation.Name, ["registered_name"] = "function" };
}
