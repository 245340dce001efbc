using System.Text.RegularExpressions;

namespace OnnxFunctional.Tests.Cli;

/// <summary>The commands of README.md run one after the other, in a folder with the data they name.</summary>
[TestClass]
[DoNotParallelize]
public sealed partial class ReadmeTests
{
    [TestMethod]
    public void Commands_of_the_readme_run()
    {
        var lines = Regex.Split(Repository.Read("README.md"), "\n").Where(line => line.StartsWith("onnxf ", StringComparison.Ordinal)).ToList();
        Assert.IsGreaterThan(6, lines.Count);
        using var folder = new TemporaryFolder();
        SampleFiles.Flowers(folder, 60);
        SampleFiles.Write(folder, "new.csv", "length,width,color\n1,2,red\n3,4,blue\n");
        SampleFiles.Photos(folder, perClass: 6);
        var previous = Environment.CurrentDirectory;
        try
        {
            Environment.CurrentDirectory = folder.Path;
            foreach (var line in lines) CommandRun.Of([.. line.Split(' ').Skip(1)]).Succeeded();
        }
        finally
        {
            Environment.CurrentDirectory = previous;
        }

        Assert.HasCount(3, File.ReadAllLines(folder.File("predictions.csv")));
        Assert.IsTrue(File.Exists(folder.File("MyModel/Program.cs")));
    }

    [TestMethod]
    public void The_tool_has_the_commands_that_its_readme_lists()
    {
        var listed = Row().Matches(Repository.Read("tools/Cli/README.md")).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal).ToList();
        var error = CommandRun.Of().Error;
        var known = Regex.Match(error, "There are (.+)\\.").Groups[1].Value.Split(", ").Order(StringComparer.Ordinal).ToList();
        CollectionAssert.AreEqual(known, listed);
        foreach (var command in known) StringAssert.Contains(CommandRun.Of(command, "--help").Succeeded().Output, "--json");
    }

    [TestMethod]
    [DataRow("new")]
    [DataRow("train")]
    [DataRow("evaluate")]
    [DataRow("predict")]
    [DataRow("convert")]
    [DataRow("prune")]
    [DataRow("bench")]
    [DataRow("verify")]
    [DataRow("summary")]
    public void Help_ends_with_examples_whose_usage_is_right(string command)
    {
        var lines = CommandRun.Of(command, "--help").Succeeded().Output.TrimEnd().Split(Environment.NewLine);
        var examples = lines[(Array.IndexOf(lines, "Examples:") + 1)..];
        Assert.IsNotEmpty(examples);
        using var folder = new TemporaryFolder();
        var previous = Environment.CurrentDirectory;
        try
        {
            Environment.CurrentDirectory = folder.Path;
            foreach (var example in examples)
            {
                var words = example.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                Assert.AreEqual($"onnxf {command}", string.Join(' ', words[..2]));

                // All that is wrong is that the folder is empty.
                var run = CommandRun.Of(words[1..]);
                if (command == "new") Assert.AreNotEqual(2, run.Code, run.Error);
                else run.Refused("There is no");
            }
        }
        finally
        {
            Environment.CurrentDirectory = previous;
        }
    }

    [GeneratedRegex(@"^\| `(\w+)[^`]*` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
