using System.Diagnostics.CodeAnalysis;

namespace OnnxFunctional;

/// <summary>Classes and functions of one's own that a file may name: reading makes nothing that is neither built in nor listed here.</summary>
/// <example><code>var model = Model.FromJson(json, new CustomObjects().Add&lt;ScaledDense&gt;().Add(Activation.From(x => x * x, "squared")));</code></example>
public sealed class CustomObjects
{
    private readonly Dictionary<string, Serialization.KerasType> _types = [];
    private readonly Dictionary<string, Activation> _activations = [];

    internal IReadOnlyDictionary<string, Serialization.KerasType> Types => _types;

    internal IReadOnlyDictionary<string, Activation> Activations => _activations;

    /// <summary>Adds a class: a layer, initializer, regularizer or constraint. Its public properties are its configuration: UseBias is use_bias in the file.</summary>
    /// <typeparam name="T">The class; each parameter of its constructor has a public property of the same name.</typeparam>
    /// <param name="name">What the file calls it; the name of the class if none is given.</param>
    /// <returns>This, so that calls can be chained.</returns>
    /// <exception cref="ModelException">The class is none of these kinds, or the name is taken.</exception>
    public CustomObjects Add<[DynamicallyAccessedMembers(ConfigurationMembers.Kept)] T>(string? name = null)
        where T : class
    {
        var type = Serialization.KerasType.Of<T>(name ?? typeof(T).Name, null);
        if (type.Kind == Serialization.KerasKind.None) throw new ModelException($"{typeof(T).Name} is no layer, initializer, regularizer or constraint; only those stand in a model's file.");
        if (!_types.TryAdd(type.Name, type)) throw new ModelException($"A class named '{type.Name}' was added before; give this one another name: Add<{typeof(T).Name}>(\"name\").");
        return this;
    }

    /// <summary>Adds an activation that was made with <see cref="Activation.From"/>, by its name.</summary>
    /// <returns>This, so that calls can be chained.</returns>
    /// <exception cref="ModelException">The name is taken by another activation.</exception>
    public CustomObjects Add(Activation activation)
    {
        ArgumentNullException.ThrowIfNull(activation);
        if (Activation.ByName.ContainsKey(activation.Name) || !_activations.TryAdd(activation.Name, activation))
            throw new ModelException($"There is already an activation named '{activation.Name}'; give yours another: Activation.From(function, \"name\").");
        return this;
    }
}
