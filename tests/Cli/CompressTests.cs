using OnnxFunctional.Export;

namespace OnnxFunctional.Tests.Cli;

/// <summary>onnxf compress.</summary>
[TestClass]
[DoNotParallelize]
public sealed class CompressTests
{
    private static readonly string s_digits = Path.Combine(Repository.Root, "tools/Cli/Data/digits.csv.gz");

    [TestMethod]
    public void A_network_is_pruned_taught_and_quantized_within_the_allowed_drop()
    {
        using var folder = new TemporaryFolder();
        CommandRun.Of("quickstart", "--epochs", "4", "--out", folder.File("digits.onnx")).Succeeded();
        string[] call = ["compress", folder.File("digits.onnx"), "--data", s_digits, "--out", folder.File("small.onnx")];
        var result = CommandRun.Of([.. call, "--max-drop", "0.05", "--amount", "0.25", "--epochs", "3", "--json"]).Succeeded().Json();
        Assert.IsTrue((bool)result["verified"]!);
        var forms = result["forms"]!.AsArray();
        Assert.HasCount(3, forms);
        Assert.IsLessThan((long)forms[0]!["parameters"]! * 0.85, (long)forms[1]!["parameters"]!);
        Assert.IsLessThan((long)forms[0]!["bytes"]! * 0.85, (long)forms[1]!["bytes"]!);
        Assert.IsLessThan((long)forms[1]!["bytes"]! * 0.45, (long)forms[2]!["bytes"]!);
        Assert.IsGreaterThanOrEqualTo((double)forms[0]!["score"]! - 0.0501, (double)forms[2]!["score"]!);
        StringAssert.Contains(CommandRun.Of("evaluate", folder.File("small.onnx"), "--data", s_digits).Succeeded().Output, "accuracy");

        // The network stays as it was.
        Assert.IsTrue(OnnxFile.ReadMetadata(folder.File("digits.onnx")).ContainsKey("onnxfunctional.architecture"));
    }

    [TestMethod]
    public void What_is_not_good_enough_is_tried_with_less_and_refused_at_last()
    {
        using var folder = new TemporaryFolder();
        CommandRun.Of("quickstart", "--epochs", "2", "--out", folder.File("digits.onnx")).Succeeded();
        string[] call = ["compress", folder.File("digits.onnx"), "--data", s_digits, "--out", folder.File("small.onnx")];
        var result = CommandRun.Of([.. call, "--max-drop", "0.02", "--amount", "0.95", "--amount", "0", "--epochs", "1", "--json"]).Succeeded().Json();
        Assert.AreEqual(0, (double)result["amount"]!);
        Assert.HasCount(2, result["forms"]!.AsArray());
        var refused = CommandRun.Of([.. call, "--max-drop", "0", "--amount", "0.95", "--epochs", "1"]);
        refused.Refused("No form of the model keeps accuracy within 0 of");
        refused.Refused("95 % pruned: accuracy");
        CommandRun.Of([.. call, "--amount", "1"]).Refused("--amount is 1");
    }
}
