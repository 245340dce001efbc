using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace OnnxFunctional.Serialization;

/// <summary>The role of a class in a model.</summary>
internal enum KerasKind
{
    None,
    Layer,
    Initializer,
    Regularizer,
    Constraint,
}

/// <summary>How a layer's call is written: where its tensors appear among the arguments.</summary>
internal enum CallForm
{
    /// <summary>Each tensor is a separate argument: <c>mha(query, value)</c>.</summary>
    Separate,

    /// <summary>One list holds them all: <c>add([a, b])</c>.</summary>
    List,

    /// <summary>The first tensor is the sequence; the others form the keyword argument <c>initial_state</c>.</summary>
    Recurrent,
}

/// <summary>A key of Keras' configuration for which our class has no property.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value that is written, as JSON.</param>
/// <param name="AnyValue">Whether other values are accepted because they do not affect the results, such as how Keras runs the layer.</param>
internal sealed record FixedKey(string Key, string Value, bool AnyValue)
{
    /// <summary>Whether current Keras versions write the key; if not, older files may hold it.</summary>
    public bool Written { get; init; } = true;
}

/// <summary>An entry of the configuration: its key and the property that holds its value.</summary>
internal sealed record ConfigMember(string Key, PropertyInfo Property);

/// <summary>A class that files may name. Its configuration is bound by name: <c>use_bias</c> to <c>UseBias</c>.</summary>
internal sealed class KerasType
{
    /// <summary>The options of an adapter, which are written only where there is one.</summary>
    public static IReadOnlyList<string> LoraKeys { get; } = ["lora_rank", "lora_alpha"];

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

    /// <summary>Keras' module; <see langword="null"/> for a custom class.</summary>
    public string? Module { get; }

    /// <summary>Whether it is a layer that Keras' applications define for themselves, which files name like a user's.</summary>
    public bool IsOfApplications => Module?.StartsWith("keras.src.applications.", StringComparison.Ordinal) == true;

    public Type Type { get; }

    public KerasKind Kind { get; }

    /// <summary>Other names that Keras accepts for the class.</summary>
    public IReadOnlyList<string> Aliases { get; private init; } = [];

    public IReadOnlyList<FixedKey> FixedKeys { get; private init; } = [];

    /// <summary>Keys that Keras omits when they have their default: null, channels last.</summary>
    public IReadOnlyList<string> Omitted { get; private init; } = [];

    /// <summary>Keys of lists that Keras writes as a number if they hold just one.</summary>
    public IReadOnlyList<string> Single { get; private init; } = [];

    public CallForm Form { get; private init; }

    /// <summary>Whether the call has the keyword argument <c>mask</c>.</summary>
    public bool TakesMask { get; private init; }

    /// <summary>Whether Keras records the input's shape in <c>build_config</c>.</summary>
    public bool NotesShape { get; private init; }

    public IReadOnlyList<ConfigMember> Configuration => _shape.Value.Members;

    public static KerasType Of<[DynamicallyAccessedMembers(ConfigurationMembers.Kept)] T>(
        string name,
        string? module,
        CallForm form = CallForm.Separate,
        bool mask = false,
        bool notesShape = true,
        string[]? omitted = null,
        FixedKey[]? keys = null,
        string[]? aliases = null,
        string[]? single = null) =>
        new(name, module, typeof(T))
        {
            Form = form,
            TakesMask = mask,
            NotesShape = notesShape,
            Omitted = omitted ?? [],
            FixedKeys = keys ?? [],
            Aliases = aliases ?? [],
            Single = single ?? [],
        };

    /// <summary>The type of a custom layer found in a model; its call form follows from its base class.</summary>
    public static KerasType Custom(LayerBase layer) =>
        new(layer.GetType().Name, null, layer.GetType()) { Form = layer is MergeLayer ? CallForm.List : CallForm.Separate, NotesShape = true };

    public static KerasType Custom(Initializer initializer) => new(initializer.GetType().Name, null, initializer.GetType());

    public static KerasType Custom(Regularizer regularizer) => new(regularizer.GetType().Name, null, regularizer.GetType());

    public static KerasType Custom(Constraint constraint) => new(constraint.GetType().Name, null, constraint.GetType());

    /// <summary>Finds the property for a key. Underscores and casing are ignored, so that <c>beta_1</c> finds <c>Beta1</c>.</summary>
    public ConfigMember? Find(string key)
    {
        foreach (var member in Configuration)
        {
            if (IsSameKey(member.Key, key)) return member;
        }

        return null;
    }

