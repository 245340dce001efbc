using System.Xml.Linq;
using OnnxFunctional.Cli.Commands;
using OnnxFunctional.Tests.Documentation;

namespace OnnxFunctional.Tests.Cli;

/// <summary>The starter project of the command new.</summary>
[TestClass]
[DoNotParallelize]
public sealed class NewTests
{
    [TestMethod]
    public void A_new_project_refers_to_the_packages_and_its_program_runs()
    {
        using var folder = new TemporaryFolder();
        var project = folder.File("My.Model");
        var output = CommandRun.Of("new", project).Succeeded().Output;
        StringAssert.Contains(output, "dotnet run");
        StringAssert.Contains(output, "--source FOLDER");
        CollectionAssert.AreEquivalent(
            new[] { ".gitignore", "My.Model.csproj", "Program.cs" }, Directory.GetFiles(project).Select(file => Path.GetFileName(file)).ToArray());

        var references = XDocument.Load(Path.Combine(project, "My.Model.csproj")).Descendants("PackageReference")
            .ToDictionary(reference => (string)reference.Attribute("Include")!, reference => (string)reference.Attribute("Version")!);
        Assert.HasCount(1, references);
        Assert.AreEqual(NewCommand.OwnVersion(), references["OnnxFunctional"]);

        var written = ExamplePrograms.Run("starter", File.ReadAllText(Path.Combine(project, "Program.cs")), []);
        StringAssert.Contains(written, "ONNX Runtime and the engine agree on");
        StringAssert.Contains(written, "held out: loss");
    }

    [TestMethod]
    public void A_feed_is_named_in_a_configuration()
    {
        using var folder = new TemporaryFolder();
        var packages = Directory.CreateDirectory(folder.File("packages & more")).FullName;
        CommandRun.Of("new", folder.File("a"), "--source", packages).Refused("dotnet pack -c Release -o");
        CommandRun.Of("new", folder.File("a"), "--source", folder.File("none")).Refused("There is no folder");
        foreach (var package in new[] { $"OnnxFunctional.{NewCommand.OwnVersion()}", "OnnxFunctional.9.0.0", "OnnxFunctional.Export.8.0.0" })
            File.WriteAllText(Path.Combine(packages, package + ".nupkg"), "");
        var result = CommandRun.Of("new", folder.File("a"), "--source", packages, "--json").Json();
        Assert.AreEqual(packages, (string)result["source"]!);
        Assert.AreEqual(NewCommand.OwnVersion(), (string)result["version"]!);
        Assert.HasCount(4, result["files"]!.AsArray());
        var feed = XDocument.Load(Path.Combine(folder.File("a"), "nuget.config")).Descendants("add").Single();
        Assert.AreEqual(packages, (string)feed.Attribute("value")!);
        File.Delete(Path.Combine(packages, $"OnnxFunctional.{NewCommand.OwnVersion()}.nupkg"));
        Assert.AreEqual("9.0.0", (string)CommandRun.Of("new", folder.File("c"), "--source", packages, "--json").Json()["version"]!);
        CommandRun.Of("new", folder.File("b"), "--source", "https://example.org/v3/index.json").Succeeded();
    }

    [TestMethod]
    public void What_exists_is_left_alone()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("taken"));
        File.WriteAllText(folder.File("file"), "");
        CommandRun.Of("new", folder.File("taken")).Refused("exists already. Give another name.");
        CommandRun.Of("new", folder.File("file")).Refused("exists already");
        CommandRun.Of("new", folder.File(Path.Combine("none", "model"))).Refused("does not exist");
        Assert.HasCount(2, Directory.GetFileSystemEntries(folder.Path));
    }
}
