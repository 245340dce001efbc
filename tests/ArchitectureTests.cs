using System.Buffers;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using OnnxFunctional.Export;
using OnnxFunctional.MLNet;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests;

/// <summary>What ARCHITECTURE.md says under "Never", checked.</summary>
[TestClass]
public sealed class ArchitectureTests
{
    private static readonly Assembly s_builder = typeof(Model).Assembly;
    private static readonly Assembly s_training = typeof(Trainer).Assembly;
    private static readonly Assembly s_export = typeof(OnnxModel).Assembly;
    private static readonly Assembly s_mlnet = typeof(DataViewColumns).Assembly;

    private static readonly Type[] s_immutable = [typeof(string), typeof(Type), typeof(TimeSpan), typeof(DateTimeOffset), typeof(Regex)];
    private static readonly Type[] s_open = [typeof(IReadOnlyList<>), typeof(IReadOnlyDictionary<,>), typeof(Nullable<>), typeof(SearchValues<>)];

    // What belongs to the process and not to a model: its memory, its threads, the temporary files it deletes when it ends, ONNX Runtime's environment,
    // the order in which locks are taken, the table of operators that is read when it is first asked for, the warnings it has given, its MPI.
    private static readonly HashSet<string> s_ofTheProcess =
    [
        "EngineMemory.Plans", "WorkerPool.s_shared", "FileReplacement.s_unfinished", "OrtTelemetry.s_applied", "WeightGate.s_made", "OperatorSchemas.s_rows",
        "Warnings.s_given", "Warnings.s_silenced", "Warnings.Raised", "MpiSession.s_open",
    ];

    [TestMethod]
    public void Assemblies_refer_in_one_direction()
    {
        string[] foreign = ["Google.Protobuf", "Microsoft.ML.OnnxRuntime", "PureHDF"];
        RefersToNone(s_builder, ["OnnxFunctional", .. foreign]);
        RefersToNone(s_training, ["OnnxFunctional.Export", .. foreign]);
        RefersToNone(s_mlnet, ["OnnxFunctional.Export", .. foreign]);

        static void RefersToNone(Assembly assembly, string[] names)
        {
            var wrong = assembly.GetReferencedAssemblies()
                .Select(name => name.Name!)
                .Where(name => names.Any(start => name.StartsWith(start, StringComparison.Ordinal)))
                .Where(name => assembly == s_builder || name is not ("OnnxFunctional.Builder" or "OnnxFunctional.Training"));
            AssertNone(wrong, assembly.GetName().Name + " refers to");
        }
    }

    [TestMethod]
    public void ONNX_Runtime_and_protobuf_are_named_in_Export_only()
    {
        var wrong = Sources("src").Where(file => !file.Path.StartsWith("src/Export/", StringComparison.Ordinal))
            .Where(file => Lines(file.Text).Any(line => Regex.IsMatch(line, @"Microsoft\.ML\.OnnxRuntime|Google\.Protobuf|PureHDF")));
        AssertNone(wrong.Select(file => file.Path), "found");
    }

    [TestMethod]
    public void Unsafe_code_is_in_Simd_only()
    {
        var wrong = Sources("src")
            .Where(file => !file.Path.StartsWith("src/Training/Simd/", StringComparison.Ordinal))
            .Where(file => Lines(file.Text).Any(line => Regex.IsMatch(line, @"\bunsafe\b")));
        AssertNone(wrong.Select(file => file.Path), "found");
    }

    [TestMethod]
    public void Plans_take_their_options_from_a_model()
    {
        var wrong = Sources("src").Where(file => Lines(file.Text).Any(line => line.Contains("PlanOptions.WithoutModel", StringComparison.Ordinal)));
        AssertNone(wrong.Select(file => file.Path), "found");
    }

