using System.Globalization;
using System.Text.RegularExpressions;
using OnnxFunctional.Tests.Hosts;

namespace OnnxFunctional.Tests.Documentation;

/// <summary>The programs that train the networks of others reach the results they claim; those whose files are missing are skipped.</summary>
[TestClass]
[DoNotParallelize]
[TestCategory(DataFolder.Category)]
public sealed class PretrainedProgramTests
{
    private const string Variable = "PRETRAINED_DIR";

    private static readonly string s_models = DataFolder.Beside("pretrained", Variable);

    public required TestContext TestContext { get; init; }

    [TestMethod]
    public void A_pretrained_network_under_a_new_head_knows_digits_and_runs_in_Node()
    {
        Need("ResNet18.onnx", "ResNetPreprocess.onnx");
        var data = DataFolder.With("mnist");
        using var folder = new TemporaryFolder();
        var digits = folder.File("digits");
        Run("mnist_images.cs", data, digits);
        var written = Run("resnet18.cs", s_models, digits, folder.Path);
        Assert.IsGreaterThanOrEqualTo(0.95, Number(written, @"^held out: frozen (\S+),"), written);
        Assert.IsGreaterThanOrEqualTo(0.95, Number(written, @"^held out: .*\baccuracy (\S+)"), written);
        Assert.Contains("ONNX Runtime and the engine agree on", written);

        NodeProgram.Need("onnxruntime-node");
        var (status, output, errors) = NodeProgram.Run([Path.Combine(NodeProgram.Hosts, "node", "classify.mjs"), folder.Path])!.Value;
        Assert.AreEqual(0, status, errors);
        TestContext.WriteLine(output);
        Assert.Contains(" 20 of 20 images in the same class", output);
        Assert.IsLessThanOrEqualTo(1e-4, Number(output, "largest difference (\\S+)"), output);
    }

    [TestMethod]
    public void A_pretrained_reader_of_sentences_learns_to_tell_spam()
    {
        Need("MiniLM.onnx", "MiniLM.vocab.txt");
        var written = Run("minilm.cs", s_models, DataFolder.With("spamassassin.tsv.gz"));
        Assert.IsGreaterThanOrEqualTo(0.94, Number(written, @"^held out: frozen (\S+),"), written);
        Assert.IsGreaterThanOrEqualTo(0.965, Number(written, @"^held out: .*\baccuracy (\S+)"), written);
        Assert.Contains("ONNX Runtime and the engine agree on", written);
    }

    private static void Need(params ReadOnlySpan<string> files)
    {
        foreach (var file in files)
        {
            if (File.Exists(Path.Combine(s_models, file))) continue;
            Assert.Inconclusive(
                $"{file} is not in {s_models}. Run 'dotnet run --project examples/pretrained/fetch -- {s_models}', which downloads 140 MB, "
                + $"or name the folder that holds it in {Variable}, to run this test.");
        }
    }

    private string Run(string name, params string[] args)
    {
        var written = ExamplePrograms.Run(name, ExamplePrograms.Source("examples/pretrained/" + name), args);
        TestContext.WriteLine(written);
        return written;
    }

    private static double Number(string text, string pattern)
    {
        var match = Regex.Match(text, pattern, RegexOptions.Multiline);
        Assert.IsTrue(match.Success, text);
        return double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
    }
}
