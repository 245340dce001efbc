using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace OnnxFunctional.Tests.Documentation;

/// <summary>Every program of README.md and examples/ is compiled as it stands and run in an empty folder.</summary>
[TestClass]
[DoNotParallelize]
public sealed class ProgramTests
{
    private const string ImplicitUsings =
        "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Threading; global using System.Threading.Tasks;";

    private static string Root { get; } = RepositoryRoot();

    public static IEnumerable<object[]> Programs()
    {
        foreach (var path in Directory.GetFiles(Path.Combine(Root, "examples"), "*.cs").Order(StringComparer.Ordinal))
            yield return [Path.GetFileName(path), string.Join('\n', File.ReadLines(path).Where(line => !line.StartsWith("#:", StringComparison.Ordinal)))];
        var readme = File.ReadAllText(Path.Combine(Root, "README.md")).Split("```");
        for (var i = 1; i < readme.Length; i += 2)
        {
            if (readme[i].StartsWith("csharp\n", StringComparison.Ordinal)) yield return [$"README block {(i + 1) / 2}", readme[i]["csharp\n".Length..]];
        }
    }

    [TestMethod]
    [DynamicData(nameof(Programs))]
    public void Program_CompilesAndRuns(string name, string source)
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
            entry.Invoke(null, entry.GetParameters().Length == 0 ? [] : [Array.Empty<string>()]);
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

        Assert.IsNotEmpty(written.ToString());
    }

    private static MemoryStream Compile(string name, string source)
    {
        var trusted = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var options = new CSharpParseOptions(LanguageVersion.Preview);
        var compilation = CSharpCompilation.Create(
            "program",
            [CSharpSyntaxTree.ParseText(ImplicitUsings, options), CSharpSyntaxTree.ParseText(source, options)],
            trusted.Select(path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        var image = new MemoryStream();
        var result = compilation.Emit(image);
        var problems = result.Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning).ToList();
        Assert.IsEmpty(problems, $"{name} does not compile: {string.Join('\n', problems)}");
        image.Position = 0;
        return image;
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "OnnxFunctional.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests run from within the repository.");
    }
}
