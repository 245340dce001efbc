using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace OnnxFunctional.Serialization;

/// <summary>What a class is to a model.</summary>
internal enum KerasKind
{
    None,
    Layer,
    Initializer,
    Regularizer,
    Constraint,
}

/// <summary>How a layer's call is written: where its tensors stand.</summary>
internal enum CallForm
{
    /// <summary>Each tensor is an argument of its own: <c>mha(query, value)</c>.</summary>
    Separate,

    /// <summary>One list holds them all: <c>add([a, b])</c>.</summary>
    List,

    /// <summary>The first is the sequence, the others are the keyword <c>initial_state</c>.</summary>
    Recurrent,
}

/// <summary>A key of Keras' configuration that our class has no property for.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">Its value as JSON: what is written.</param>
/// <param name="AnyValue">Whether another value changes nothing for us, such as how Keras runs the layer; otherwise it is refused.</param>
internal sealed record FixedKey(string Key, string Value, bool AnyValue)
{
    /// <summary>Whether today's Keras writes it; otherwise older files may hold it.</summary>
    public bool Written { get; init; } = true;
}

/// <summary>A value of the configuration: a property, and the constructor's parameter where it has one.</summary>
internal sealed record ConfigMember(string Key, PropertyInfo Property);

/// <summary>A class that files may name, and how its configuration is bound to it: by name, <c>use_bias</c> to <c>UseBias</c>.</summary>
internal sealed class KerasType
{
    private readonly Lazy<(ConfigMember[] Members, ConstructorInfo[] Constructors)> _shape;

    private KerasType(string name, string? module, [DynamicallyAccessedMembers(ConfigurationMembers.Kept)] Type type)
    {
        Name = name;
        Module = module;
        Type = type;
        Kind = KindOf(type);
        _shape = new(() => (MembersOf(type), ConstructorsOf(type)));
    }

    /// <summary>Keras' name of the class.</summary>
    public string Name { get; }

    /// <summary>Keras' module; <see langword="null"/> for a class of the user's.</summary>
    public string? Module { get; }

    public Type Type { get; }

    public KerasKind Kind { get; }

    /// <summary>Other names Keras knows it by.</summary>
    public IReadOnlyList<string> Aliases { get; private init; } = [];

    public IReadOnlyList<FixedKey> FixedKeys { get; private init; } = [];

    /// <summary>Keys that Keras leaves out where nothing was asked for: null, channels last.</summary>
    public IReadOnlyList<string> Omitted { get; private init; } = [];

    /// <summary>Keys of lists that Keras writes as a number where they hold one.</summary>
    public IReadOnlyList<string> Single { get; private init; } = [];

    public CallForm Form { get; private init; }

    /// <summary>Whether the call has the keyword <c>mask</c>.</summary>
    public bool TakesMask { get; private init; }

    /// <summary>Whether Keras notes the input's shape, <c>build_config</c>.</summary>
    public bool NotesShape { get; private init; }

    public IReadOnlyList<ConfigMember> Configuration => _shape.Value.Members;

    public static KerasType Of<[DynamicallyAccessedMembers(ConfigurationMembers.Kept)] T>(
        string name, string? module, CallForm form = CallForm.Separate, bool mask = false, bool notesShape = true, string[]? omitted = null, FixedKey[]? keys = null, string[]? aliases = null, string[]? single = null) =>
        new(name, module, typeof(T)) { Form = form, TakesMask = mask, NotesShape = notesShape, Omitted = omitted ?? [], FixedKeys = keys ?? [], Aliases = aliases ?? [], Single = single ?? [] };

    /// <summary>A class of the user's as it is met in a model; its form follows from what it derives from.</summary>
    public static KerasType Custom(LayerBase layer) => new(layer.GetType().Name, null, layer.GetType()) { Form = layer is MergeLayer ? CallForm.List : CallForm.Separate, NotesShape = true };

    public static KerasType Custom(Initializer initializer) => new(initializer.GetType().Name, null, initializer.GetType());

    public static KerasType Custom(Regularizer regularizer) => new(regularizer.GetType().Name, null, regularizer.GetType());

    public static KerasType Custom(Constraint constraint) => new(constraint.GetType().Name, null, constraint.GetType());

    /// <summary>The property behind a key; underscores and casing do not count, so that <c>beta_1</c> finds <c>Beta1</c>.</summary>
    public ConfigMember? Find(string key)
    {
        foreach (var member in Configuration)
        {
            if (Same(member.Key, key)) return member;
        }

        return null;
    }

    public FixedKey? FindFixed(string key) => FixedKeys.FirstOrDefault(entry => entry.Key == key);

    /// <summary>Parameters that no property of the same name shows, so that a file could not hold them; of the constructor that has fewest of those.</summary>
    public IReadOnlyList<string> HiddenParameters() =>
        _shape.Value.Constructors
            .Select(constructor => constructor.GetParameters().Select(parameter => parameter.Name!).Where(name => name != "name" && Find(name) is null).ToArray())
            .MinBy(names => names.Length) ?? [];

