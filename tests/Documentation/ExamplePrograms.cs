using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace OnnxFunctional.Tests.Documentation;

/// <summary>
/// Compiles and runs single-file programs in this process, as `dotnet run` would. One at a time, because console and current folder belong to the process.
/// </summary>
internal static class ExamplePrograms
{
    private static readonly string[] s_implicitUsings =
        ["System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Threading", "System.Threading.Tasks"];

    private static readonly string[] s_webUsings =
        ["System.Net.Http", "System.Net.Http.Json", "Microsoft.AspNetCore.Builder", "Microsoft.AspNetCore.Http", "Microsoft.Extensions.DependencyInjection"];

    /// <summary>The handlers of warnings: a program may add one, which must not hear those of later tests.</summary>
    private static readonly FieldInfo s_handlers = typeof(Warnings).GetField(nameof(Warnings.Raised), BindingFlags.Static | BindingFlags.NonPublic)!;

    /// <summary>Read once: hundreds of files, each program refers to all of them.</summary>
    private static readonly Lazy<IReadOnlyList<MetadataReference>> s_references = new(() =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))]);

    /// <summary>What a program refers to: all that this process may load.</summary>
    public static IReadOnlyList<MetadataReference> References => s_references.Value;

    /// <summary>Where ASP.NET lies beside the runtime of this process; null where it is not installed.</summary>
    public static string? WebFolder { get; } = FindWebFolder();

    /// <summary>The program at a path of the repository, without the lines for the command line.</summary>
    public static string Source(string path) =>
        string.Join('\n', File.ReadLines(Repository.PathOf(path)).Where(line => !line.StartsWith("#:", StringComparison.Ordinal)));

    /// <summary>Compiles a program, runs it in a new folder, and returns its output.</summary>
    /// <param name="name">How messages call the program.</param>
    /// <param name="source">The program.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="isWeb">Whether it is a program of ASP.NET, which must be in <see cref="WebFolder"/>.</param>
    public static string Run(string name, string source, string[] args, bool isWeb = false)
    {
        var assembly = Compile(name, source, isWeb);
        var folder = Directory.CreateTempSubdirectory("onnxfunctional-program-");
        var (output, previous, handlers) = (Console.Out, Environment.CurrentDirectory, s_handlers.GetValue(null));
        using var written = new StringWriter();
        var context = new AssemblyLoadContext(name, isCollectible: true);
        if (isWeb) context.Resolving += (context, wanted) => InWebFolder(wanted) is { } path ? context.LoadFromAssemblyPath(path) : null;
        try
        {
            Environment.CurrentDirectory = folder.FullName;
            Console.SetOut(written);
            var entry = context.LoadFromStream(assembly).EntryPoint!;
            entry.Invoke(null, entry.GetParameters().Length == 0 ? [] : [args]);
        }
        catch (TargetInvocationException error)
        {
            Assert.Fail($"{name} ended with {error.InnerException}\n{written}");
        }
        finally
        {
            Console.SetOut(output);
            s_handlers.SetValue(null, handlers);
            Environment.CurrentDirectory = previous;
            context.Unload();
            folder.Delete(recursive: true);
        }

        return written.ToString();
    }

    private static MemoryStream Compile(string name, string source, bool isWeb)
    {
        var options = new CSharpParseOptions(LanguageVersion.Preview);
        var usings = string.Concat((isWeb ? s_implicitUsings.Concat(s_webUsings) : s_implicitUsings).Select(name => $"global using {name};"));
        var web = isWeb ? Directory.GetFiles(WebFolder!, "*.dll") : [];
        var compilation = CSharpCompilation.Create(
            "program",
            [CSharpSyntaxTree.ParseText(usings, options), CSharpSyntaxTree.ParseText(source, options)],
            References.Concat(web.Select(path => MetadataReference.CreateFromFile(path))),
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        var image = new MemoryStream();
        var result = compilation.Emit(image);

        // The analyzers that `dotnet run` adds take an unused using for an error; to the compiler it is a hidden remark, CS8019.
        var problems = result.Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning || diagnostic.Id == "CS8019")
            .Where(diagnostic => diagnostic.Location.SourceTree?.GetRoot().ToString().Contains("global using", StringComparison.Ordinal) != true)
            .ToList();
        Assert.IsEmpty(problems, $"{name} does not compile: {string.Join('\n', problems)}");
        image.Position = 0;
        return image;
    }

    private static string? InWebFolder(AssemblyName name) =>
        Path.Combine(WebFolder!, name.Name + ".dll") is var path && File.Exists(path) ? path : null;

    private static string? FindWebFolder()
    {
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var folder = Path.GetFullPath(Path.Combine(runtime, "..", "..", "Microsoft.AspNetCore.App", Path.GetFileName(runtime)));
        return Directory.Exists(folder) ? folder : null;
    }
}
