using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace OnnxFunctional.Tests.Documentation;

/// <summary>A program that blocks of a page make together, as docs/README.md says: what they run, and what they must write.</summary>
/// <param name="Name">The page and the line of its first block.</param>
/// <param name="Source">One program: usings, statements in the order of the page, types.</param>
/// <param name="Shown">What each block of code writes by the page; null where the page does not show it.</param>
/// <param name="IsWeb">Whether it is a program of ASP.NET.</param>
internal sealed record PageProgram(string Name, string Source, IReadOnlyList<string?> Shown, bool IsWeb)
{
    /// <summary>A block that no program holds, because it needs packages that the tests do not have.</summary>
    public const string NotHere = "not-here";

    private const string Throws = "throws", Web = "web";

    /// <summary>What a program writes after each block.</summary>
    private const char EndOfBlock = '\u0001';

    /// <summary>The programs of a page, in order.</summary>
    public static IEnumerable<PageProgram> Of(string page)
    {
        var open = new List<PageBlock>();
        var isShown = false;
        foreach (var block in PageBlock.Of(page))
        {
            var isRun = block.Language == "csharp" && block.Mark != NotHere;
            if (isRun && open.Count > 0 && block.BeginsProgram)
            {
                yield return Joined(page, open);
                open.Clear();
            }

            if (isRun || (isShown && block.IsText)) open.Add(block);
            isShown = isRun;
        }

        if (open.Count > 0) yield return Joined(page, open);
    }

    /// <summary>Asserts that each block wrote what the page shows. Spaces and line breaks are one space, and dots stand for anything.</summary>
    public void Check(string output)
    {
        var written = output.Split(EndOfBlock);
        for (var i = 0; i < Shown.Count; i++)
        {
            if (Shown[i] is not { } shown) continue;
            var pattern = $"^{Regex.Escape(Spaced(shown)).Replace(@"\.\.\.", ".*?", StringComparison.Ordinal)}$";
            var message = $"{Name}: block {i + 1} writes\n{written[i]}\n\nall blocks:\n{output}";
            StringAssert.Matches(Spaced(written[i]), new Regex(pattern, RegexOptions.Singleline), message);
        }
    }

    private static string Spaced(string text) => Regex.Replace(text.Trim(), @"\s+", " ");

    private static PageProgram Joined(string page, List<PageBlock> blocks)
    {
        var (usings, statements, types, shown) = (new StringBuilder(), new StringBuilder(), new StringBuilder(), new List<string?>());
        for (var i = 0; i < blocks.Count; i++)
        {
            var block = blocks[i];
            if (block.IsText) continue;
            var text = i + 1 < blocks.Count && blocks[i + 1].IsText ? blocks[i + 1].Content : null;
            shown.Add(text);
            var root = SyntaxFactory.ParseCompilationUnit(block.Content, options: new CSharpParseOptions(LanguageVersion.Preview));
            foreach (var name in root.Usings) Append(usings, block, name);
            if (block.Mark == Throws)
            {
                Assert.IsNotNull(text, $"{page}({block.Line}): the message that it throws must follow as a block of text");
                statements.Append("try\n{\n");
            }

            foreach (var member in root.Members) Append(member is GlobalStatementSyntax ? statements : types, block, member);
            if (block.Mark == Throws)
            {
                statements.Append("System.Console.WriteLine(\"nothing was thrown\");\n}\n");
                statements.Append("catch (System.Exception thrown) { System.Console.WriteLine(thrown.Message); }\n");
            }


            statements.Append($"System.Console.Write('\\u{(int)EndOfBlock:x4}');\n");
        }

        return new($"{page}({blocks[0].Line})", $"{usings}\n{statements}\n{types}", shown, blocks[0].Mark == Web);

        void Append(StringBuilder part, PageBlock block, SyntaxNode node)
        {
            var line = block.Line + node.SyntaxTree.GetLineSpan(node.FullSpan).StartLinePosition.Line;
            part.Append($"#line {line} \"{page}\"\n{node.ToFullString()}\n#line default\n");
        }
    }
}

/// <summary>A block between fences of a page.</summary>
/// <param name="Language">The first word behind the fence.</param>
/// <param name="Mark">The second one; empty if there is none.</param>
/// <param name="Line">The line of its first line of content, from 1.</param>
/// <param name="Content">What stands in it.</param>
internal sealed record PageBlock(string Language, string Mark, int Line, string Content)
{
    private const string Fence = "```";

    /// <summary>Whether it shows what a program writes.</summary>
    public bool IsText => Language == "text";

    /// <summary>Whether it begins with the name of a namespace, so that no block before it belongs to its program.</summary>
    public bool BeginsProgram => Regex.IsMatch(Content, @"^using [\w.]+;");

    /// <summary>All blocks of a page, in order.</summary>
    public static IEnumerable<PageBlock> Of(string page)
    {
        var lines = Repository.Read(page).ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(Fence, StringComparison.Ordinal)) continue;
            var words = lines[i][Fence.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var end = Array.FindIndex(lines, i + 1, line => line == Fence);
            Assert.IsGreaterThan(i, end, $"{page}({i + 1}): the block has no end");
            yield return new(words.FirstOrDefault(""), words.Skip(1).FirstOrDefault(""), i + 2, string.Join('\n', lines[(i + 1)..end]));
            i = end;
        }
    }
}
