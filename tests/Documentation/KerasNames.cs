using System.Reflection;
using System.Text;
using OnnxFunctional.Export;
using OnnxFunctional.Serialization;
using OnnxFunctional.Tests.Parity;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Documentation;

/// <summary>Whether a public name of Keras is here.</summary>
internal enum KerasNameState
{
    /// <summary>It is, by its name or another one.</summary>
    Works,

    /// <summary>What it is for is done in another way.</summary>
    Differs,

    /// <summary>It is not.</summary>
    Refused,
}

/// <summary>A public name of Keras, and what it is here.</summary>
/// <param name="Module">Its module without <c>keras.</c>: <c>layers</c>.</param>
/// <param name="Name">The name.</param>
/// <param name="State">Whether it is here.</param>
/// <param name="Text">What it is here; how it differs; or why it is refused.</param>
internal sealed record KerasName(string Module, string Name, KerasNameState State, string Text);

/// <summary>Makes docs/keras-names.md of <c>tests/Reference/keras-names.txt</c>, of the classes and functions that exist, and of keras-signatures.md.</summary>
internal static class KerasNames
{
    /// <summary>The modules of functions on tensors, whose entries in the file are expressions.</summary>
    private static readonly string[] s_functions = ["ops", "ops.image"];

    private static readonly Assembly[] s_assemblies =
        [typeof(Model).Assembly, typeof(Trainer).Assembly, typeof(OnnxModel).Assembly, typeof(OnnxFunctional.Visualization.ModelPlot).Assembly];

    /// <summary>All names, in the order of the file.</summary>
    public static IReadOnlyList<KerasName> All { get; } = [.. Read(Repository.Read("tests/Reference/keras-names.txt").Split('\n'))];

    /// <summary>Whether what a module's names are here is written as an expression.</summary>
    public static bool IsExpression(string module) => s_functions.Contains(module);

    /// <summary>The page.</summary>
    public static string Page()
    {
        var text = new StringBuilder("""
            # Keras' public names

            Every public name of Keras 3.16: those that work are followed by what they are here, those that differ by how it is done here, and those that are
            refused by the reason. Classes have the names of their constructors; functions of `Ops` are written as they are called. `get`, `serialize` and
            `deserialize`, which every module of Keras has, are left out: options are objects, and `Model.ToJson` and `Model.FromJson` write and read them.
            Where constructors differ: [keras-signatures](keras-signatures.md). A test makes this page of the names of Keras and of the library.


            """);
        text.Append($"{All.Count} names: {Count(KerasNameState.Works)} work, {Count(KerasNameState.Differs)} differ, ");
        text.Append($"{Count(KerasNameState.Refused)} are refused.\n");
        foreach (var module in All.GroupBy(name => name.Module))
        {
            text.Append($"\n## {module.Key}\n\n| Keras | | here |\n|---|---|---|\n");
            foreach (var name in module) text.Append($"| {name.Name} | {Words(name.State)} | {name.Text} |\n");
        }

        return text.ToString();

        static int Count(KerasNameState state) => All.Count(name => name.State == state);

        static string Words(KerasNameState state) => state.ToString().ToLowerInvariant();
    }

    /// <summary>Whether a name is of the public API, <c>Trainer.Fit</c>; protected members and extensions count.</summary>
    public static bool Exists(string name)
    {
        const BindingFlags Any = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.FlattenHierarchy;
        var parts = name.Split('.');
        var exported = s_assemblies.SelectMany(assembly => assembly.GetExportedTypes()).ToList();
        var types = exported.Where(type => type.Name.Split('`')[0] == parts[0]).ToList();
        if (types.Count == 0 || parts.Length == 1) return types.Count > 0;
        return types.Any(type => type.GetMember(parts[1], Any).Any(IsSeen))
            || exported.Where(type => type.IsAbstract && type.IsSealed).Any(type => type.GetMember(parts[1], Any).OfType<MethodInfo>().Any(Extends));

        // Static extensions do not say what they extend, but their classes are named after it: ModelFile, TrainerFile.
        bool Extends(MethodInfo method) =>
            method.IsPublic && (types.Contains(method.GetParameters().FirstOrDefault()?.ParameterType!)
                || method.DeclaringType!.Name.StartsWith(parts[0], StringComparison.Ordinal));

        static bool IsSeen(MemberInfo member) => member switch
        {
            MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
            PropertyInfo property => property.GetMethod is { } get && IsSeen(get),
            FieldInfo field => field.IsPublic,
            _ => false,
        };
    }

    private static IEnumerable<KerasName> Read(IEnumerable<string> lines)
    {
        var module = "";
        foreach (var line in lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (line[0] == '[') module = line[1..^1];
            else if (line.Split(' ', 3) is [var name, "=", var what]) yield return Works(name, what);
            else if (line.Split(' ', 3) is [var other, "~", var how]) yield return new(module, other, KerasNameState.Differs, how);
            else if (line.Split(' ', 3) is [var gone, "!", var why]) yield return new(module, gone, KerasNameState.Refused, why);
            else yield return ByName(module, line);
        }

        KerasName Works(string name, string what) => new(module, name, KerasNameState.Works, IsExpression(module) ? $"`{what}`" : what);
    }

    private static KerasName ByName(string module, string name)
    {
        var section = module == "optimizers.schedules" ? "schedules" : module;
        var owner = module switch
        {
            "activations" => typeof(Activation),
            "losses" => typeof(Loss),
            "metrics" => typeof(Metric),
            _ when IsExpression(module) => typeof(Ops),
            _ => null,
        };

        // Keras writes classes with capitals and functions without; a function of a class is a static member here.
        var classes = KerasClasses.All.GetValueOrDefault(section) ?? new Dictionary<string, Type>();
        var member = owner?.GetMembers(BindingFlags.Static | BindingFlags.Public).FirstOrDefault(member => IsSame(member.Name));
        if (classes.GetValueOrDefault(name) is { } exact) return Works(exact.Name);
        if (member is not null) return Works($"{owner!.Name}.{member.Name}");
        if (classes.FirstOrDefault(entry => IsSame(entry.Key)).Value is { } alike) return Works(alike.Name);
        if (module == "initializers" && KerasRegistry.Initializers.TryGetValue(name, out var alias)) return Works(alias.Type.Name);
        var listed = SignatureDifference.All.FirstOrDefault(row => row.IsOf(section, name) && row.Kind == SignatureDifference.NoClass);
        Assert.IsNotNull(listed, $"tests/Reference/keras-names.txt does not say what {module}.{name} is here, and no class or function has its name");
        return new(module, name, KerasNameState.Refused, listed.Why);

        KerasName Works(string here) => new(module, name, KerasNameState.Works, $"`{here}`");

        bool IsSame(string other) => string.Equals(other, name.Replace("_", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
    }
}
