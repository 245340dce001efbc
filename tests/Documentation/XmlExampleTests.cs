using System.Net;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.Extensions.DependencyInjection;

namespace OnnxFunctional.Tests.Documentation;

/// <summary>The examples of the XML documentation compile, with what <see cref="Around"/> declares around them.</summary>
[TestClass]
public sealed partial class XmlExampleTests
{
    private const string Usings = """
        using System;
        using System.Collections.Generic;
        using System.Linq;
        using System.Numerics.Tensors;
        using Microsoft.Extensions.DependencyInjection;
        using OnnxFunctional;
        using OnnxFunctional.Export;
        using OnnxFunctional.Layers;
        using OnnxFunctional.Training;
        using OnnxFunctional.Training.Callbacks;
        using OnnxFunctional.Training.Data;
        using OnnxFunctional.Training.Losses;
        using OnnxFunctional.Training.Metrics;
        using OnnxFunctional.Training.Optimizers;
        using static Around;

        """;

    private static readonly Type[] s_further =
    [
        typeof(OnnxFunctional.MLNet.DataViewColumns), typeof(OnnxFunctional.Visualization.ModelPlot), typeof(ServiceCollection),
        typeof(ServiceCollectionContainerBuilderExtensions),
    ];

    /// <summary>The names that examples use without declaring them.</summary>
    private const string Around = """
        public static class Around
        {
            public static Model model = null!, student = null!, teacher = null!, pretrained = null!;
            public static Trainer trainer = null!;
            public static SymbolicTensor image = null!, hidden = null!, mean = null!, logVariance = null!;
            public static NDArray x = null!, y = null!, features = null!, targets = null!, measurements = null!, classes = null!;
            public static string[] texts = [];
            public static string json = "";
            public static Dataset<Batch> samples = null!;
            public static Logger logger = null!;
            public static Microsoft.ML.MLContext context = null!;
            public static Microsoft.ML.Data.TextLoader.Options options = null!;

            public static Model Network() => null!;
        }

        public sealed class Logger
        {
            public void LogWarning(string format, params object[] values)
            {
            }
        }

        public sealed class Encoder : Model;

        public sealed class ScaledDense : Layer
        {
            protected override SymbolicTensor Forward(SymbolicTensor x) => x;
        }
        """;

    [TestMethod]
    public void Examples_compile()
    {
        var options = new CSharpParseOptions(LanguageVersion.Preview);
        var trees = new List<SyntaxTree> { CSharpSyntaxTree.ParseText(Usings.Replace("using static Around;", "", StringComparison.Ordinal) + Around, options) };
        foreach (var (member, code) in PublicMember.All.SelectMany(member => Examples(member.Documentation).Select(code => (member, code))))
            trees.Add(CSharpSyntaxTree.ParseText(Program(trees.Count, code), options, path: $"{member.Place} {member.Type}.{member.Name}"));
        Assert.IsGreaterThan(60, trees.Count);
        var compilation = CSharpCompilation.Create(
            "examples",
            trees,
            [.. ExamplePrograms.References, .. s_further.Select(type => MetadataReference.CreateFromFile(type.Assembly.Location))],
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        var errors = compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        Assert.AreEqual("", string.Join('\n', errors));
    }

    private static IEnumerable<string> Examples(string documentation) =>
        Example().Matches(Slashes().Replace(documentation, "")).Select(match => WebUtility.HtmlDecode(match.Groups[1].Value));

    /// <summary>A namespace of its own: the statements in a method, the types beside it.</summary>
    private static string Program(int number, string code)
    {
        var root = SyntaxFactory.ParseCompilationUnit(code, options: new CSharpParseOptions(LanguageVersion.Preview));
        var statements = string.Concat(root.Members.OfType<GlobalStatementSyntax>().Select(member => member.ToFullString()));
        var types = string.Concat(root.Members.Where(member => member is not GlobalStatementSyntax).Select(member => member.ToFullString()));
        return $$"""
            {{Usings}}
            using OnnxFunctional.MLNet;
            using OnnxFunctional.Visualization;
            using Microsoft.ML;

            namespace Example{{number}}
            {
                static class Program
                {
                    static void Run()
                    {
                        {{statements}}
                    }
                }

                {{types}}
            }
            """;
    }

    [GeneratedRegex("<code>(.*?)</code>", RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex("^ */// ?", RegexOptions.Multiline)]
    private static partial Regex Slashes();
}
