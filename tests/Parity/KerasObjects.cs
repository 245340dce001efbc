using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Parity;

/// <summary>
/// Losses, metrics, optimizers and schedules from Keras' names and configurations: names compare without case and underscores, <c>beta_1</c> is beta1.
/// </summary>
internal static class KerasObjects
{
    /// <summary>An object of a class derived from <typeparamref name="T"/>.</summary>
    public static T Make<T>(string name, JsonObject config)
    {
        var type = typeof(Trainer).Assembly.GetTypes().FirstOrDefault(type => !type.IsAbstract && type.IsAssignableTo(typeof(T)) && Same(type.Name, name));
        return type is null ? Shared<T>(name, config) : (T)Make(type, config);
    }

    private static object Make(Type type, JsonObject config)
    {
        var given = config
            .Where(entry => entry.Value is not null && entry.Key is not ("name" or "dtype"))
            .ToDictionary(entry => entry.Key, entry => entry.Value!);
        var constructor = type.GetConstructors().OrderByDescending(constructor => constructor.GetParameters().Length).First();
        var arguments = constructor.GetParameters().Select(parameter =>
        {
            var key = given.Keys.FirstOrDefault(key => Same(key, parameter.Name!));
            if (key is null) return parameter.HasDefaultValue ? parameter.DefaultValue : throw new KeyNotFoundException($"{type.Name} needs {parameter.Name}.");
            given.Remove(key, out var value);
            return Convert(value!, parameter.ParameterType);
        }).ToArray();
        var made = constructor.Invoke(arguments);
        foreach (var (key, value) in given)
        {
            var property = type.GetProperties().FirstOrDefault(property => Same(property.Name, key))
                ?? throw new KeyNotFoundException($"{type.Name} has no option {key}.");
            property.SetValue(made, Convert(value, property.PropertyType));
        }

        return made;
    }

    /// <summary>A static member of the base class, for a function without a class.</summary>
    private static T Shared<T>(string name, JsonObject config)
    {
        if (config.Count > 0) throw new KeyNotFoundException($"There is no {typeof(T).Name} called {name}.");
        var property = typeof(T).GetProperties(BindingFlags.Static | BindingFlags.Public).FirstOrDefault(property => Same(property.Name, name))
            ?? throw new KeyNotFoundException($"There is no {typeof(T).Name} called {name}.");
        return (T)property.GetValue(null)!;
    }

    private static object? Convert(JsonNode value, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(Schedule))
            return value is JsonObject schedule ? Make<Schedule>((string)schedule["class_name"]!, schedule["config"]!.AsObject()) : (Schedule)Number(value);
        if (type == typeof(double)) return Number(value);
        if (type == typeof(int)) return (int)Number(value);
        if (type == typeof(DoubleValues))
            return value is JsonArray list ? DoubleValues.Create([.. list.Select(item => Number(item!))]) : (DoubleValues)Number(value);
        if (type.IsEnum) return Enum.GetValues(type).Cast<object>().First(option => Same(option.ToString()!, (string)value!));
        if (type == typeof(IReadOnlyList<int>)) return value.AsArray().Select(item => (int)Number(item!)).ToArray();
        if (type == typeof(IReadOnlyList<double>)) return value.AsArray().Select(item => Number(item!)).ToArray();
        return value.Deserialize(type);
    }

    private static double Number(JsonNode value) => double.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);

    private static bool Same(string left, string right) =>
        string.Equals(left.Replace("_", "", StringComparison.Ordinal), right.Replace("_", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
}
