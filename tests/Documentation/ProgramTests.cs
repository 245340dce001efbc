using System.Globalization;
using System.Reflection;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
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
            yield return [Path.GetFileName(path), Source(path)];
        var readme = File.ReadAllText(Path.Combine(Root, "README.md")).Split("```");
        for (var i = 1; i < readme.Length; i += 2)
        {
            if (readme[i].StartsWith("csharp\n", StringComparison.Ordinal)) yield return [$"README block {(i + 1) / 2}", readme[i]["csharp\n".Length..]];
        }
    }

    [TestMethod]
    [DynamicData(nameof(Programs))]
    public void Program_CompilesAndRuns(string name, string source) => Assert.IsNotEmpty(Run(name, source, []));

    /// <summary>The examples on real data reach what they promise; only where a file of data is not there a program is skipped.</summary>
    [TestMethod]
    [DataRow("breast_cancer.cs", "accuracy", 0.96, "breast_cancer.csv")]
    [DataRow("wine.cs", "accuracy", 0.94, "wine_data.csv")]
    [DataRow("digits.cs", "accuracy", 0.985, "digits.csv.gz")]
    [DataRow("births.cs", "improvement", 0.2, "us-births-2000-2014.csv")]
    [DataRow("spam.cs", "accuracy", 0.96, "spamassassin.tsv.gz")]
    [DataRow("multimodal.cs", "accuracy", 0.95, null)]
    [DataRow("gan.cs", "score", 4.5, "digits.csv.gz")]
    [DataRow("distillation.cs", "gain", 0.04, "digits.csv.gz")]
    public void Program_ReachesItsResultOnHeldOutData(string name, string measure, double least, string? dataFile)
    {
        // The digits come along; other files are too large for the repository.
        string[] folders = [Path.GetFullPath(Path.Combine(Root, "..", "shared", "data")), Path.Combine(Root, "tools", "Cli", "Data")];
        var data = folders.FirstOrDefault(folder => dataFile is null || File.Exists(Path.Combine(folder, dataFile)));
        if (data is null)
        {
            Assert.Inconclusive($"Skipped: {name} needs {dataFile}, which is not in {folders[0]}. Put it there to run this test.");
            return;
        }

        var written = Run(name, Source(Path.Combine(Root, "examples", "data", name)), [data]);
        var result = Regex.Match(written, $@"^held out:.*\b{measure} (-?\d+\.\d+)", RegexOptions.Multiline);
        Assert.IsTrue(result.Success, written);
        Assert.IsGreaterThanOrEqualTo(least, double.Parse(result.Groups[1].Value, CultureInfo.InvariantCulture), written);
        StringAssert.Contains(written, "ONNX Runtime and the engine agree on");
    }

    [TestMethod]
    public void EveryProgramOnDataHasItsRow()
    {
        var rows = typeof(ProgramTests).GetMethod(nameof(Program_ReachesItsResultOnHeldOutData))!.GetCustomAttributes<DataRowAttribute>().Select(row => (string)row.Data[0]!);
        CollectionAssert.AreEquivalent(Directory.GetFiles(Path.Combine(Root, "examples", "data"), "*.cs").Select(Path.GetFileName).ToList(), rows.ToList());
    }

    private static string Source(string path) => string.Join('\n', File.ReadLines(path).Where(line => !line.StartsWith("#:", StringComparison.Ordinal)));

    /// <summary>Compiles and runs a program in a folder of its own; what it wrote.</summary>
    private static string Run(string name, string source, string[] args)
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