    [TestMethod]
    public void Static_fields_never_change()
    {
        var wrong = new[] { s_builder, s_training, s_export, s_mlnet }.SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.Namespace != "OnnxFunctional.Export.Proto" && !IsGenerated(type))
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(field => !MakesIdentities(field))
            .Where(field => !field.IsLiteral && (!field.IsInitOnly || !IsImmutable(field.FieldType)) && !Regex.IsMatch(field.Name, @"^<>"))
            .Where(field => !s_ofTheProcess.Contains($"{field.DeclaringType!.Name}.{field.Name}"))
            .Select(field => $"{field.DeclaringType!.Name}.{field.Name} ({field.FieldType.Name}{(field.IsInitOnly ? "" : ", not readonly")})");
        AssertNone(wrong, "found");
    }

    [TestMethod]
    public void Long_files_say_why_at_their_top()
    {
        var wrong = Sources("src", "tests", "tools")
            .Where(file => file.Text.AsSpan().Count('\n') > 400 && !file.Text.StartsWith("//", StringComparison.Ordinal));
        AssertNone(wrong.Select(file => file.Path), "files of more than 400 lines that do not begin with a comment that says why");
    }

    [TestMethod]
    public void Nothing_is_left_for_later()
    {
        var wrong = Sources("src", "tools")
            .Where(file => Regex.IsMatch(file.Text, @"\b(TODO|FIXME|HACK)\b|NotImplementedException|catch\s*(\([^)]*\))?\s*\{\s*\}"));
        AssertNone(wrong.Select(file => file.Path), "found");
    }

    private static void AssertNone(IEnumerable<string> wrong, string what)
    {
        var list = wrong.ToList();
        if (list.Count > 0) Assert.Fail($"{what}: {string.Join(", ", list)}");
    }

    /// <summary>A counter whose numbers are only compared for equality, as new objects are: nothing depends on what ran before.</summary>
    private static bool MakesIdentities(FieldInfo field) => field.DeclaringType == typeof(Shape) && field.Name == "s_lastSymbol";

    private static bool IsGenerated(Type type) => type.IsDefined(typeof(CompilerGeneratedAttribute))
        || type.Name.Contains('<', StringComparison.Ordinal)
        || (type.DeclaringType is { } outer && IsGenerated(outer));

    /// <summary>Whether a static field may hold this type: nothing reachable from it can change.</summary>
    private static bool IsImmutable(Type type)
    {
        if (type.IsPrimitive || type.IsEnum || s_immutable.Contains(type) || type.IsSubclassOf(typeof(Delegate))) return true;
        if (type.Namespace == typeof(FrozenDictionary).Namespace
            || type.Namespace == typeof(ImmutableArray).Namespace
            || type.Namespace?.StartsWith("System.Text", StringComparison.Ordinal) == true)
            return true;

        // A generated serializer fills its caches on first use and never exposes them.
        if (type.IsSubclassOf(typeof(System.Text.Json.Serialization.JsonSerializerContext))) return true;
        if (type.IsArray) return IsImmutable(type.GetElementType()!);
        if (type.IsGenericType
            && type.GetGenericTypeDefinition() is { } open
            && (s_open.Contains(open) || open.Name.StartsWith("ValueTuple", StringComparison.Ordinal)))
            return true;
        return type.Assembly.GetName().Name!.StartsWith("OnnxFunctional", StringComparison.Ordinal)
            && type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).All(field => field.IsInitOnly || IsInitialized(field));
    }

    /// <summary>Whether only init accessors write the field.</summary>
    private static bool IsInitialized(FieldInfo field)
    {
        var name = Regex.Replace(field.Name, "^_|^<|>k__BackingField$", "");
        var property = field.DeclaringType!.GetProperty(
            char.ToUpperInvariant(name[0]) + name[1..],
            BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        return property?.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;
    }

    private static IEnumerable<string> Lines(string text) => text.Split('\n').Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal));

    private static IEnumerable<(string Path, string Text)> Sources(params string[] folders) =>
        Repository.Files("*.cs", folders).Select(path => (path, Repository.Read(path)));
}