    public FixedKey? FindFixed(string key) => FixedKeys.FirstOrDefault(entry => entry.Key == key);

    /// <summary>
    /// Constructor parameters without a property of the same name, which a file therefore cannot hold; of the constructor that has the fewest of them.
    /// </summary>
    public IReadOnlyList<string> HiddenParameters() =>
        _shape.Value.Constructors
            .Select(constructor => constructor.GetParameters()
                .Select(parameter => parameter.Name!)
                .Where(name => name != "name" && Find(name) is null)
                .ToArray())
            .MinBy(names => names.Length) ?? [];

    /// <summary>Creates an object: values go to the constructor's parameters first, the remaining ones to properties.</summary>
    /// <param name="values">The values by configuration key.</param>
    /// <param name="name">The name, if the object is a layer.</param>
    /// <exception cref="ModelException">A parameter without a default is missing, or the class rejects a value.</exception>
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
                    // What is no layer holds its name among its values.
                    arguments[i] = name ?? (Find("name") is { } own && values.TryGetValue(own.Key, out var named) ? named : null);
                    used.Add("name");
                }
                else if (Find(parameter.Name!) is { } member && values.TryGetValue(member.Key, out var value) && (value is not null || TakesNull(parameter)))
                {
                    arguments[i] = value;
                    used.Add(member.Key);
                }
                else if (parameter.HasDefaultValue)
                {
                    arguments[i] = DefaultOf(parameter);
                }
                else
                {
                    missing.Add(Naming.SnakeCase(parameter.Name!));
                }
            }

            if (missing.Count > 0) continue;
            var created = constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, arguments, null);
            foreach (var member in Configuration)
            {
                if (used.Contains(member.Key) || !values.TryGetValue(member.Key, out var value)) continue;
                if (member.Property.SetMethod is not { } setter)
                {
                    if (!Equals(member.Property.GetValue(created), value))
                        throw new ModelException($"{member.Key} cannot be set on {Type.Name}; give its property {member.Property.Name} an init accessor.");
                    continue;
                }

                if (value is not null || !member.Property.PropertyType.IsValueType || Nullable.GetUnderlyingType(member.Property.PropertyType) is not null)
                    setter.Invoke(created, BindingFlags.DoNotWrapExceptions, null, [value], null);
            }

            return created;
        }

        throw new ModelException(missing.Count == 0
            ? $"{Type.Name} has no public constructor."
            : $"its configuration lacks {string.Join(", ", missing)}; expected a value for each.");
    }

    /// <summary>
    /// The default of a parameter as Invoke takes it: null for a structure, which Invoke turns into its default; for a nullable enumeration reflection gives
    /// a number, which Invoke refuses.
    /// </summary>
    private static object? DefaultOf(ParameterInfo parameter) =>
        parameter.DefaultValue is { } number && Nullable.GetUnderlyingType(parameter.ParameterType) is { IsEnum: true } choices
            ? Enum.ToObject(choices, number)
            : parameter.DefaultValue;

    private static bool TakesNull(ParameterInfo parameter) =>
        Nullable.GetUnderlyingType(parameter.ParameterType) is not null || (!parameter.ParameterType.IsValueType && parameter.HasDefaultValue);

    private static bool IsSameKey(string left, string right)
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
        var parameters = ConstructorsOf(type)
            .SelectMany(constructor => constructor.GetParameters())
            .Select(parameter => parameter.Name!)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        var members = new List<ConfigMember>();
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            // Every layer has Name, Trainable, Weights and the like; they are written separately.
            var declarer = property.DeclaringType;
            if (declarer == typeof(LayerBase) || declarer == typeof(Layer) || declarer == typeof(MergeLayer) || declarer == typeof(MultiOutputLayer)) continue;
            if (property.GetMethod is not { IsPublic: true } getter || property.GetIndexParameters().Length > 0) continue;
            if (getter.GetBaseDefinition().DeclaringType == typeof(LayerBase)) continue;
            if (property.SetMethod is { IsPublic: true } || parameters.Contains(property.Name)) members.Add(new(Naming.SnakeCase(property.Name), property));
        }

        return [.. members];
    }

    private static ConstructorInfo[] ConstructorsOf([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] Type type) =>
        [.. type.GetConstructors()
            .Where(constructor => constructor.GetParameters().All(parameter => !parameter.ParameterType.IsByRefLike && !parameter.ParameterType.IsByRef))
            .OrderByDescending(constructor => constructor.GetParameters().Length)];
}
