using System.Diagnostics.CodeAnalysis;

namespace OnnxFunctional;

/// <summary>Custom classes and functions that a file may name. Reading a file creates only built-in objects and those listed here.</summary>
/// <example><code>var model = Model.FromJson(json, new CustomObjects().Add&lt;ScaledDense&gt;().Add(Activation.From(x => x * x, "squared")));</code></example>
public sealed class CustomObjects
{
    private readonly Dictionary<string, Serialization.KerasType> _types = [];
    private readonly Dictionary<string, Activation> _activations = [];

    internal IReadOnlyDictionary<string, Serialization.KerasType> Types => _types;

    internal IReadOnlyDictionary<string, Activation> Activations => _activations;

    /// <summary>
    /// Adds a class: a layer, initializer, regularizer or constraint. Its public properties are its configuration: UseBias is use_bias in the file.
    /// </summary>
    /// <typeparam name="T">The class; each parameter of its constructor must have a public property of the same name.</typeparam>
    /// <param name="name">Its name in the file; default: the name of the class.</param>
    /// <returns>This object, so that calls can be chained.</returns>
    /// <exception cref="ModelException">The class is of none of these kinds, or the name is taken.</exception>
    public CustomObjects Add<[DynamicallyAccessedMembers(ConfigurationMembers.Kept)] T>(string? name = null)
        where T : class
    {
        var type = Serialization.KerasType.Of<T>(name ?? typeof(T).Name, null);
        if (type.Kind == Serialization.KerasKind.None)
            throw new ModelException($"{typeof(T).Name} is not a layer, initializer, regularizer or constraint; a model's file holds only those.");
        if (!_types.TryAdd(type.Name, type))
            throw new ModelException($"A class named '{type.Name}' has already been added; give this one another name: Add<{typeof(T).Name}>(\"name\").");
        return this;
    }

    /// <summary>Adds an activation created by <see cref="Activation.From"/>, under its name.</summary>
    /// <param name="activation">The activation, with the name that files use.</param>
    /// <returns>This object, so that calls can be chained.</returns>
    /// <exception cref="ModelException">The name is taken by another activation.</exception>
    public CustomObjects Add(Activation activation)
    {
        ArgumentNullException.ThrowIfNull(activation);
        if (Activation.ByName.ContainsKey(activation.Name) || !_activations.TryAdd(activation.Name, activation))
            throw new ModelException($"There is already an activation named '{activation.Name}'; give yours another: Activation.From(function, \"name\").");
        return this;
    }
}
