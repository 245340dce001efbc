using System.Globalization;
using System.Text.RegularExpressions;

namespace OnnxFunctional.Tests.Cli;

/// <summary>From the bundled digits to a verified file, which is then read again.</summary>
[TestClass]
[DoNotParallelize]
public sealed partial class QuickstartTests
{
    [TestMethod]
    public void Quickstart_trains_writes_verifies_and_runs()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("digits.onnx");
        var output = CommandRun.Of("quickstart", "--epochs", "3", "--out", path).Succeeded().Output;

        StringAssert.Contains(output, "ONNX Runtime and the engine agree on");
        var accuracies = AccuracyRow().Matches(output).Select(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).ToList();
        Assert.HasCount(2, accuracies, output);
        Assert.AreEqual(accuracies[0], accuracies[1]);
        Assert.IsGreaterThan(0.9, accuracies[0]);

        StringAssert.Contains(CommandRun.Of("verify", path).Succeeded().Output, "ONNX Runtime and the engine agree on");
        var summary = CommandRun.Of("summary", path).Succeeded().Output;
        foreach (var expected in new[] { "ai.onnx opset 21", "input  image", "2 Conv", "2 Gemm", "MaxPool" }) StringAssert.Contains(summary, expected);
        CollectionAssert.AreEqual(new[] { path }, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void The_same_seed_gives_the_same_bytes_for_any_number_of_threads()
    {
        using var folder = new TemporaryFolder();
        var first = Bytes("a.onnx", "--threads", "1");
        CollectionAssert.AreEqual(first, Bytes("b.onnx", "--threads", "1"), "run twice");
        CollectionAssert.AreEqual(first, Bytes("c.onnx", "--threads", "2"), "two threads");
        CollectionAssert.AreNotEqual(first, Bytes("d.onnx", "--seed", "1"), "another seed");

        byte[] Bytes(string name, params string[] options)
        {
            CommandRun.Of(["quickstart", "--epochs", "1", "--out", folder.File(name), .. options]).Succeeded();
            return File.ReadAllBytes(folder.File(name));
        }
    }

    [GeneratedRegex(@"(?:engine|ONNX Runtime) +\S [\d.]+ +\S (0\.\d{4}|1\.0000)")]
    private static partial Regex AccuracyRow();
}
