using System.Text.RegularExpressions;

namespace OnnxFunctional.Tests.Documentation;

/// <summary>The C# of README.md, docs/ and other pages is compiled and run, and writes what the pages show. docs/README.md states the rules.</summary>
[TestClass]
[DoNotParallelize]
public sealed partial class PageTests
{
    private static readonly string[] s_marks = ["", "throws", "web", PageProgram.NotHere];

    /// <summary>Blocks that are not compiled: their packages are not among those of the tests.</summary>
    private static readonly Dictionary<string, int> s_notHere = new() { ["docs/from-torchsharp.md"] = 2 };

    private static IEnumerable<string> Pages =>
        Directory.GetFiles(Repository.Root, "*.md").Select(path => Path.GetFileName(path)).Concat(Repository.Files("*.md", "docs", "examples", "onnx", "src"));

    public static IEnumerable<object[]> Programs => Pages.SelectMany(PageProgram.Of).Select(program => new object[] { program.Name });

    [TestMethod]
    [DynamicData(nameof(Programs))]
    public void A_program_of_a_page_writes_what_the_page_shows(string name)
    {
        var program = PageProgram.Of(name[..name.IndexOf('(', StringComparison.Ordinal)]).Single(program => program.Name == name);
        if (program.IsWeb && ExamplePrograms.WebFolder is null) Assert.Inconclusive("Install the ASP.NET Core runtime of this version of .NET.");
        var written = ExamplePrograms.Run(name, program.Source, [], program.IsWeb);
        Assert.IsNotEmpty(written, $"{name} shows nothing");
        program.Check(written);
    }

    [TestMethod]
    public void Blocks_have_known_marks_and_few_are_not_compiled()
    {
        var blocks = Pages.SelectMany(page => PageBlock.Of(page).Select(block => (Page: page, Block: block)))
            .Where(entry => entry.Block.Language == "csharp")
            .ToList();
        foreach (var (page, block) in blocks) CollectionAssert.Contains(s_marks, block.Mark, $"{page}({block.Line}): ```csharp {block.Mark}");
        var notHere = blocks.Where(entry => entry.Block.Mark == PageProgram.NotHere).CountBy(entry => entry.Page);
        CollectionAssert.AreEquivalent(s_notHere.ToList(), notHere.ToList());
    }

    [TestMethod]
    public void Links_lead_to_files_and_headings_that_exist()
    {
        var broken = new List<string>();
        foreach (var page in Pages)
        {
            var text = Fences().Replace(Repository.Read(page), "");
            foreach (var target in Link().Matches(text).Select(match => match.Groups[1].Value).Where(target => !target.Contains(':', StringComparison.Ordinal)))
            {
                var parts = target.Split('#');
                var path = parts[0].Length == 0 ? Repository.PathOf(page) : Path.GetFullPath(parts[0], Path.GetDirectoryName(Repository.PathOf(page))!);
                var exists = File.Exists(path) || Directory.Exists(path);
                if (!exists || (parts.Length > 1 && !Headings(File.ReadAllText(path)).Contains(parts[1]))) broken.Add($"{page}: {target}");
            }
        }

        Assert.AreEqual("", string.Join('\n', broken));
    }

    [TestMethod]
    public void Every_page_of_docs_is_in_its_contents_and_in_those_of_the_site()
    {
        var (contents, site) = (Repository.Read("docs/README.md"), Repository.Read("docs/toc.yml"));
        foreach (var page in Repository.Files("*.md", "docs").Select(path => Path.GetFileName(path)).Where(page => page != "README.md"))
        {
            StringAssert.Contains(contents, $"]({page})");
            StringAssert.Contains(site, $"href: {page}");
        }
    }

    /// <summary>The names that headings have in links: small letters, digits, hyphens.</summary>
    private static IEnumerable<string> Headings(string text) => Heading().Matches(text)
        .Select(match => OtherLetters().Replace(match.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fences();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex OtherLetters();
}
