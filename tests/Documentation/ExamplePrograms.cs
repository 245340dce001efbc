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
    private static readonly string s_implicitUsings = string.Concat(
        new[] { "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Threading", "System.Threading.Tasks" }
            .Select(name => $"global using {name};"));

    /// <summary>The program at a path of the repository, without the lines for the command line.</summary>
    public static string Source(string path) =>
        string.Join('\n', File.ReadLines(Repository.PathOf(path)).Where(line => !line.StartsWith("#:", StringComparison.Ordinal)));

    /// <summary>Compiles a program, runs it in a new folder, and returns its output.</summary>
    public static string Run(string name, string source, string[] args)
    {
        var assembly = Compile(name, source);
        var folder = Directory.CreateTempSubdirectory("onnxfunctional-program-");
        var (output, previous) = (Console.Out, Environment.CurrentDirectory);
        using var written = new StringWriter();
        var context = new AssemblyLoadContext(name, isCollectible: true);
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
            Environment.CurrentDirectory = previous;
            context.Unload();
            folder.Delete(recursive: true);
        }

        return written.ToString();
    }

    private static MemoryStream Compile(string name, string source)
    {
        var trusted = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var options = new CSharpParseOptions(LanguageVersion.Preview);
        var compilation = CSharpCompilation.Create(
            "program",
            [CSharpSyntaxTree.ParseText(s_implicitUsings, options), CSharpSyntaxTree.ParseText(source, options)],
            trusted.Select(path => MetadataReference.CreateFromFile(path)),
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
}
