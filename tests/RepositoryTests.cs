using System.Reflection;
using System.Text.RegularExpressions;
using OnnxFunctional.Export;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests;

/// <summary>Rules for the files of the repository.</summary>
[TestClass]
public sealed partial class RepositoryTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly (string Pattern, string Instead)[] s_unusual =
    [
        (@"\b(but|what) came\b", "but got; what was received"),
        (@"\bpresent (epoch|step|batch)\b", "current"),
        (@"\btold of\b", "receives"),
        (@"\b(one|two|three|a few|\d+) (?!(of|on|in|at|for|or|and|to|from|with) )\w+ an? (operator|layer|step|epoch|sample|axis|row|side|core|line)\b", "per"),
        (@"\b(is|are|be) borne\b", "held"),
        (@"\b(go|goes|gone|going) on (from|in|with)\b|\bgoing on\b", "resume; continue"),
        (@"\bof (one's|ones) own\b", "custom; separate"),
        (@"\bwhere there (is|are) none\b|\bnothing where\b", "null if there is none"),
        (@"\bcomes? along\b", "bundled"),
        (@"\banew\b", "again"),
        (@"\b(proved|proofs?)\b", "verify"),
        (@"\bdearest\b", "slowest; most expensive"),
    ];

    [TestMethod]
    public void Tests_that_read_data_go_through_one_helper_and_are_in_its_category()
    {
        foreach (var path in Repository.Files("*.cs", "tests"))
        {
            if (path is "tests/DataFolder.cs" or "tests/RepositoryTests.cs" or "tests/Parity/KerasApplication.cs") continue;
            var text = Repository.Read(path);
            Assert.DoesNotMatchRegex(OutsideOfTheClone(), text, $"{path} looks for data itself; ask DataFolder");
            var readsData = text.Contains("DataFolder.", StringComparison.Ordinal) || text.Contains("KerasApplication.", StringComparison.Ordinal);
            if (readsData) Assert.Contains("[TestCategory(DataFolder.Category)]", text, $"{path} reads data");
        }
    }

    [TestMethod]
    public void Tests_are_named_by_sentences()
    {
        var names = new[] { typeof(Model), typeof(Trainer), typeof(OnnxModel) }
            .SelectMany(type => type.Assembly.GetTypes())
            .SelectMany(type => type.GetMembers(Declared).Select(member => member.Name).Append(type.Name))
            .Concat(["CSharp", "NaN", "NumPy", "OnnxRuntime", "TensorFlows", "ObjectDisposedException"])
            .ToHashSet();
        var wrong = typeof(RepositoryTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(Declared).Where(method => method.IsDefined(typeof(TestMethodAttribute))))
            .Where(method => !method.Name.Contains('_', StringComparison.Ordinal)
                || method.Name.Split('_').Any(word => JoinedWords().IsMatch(word) && !names.Contains(word)))
            .Select(method => $"{method.DeclaringType!.Name}.{method.Name}")
            .ToList();
        Assert.IsEmpty(wrong, $"Words of a sentence are separated, as in Same_seed_gives_the_same_bytes: {string.Join(", ", wrong)}");
    }

    [TestMethod]
    public void Folders_of_tests_mirror_those_of_src()
    {
        var wrong = new[] { "Builder", "Training", "Export", "MLNet" }
            .SelectMany(project => Repository.Files("*.cs", "tests/" + project))
            .Select(path => Path.GetDirectoryName(path)!.Replace('\\', '/'))
            .Distinct()
            .Where(folder => !Directory.Exists(Repository.PathOf("src" + folder["tests".Length..])))
            .ToList();
        Assert.IsEmpty(wrong, $"src has no such folders: {string.Join(", ", wrong)}");
    }

    [TestMethod]
    public void Texts_use_the_words_of_the_field()
    {
        var found = new List<string>();
        string[] folders = ["src", "tests", "tools", "examples", "docs", "onnx"];
        var documents = Directory.GetFiles(Repository.Root, "*.md").Select(path => Path.GetFileName(path));
        foreach (var path in new[] { "*.cs", "*.md", "*.mjs", "*.sh" }.SelectMany(pattern => Repository.Files(pattern, folders)).Concat(documents))
        {
            if (path == "tests/RepositoryTests.cs") continue;
            var lines = Repository.Read(path).Split('\n');
            for (var i = 0; i < lines.Length; i++)
            {
                foreach (var (pattern, word) in s_unusual)
                {
                    if (Regex.Match(lines[i], pattern) is { Success: true } match) found.Add($"{path}({i + 1}): '{match.Value}': {word}");
                }
            }
        }

        Assert.IsEmpty(found, string.Join('\n', found));
    }

    [GeneratedRegex(@"""\.\."", ""shared""|\.\./shared")]
    private static partial Regex OutsideOfTheClone();

    [GeneratedRegex("[a-z0-9][A-Z]|^[A-Z][A-Z][a-z]")]
    private static partial Regex JoinedWords();
}