    /// <summary>Makes an object: constructor parameters first, then what is left through its properties.</summary>
    /// <param name="values">Values by the members' keys.</param>
    /// <param name="name">A layer's name.</param>
    /// <exception cref="ModelException">A parameter without default is missing, or the class refuses a value.</exception>
    public object Create(IReadOnlyDictionary<string, object?> values, string? name)
    {
        var missing = new List<string>();
        foreach (var constructor in _shape.Value.Constructors)
        {
            var parameters = constructor.GetParameters();
            var arguments = new object?[parameters.Length];
            var used = new HashSet<string>();
            missing.Clear();
            for (var i = 0; i < parameters.Length; i++)
            {
                var parameter = parameters[i];
                if (parameter.Name == "name" && parameter.ParameterType == typeof(string))
                {
                    arguments[i] = name;
                }
                else if (Find(parameter.Name!) is { } member && values.TryGetValue(member.Key, out var value) && (value is not null || TakesNull(parameter)))
                {
                    arguments[i] = value;
                    used.Add(member.Key);
                }
                else if (parameter.HasDefaultValue)
                {
                    // A default of a struct arrives as null here, which Invoke turns into that default again.
                    arguments[i] = parameter.DefaultValue;
                }
                else
                {
                    missing.Add(Naming.SnakeCase(parameter.Name!));
                }
            }

            if (missing.Count > 0) continue;
            var made = constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, arguments, null);
            foreach (var member in Configuration)
            {
                if (used.Contains(member.Key) || !values.TryGetValue(member.Key, out var value)) continue;
                if (member.Property.SetMethod is not { } setter)
                {
                    if (!Equals(member.Property.GetValue(made), value)) throw new ModelException($"{member.Key} cannot be set on {Type.Name}; give its property {member.Property.Name} an init accessor.");
                    continue;
                }

                if (value is not null || !member.Property.PropertyType.IsValueType || Nullable.GetUnderlyingType(member.Property.PropertyType) is not null)
                    setter.Invoke(made, BindingFlags.DoNotWrapExceptions, null, [value], null);
            }

            return made;
        }

        throw new ModelException(missing.Count == 0 ? $"{Type.Name} has no public constructor." : $"its configuration lacks {string.Join(", ", missing)}; expected a value for each.");
    }

    private static bool TakesNull(ParameterInfo parameter) =>
        Nullable.GetUnderlyingType(parameter.ParameterType) is not null || (!parameter.ParameterType.IsValueType && parameter.HasDefaultValue);

    private static bool Same(string left, string right)
    {
        var (i, j) = (0, 0);
        while (true)
        {
            while (i < left.Length && left[i] == '_') i++;
            while (j < right.Length && right[j] == '_') j++;
            if (i == left.Length || j == right.Length) return i == left.Length && j == right.Length;
            if (char.ToUpperInvariant(left[i++]) != char.ToUpperInvariant(right[j++])) return false;
        }
    }

    private static KerasKind KindOf(Type type) =>
        typeof(LayerBase).IsAssignableFrom(type) ? KerasKind.Layer
        : typeof(Initializer).IsAssignableFrom(type) ? KerasKind.Initializer
        : typeof(Regularizer).IsAssignableFrom(type) ? KerasKind.Regularizer
        : typeof(Constraint).IsAssignableFrom(type) ? KerasKind.Constraint
        : KerasKind.None;

    private static ConfigMember[] MembersOf([DynamicallyAccessedMembers(ConfigurationMembers.Kept)] Type type)
    {
        var parameters = ConstructorsOf(type).SelectMany(constructor => constructor.GetParameters()).Select(parameter => parameter.Name!).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var members = new List<ConfigMember>();
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            // Name, Trainable, Weights and the like belong to every layer and are written apart.
            var declarer = property.DeclaringType;
            if (declarer == typeof(LayerBase) || declarer == typeof(Layer) || declarer == typeof(MergeLayer) || property.GetMethod is not { IsPublic: true } || property.GetIndexParameters().Length > 0) continue;
            if (property.GetMethod.GetBaseDefinition().DeclaringType == typeof(LayerBase)) continue;
            if (property.SetMethod is { IsPublic: true } || parameters.Contains(property.Name)) members.Add(new(Naming.SnakeCase(property.Name), property));
        }

        return [.. members];
    }

    private static ConstructorInfo[] ConstructorsOf([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] Type type) =>
        [.. type.GetConstructors()
            .Where(constructor => constructor.GetParameters().All(parameter => !parameter.ParameterType.IsByRefLike && !parameter.ParameterType.IsByRef))
            .OrderByDescending(constructor => constructor.GetParameters().Length)];
}
